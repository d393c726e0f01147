/** What this machine remembers of a workspace: the floors of S10, and what the archive holds of the documents and records behind them. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isKeysetId, type KeysetId } from "@halfkey/core/formats/ids"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { parseRecord } from "@halfkey/core/formats/record"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { secretNameProblem } from "@halfkey/core/formats/secret-name"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { grouped } from "../grouped.ts"
import type { Session } from "../session.ts"
import type { Archive, ArchivedRecord, KeysetFloor, RosterFloor } from "../stores.ts"

export interface RememberedSecret {
  readonly version: number
  readonly deleted: boolean
  /** Sealed; `undefined` where only its hash is remembered. */
  readonly record: Uint8Array | undefined
  /** A floor: everything older is refused. Else it is from before an accepted restore. */
  readonly isFloor: boolean
}

export interface RememberedKeyset {
  readonly keysetId: KeysetId
  readonly floor: KeysetFloor
  /** The document of the floor, by its hash: so it is the one that passed every check. */
  readonly manifest: Manifest | undefined
  readonly secrets: ReadonlyMap<string, RememberedSecret>
}

export interface Remembered {
  readonly roster: RosterFloor | undefined
  /** Linked up to the floor's, ascending; it need not begin at 1, and is empty where the floor's is not kept. */
  readonly rosters: readonly Roster[]
  readonly keysets: readonly RememberedKeyset[]
}

/** Throws `invalid_configuration` where the archive cannot be read. What it holds beside good documents is left aside. */
export async function readRemembered({ archive: store, floors }: Session): Promise<Remembered> {
  const archive = await load(store)
  const { keysets, roster } = floors.documents()
  const manifests = new Map<string, Manifest>()
  for (const json of archive.manifests) {
    const manifest = parsed(() => manifestFormat.parse(json))
    if (manifest !== undefined) manifests.set(toBase64Url(manifestFormat.hash(manifest)), manifest)
  }
  const records = grouped(archive.records.filter(isRecord), ({ keysetId }) => keysetId)
  return {
    roster,
    rosters: chainTo(roster, archive.rosters),
    keysets: [...keysets].map(([id, floor]) => ({
      keysetId: id as KeysetId,
      floor,
      manifest: manifests.get(floor.hash),
      secrets: secretsOf(floors.secrets(id), records.get(id) ?? []),
    })),
  }
}

async function load(store: Session["archive"]): Promise<Archive> {
  try {
    return (await store?.load()) ?? { rosters: [], manifests: [], records: [] }
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    throw new HalfkeyError("invalid_configuration", "what this machine keeps of the workspace cannot be read", {
      hint: "check that the place of the archive exists and is yours",
    })
  }
}

/** Back from the floor by the hash that each roster names. */
function chainTo(floor: RosterFloor | undefined, documents: readonly unknown[]): Roster[] {
  const byHash = new Map<string, Roster>()
  for (const json of documents) {
    const roster = parsed(() => rosterFormat.parse(json))
    if (roster !== undefined) byHash.set(toBase64Url(rosterFormat.hash(roster)), roster)
  }
  const chain: Roster[] = []
  let next = floor && byHash.get(floor.hash)
  while (next !== undefined) {
    chain.unshift(next)
    next = next.previousHash && byHash.get(toBase64Url(next.previousHash))
  }
  return chain
}

/**
 * The newest of each: records outlive the floors, which end with an accepted restore (S10), since it is then that they are
 * brought back. A version that was given twice is the first one's.
 */
function secretsOf(
  floors: ReadonlyMap<string, { readonly version: number; readonly deleted?: boolean | undefined }>,
  records: readonly ArchivedRecord[],
): ReadonlyMap<string, RememberedSecret> {
  const secrets = new Map<string, RememberedSecret>()
  for (const { deleted, name, record: text, version } of records) {
    const record = fromBase64Url(text)
    if (record === undefined || (secrets.get(name)?.version ?? 0) >= version) continue
    if (parsed(() => parseRecord(record)) === undefined) continue
    secrets.set(name, { version, deleted, record, isFloor: (floors.get(name)?.version ?? 0) >= version })
  }
  for (const [name, { deleted = false, version }] of floors) {
    if ((secrets.get(name)?.version ?? 0) >= version) continue
    secrets.set(name, { version, deleted, record: undefined, isFloor: true })
  }
  return secrets
}

function isRecord(value: ArchivedRecord): boolean {
  const { deleted, keysetId, name, record, version } = value ?? {}
  const texts = typeof name === "string" && typeof keysetId === "string" && typeof record === "string"
  if (!texts || typeof deleted !== "boolean" || !Number.isSafeInteger(version) || version < 1) return false
  return isKeysetId(keysetId) && secretNameProblem(name) === undefined
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
