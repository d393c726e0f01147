/** The key sets that this client has verified. A verified one is held in memory, so that later answers may leave it out. */
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import { type KeysetBundle, type KeysetFloors, loadKeyset } from "@halfkey/core/client/load-keyset"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { KnownKeyset } from "@halfkey/core/wire/keysets"
import { type AnswerReader, invalidResponse } from "./answer-reader.ts"
import type { DocumentFloors, Floors, SecretFloors } from "./floors.ts"
import { readBundle } from "./keyset-bundle.ts"
import { type Pins, pinnedRevision } from "./pins.ts"

export interface KeysetsOptions {
  readonly identity: ClientIdentity
  readonly floors: Floors
  readonly pins: Pins
  /** Keeps the documents as they came, for the cache. */
  readonly keepsBundles: boolean
  /** Called with each key set that was opened with X-Wing, so that its self-wraps can be uploaded. */
  readonly onOpened: (keyset: VerifiedKeyset) => void
}

/** One question about an environment, and what was known at the moment of asking. */
export interface KeysetQuestion {
  /** Name or id, as the caller said it. */
  readonly environment: string
  readonly held: VerifiedKeyset | undefined
  readonly documents: DocumentFloors
  readonly secrets: SecretFloors
  /** What is sent along: with both hashes the answer may leave the bundle out. */
  readonly known: KnownKeyset | undefined
}

export class Keysets {
  readonly #options: KeysetsOptions
  /** By id, so that name and id of an environment lead to the same one. */
  readonly #held = new Map<KeysetId, VerifiedKeyset>()
  readonly #bundles = new Map<KeysetId, { readonly keyset: VerifiedKeyset; readonly bundle: unknown }>()

  constructor(options: KeysetsOptions) {
    this.#options = options
  }

  /**
   * Prepares a question; `names` are those whose floors will be needed, all when left out. `refetch` asks for the
   * documents even where they are held: something points to newer ones.
   */
  ask(environment: string, names?: readonly string[], refetch = false): KeysetQuestion {
    const { floors } = this.#options
    const keysetId = this.#knownId(environment)
    const documents = floors.documents()
    const held = keysetId && this.#heldAt(keysetId, documents)
    const sinceRevision = keysetId && documents.keysets.get(keysetId)?.revision
    const hashes = held !== undefined && !refetch ? hashesOf(held) : {}
    const known = { ...hashes, ...(sinceRevision !== undefined && { sinceRevision }) }
    return {
      environment,
      held: refetch ? undefined : held,
      documents,
      secrets: floors.secrets(keysetId, names),
      known: Object.keys(known).length > 0 ? known : undefined,
    }
  }

  /** The verified key set of an answer. A left-out bundle is accepted only where both hashes were sent for a held one. */
  async accept(question: KeysetQuestion, answer: AnswerReader): Promise<VerifiedKeyset> {
    if (answer.present) {
      const keyset = await this.load(question, readBundle(answer))
      if (this.#options.keepsBundles) this.#bundles.set(keyset.keysetId, { keyset, bundle: answer.raw })
      return keyset
    }
    if (question.held === undefined) throw invalidResponse("it leaves out the environment's documents")
    return question.held
  }

  /** The documents that a verified key set was made of, as they came, where they are kept. */
  bundleOf(keyset: VerifiedKeyset): unknown {
    const kept = this.#bundles.get(keyset.keysetId)
    return kept !== undefined && isSame(kept.keyset, keyset) ? kept.bundle : undefined
  }

  /** Runs every check of S4 on a bundle. Throws `keyset_verification_failed` or `keyset_not_found`. */
  async load(question: KeysetQuestion, bundle: KeysetBundle, requireRecovery = false): Promise<VerifiedKeyset> {
    const { floors, identity, pins } = this.#options
    const { environment } = question
    const keyset = await loadKeyset({
      identity,
      bundle,
      // A name belongs to one key set for ever (S4): another one under the same name is refused too.
      expected: isKeysetId(environment)
        ? { keysetId: environment }
        : { name: environment, keysetId: this.#knownId(environment) },
      floors: documentFloors(question.documents, bundle.manifests.at(-1), floors, {
        minimumRevision: pinnedRevision(pins, bundle.manifests.at(-1)),
      }),
      requireRecovery,
    })
    floors.seeRoster(keyset.roster, keyset.rosterHash, bundle.rosters)
    floors.seeManifest(keyset.manifest, keyset.manifestHash)
    const held = this.#held.get(keyset.keysetId)
    if (held !== undefined && isSame(held, keyset)) {
      // Calls that start together load the same documents: one copy of the halves is enough.
      keyset.destroy()
      return held
    }
    // Answers may overtake each other: an older one does not replace a newer one.
    if (held === undefined || !isNewer(held, keyset)) this.#held.set(keyset.keysetId, keyset)
    if (keyset.epochsWithoutSelfWrap.length > 0) this.#options.onOpened(keyset)
    return keyset
  }

  /** Overwrites all halves. The caller has made sure that no call is under way. */
  destroy(): void {
    for (const keyset of this.#held.values()) keyset.destroy()
    this.#held.clear()
    this.#bundles.clear()
  }

  #knownId(environment: string): KeysetId | undefined {
    if (isKeysetId(environment)) return environment
    return this.#options.floors.keysetIdOf(environment) as KeysetId | undefined
  }

  /** What is held, unless something newer was seen since, as after a change that this client signed itself. */
  #heldAt(keysetId: KeysetId, { keysets, roster }: DocumentFloors): VerifiedKeyset | undefined {
    const held = this.#held.get(keysetId)
    const floor = keysets.get(keysetId)
    if (held === undefined || floor === undefined) return undefined
    const isNewest = floor.hash === toBase64Url(held.manifestHash) && roster?.hash === toBase64Url(held.rosterHash)
    return isNewest ? held : undefined
  }
}

function isNewer(left: VerifiedKeyset, right: VerifiedKeyset): boolean {
  if (left.manifest.incarnation !== right.manifest.incarnation) {
    return left.manifest.incarnation > right.manifest.incarnation
  }
  if (left.manifest.revision !== right.manifest.revision) return left.manifest.revision > right.manifest.revision
  return left.roster.seq > right.roster.seq
}

function isSame(left: VerifiedKeyset, right: VerifiedKeyset): boolean {
  return equalBytes(left.manifestHash, right.manifestHash) && equalBytes(left.rosterHash, right.rosterHash)
}

function hashesOf(keyset: VerifiedKeyset): KnownKeyset {
  return { rosterHash: toBase64Url(keyset.rosterHash), manifestHash: toBase64Url(keyset.manifestHash) }
}

/** Floors as the core's checks take them, for the key set of the newest manifest that is served. */
export function documentFloors(
  { keysets, roster }: DocumentFloors,
  newest: Manifest | undefined,
  floors: Floors,
  pin: Pick<KeysetFloors, "minimumRevision"> = {},
): KeysetFloors {
  const keyset = newest && keysets.get(newest.keysetId)
  return {
    ...pin,
    roster: roster && { seq: roster.seq, hash: hashBytes(roster.hash) },
    keyset: keyset && {
      incarnation: keyset.incarnation,
      revision: keyset.revision,
      hash: hashBytes(keyset.hash),
      // Looked for only where it counts: an environment may have many secrets.
      version:
        newest.incarnation > keyset.incarnation
          ? floors.highestVersion(newest.keysetId, keyset.incarnation)
          : undefined,
    },
  }
}

function hashBytes(text: string): Uint8Array {
  const bytes = fromBase64Url(text)
  if (bytes === undefined) throw new TypeError("a floor's hash is not base64url")
  return bytes
}
