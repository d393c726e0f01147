/** Accepting a restored database (S10): rosters that are kept here first, then a manifest of a higher incarnation for each key set. */
import { loadKeyset } from "@halfkey/core/client/load-keyset"
import { requireGranter } from "@halfkey/core/client/next-manifest"
import { type AcceptedManifest, acceptRestore, remakeKeyset } from "@halfkey/core/client/restore"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { KeysetId } from "@halfkey/core/formats/ids"
import { type Roster, rosterFormat, signerKey, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "../call-scope.ts"
import type { CallOptions } from "../options.ts"
import type { Session } from "../session.ts"
import { listClients } from "./client-grants.ts"
import { type Comparison, compare, type KeysetComparison } from "./comparison.ts"
import { changeToJson, putChange, rememberOwn, type SignedChange, signerOf, withSelfWraps } from "./keyset-changes.ts"
import { type KeysetPlan, planRestore } from "./restore-plan.ts"
import type { AcceptedRestore, AcceptRestoreOptions, RestorePlan } from "./restore-types.ts"
import { putRoster } from "./roster.ts"

interface Prepared {
  readonly comparison: Comparison
  readonly keysets: readonly KeysetPlan[]
  readonly shown: RestorePlan
  readonly halves: ReadonlyMap<KeysetId, VerifiedKeyset>
  readonly registered: ReadonlySet<string>
}

/** What `acceptAll` would do now. Signs and changes nothing. */
export async function planAll(
  session: Session,
  call: CallOptions,
  names: readonly string[] | undefined,
  options: AcceptRestoreOptions,
): Promise<RestorePlan> {
  const { halves, shown } = await prepare(session, call, names, options)
  for (const keyset of halves.values()) keyset.destroy()
  return shown
}

/**
 * Each request is a call of its own, after which what was signed is remembered: so after any interruption the same call
 * goes on with the rest. Throws `not_a_granter`, `revision_conflict` where somebody else was faster.
 */
export async function acceptAll(
  session: Session,
  call: CallOptions,
  names: readonly string[] | undefined,
  options: AcceptRestoreOptions,
): Promise<AcceptedRestore> {
  const prepared = await prepare(session, call, names, options)
  try {
    const { comparison, keysets, shown } = prepared
    if (keysets.length === 0 && shown.rosters.length === 0) return { rosters: [], environments: [] }
    const newest = comparison.roster?.missing.at(-1) ?? comparison.roster?.served.at(-1)
    // Told before anybody is asked.
    if (newest !== undefined) requireGranter(newest, session.client.identity.clientId)
    if ((await options.beforeSigning?.(shown)) === false) {
      throw new HalfkeyError("aborted", "the caller stopped before anything was uploaded or signed")
    }
    return await new Acceptance(session, call, prepared).run()
  } finally {
    for (const keyset of prepared.halves.values()) keyset.destroy()
  }
}

async function prepare(
  session: Session,
  call: CallOptions,
  names: readonly string[] | undefined,
  options: AcceptRestoreOptions,
): Promise<Prepared> {
  return await session.run(call, async (scope) => {
    // All of them: a roster that is uploaded concerns each key set.
    const comparison = await compare(session, scope)
    for (const name of names ?? []) requireNamed(comparison, name)
    const clients = await listClients(session, scope)
    const halves = new Map<KeysetId, VerifiedKeyset>()
    for (const keyset of comparison.keysets) {
      const opened = !keyset.refused && !options.anyway ? undefined : await openHalves(session, keyset)
      if (opened !== undefined) halves.set(keyset.keysetId, opened)
    }
    const hasHalves = ({ keysetId }: KeysetComparison) => halves.has(keysetId)
    const plan = planRestore({ comparison, clients, hasHalves, names, options })
    const registered = new Set<string>(clients.map(({ clientId }) => clientId))
    return { comparison, ...plan, halves, registered }
  })
}

function requireNamed({ keysets }: Comparison, wanted: string): void {
  if (keysets.some(({ keysetId, name }) => name === wanted || keysetId === wanted)) return
  throw new HalfkeyError("keyset_not_found", `neither the server nor this machine knows an environment ${wanted}`, {
    hint: `available: ${keysets.map(({ name }) => name).join(", ")}`,
    facts: { available: keysets.map(({ name }) => name) },
  })
}

/** The own halves of a served key set, for sealing them to others. `undefined` where this client has none. */
async function openHalves(session: Session, { keysetId, name, served }: KeysetComparison) {
  if (served === undefined) return undefined
  const { identity } = session.client
  try {
    const expected = { keysetId, name }
    return await loadKeyset({ identity, bundle: served.bundle, expected, requireRecovery: true })
  } catch (error) {
    if (error instanceof HalfkeyError && ["keyset_not_found", "keyset_disabled"].includes(error.code)) return undefined
    throw error
  }
}

class Acceptance {
  readonly #session: Session
  readonly #call: CallOptions
  readonly #prepared: Prepared
  readonly #done = new Map<KeysetId, AcceptedRestore["environments"][number]>()

  constructor(session: Session, call: CallOptions, prepared: Prepared) {
    this.#session = session
    this.#call = call
    this.#prepared = prepared
  }

  async run(): Promise<AcceptedRestore> {
    const { comparison, keysets, shown } = this.#prepared
    const { roster } = comparison
    if (roster === undefined) return { rosters: [], environments: [] }
    for (const next of roster.missing) await this.#upload(next, roster.root)
    const newest = roster.missing.at(-1) ?? roster.served.at(-1)
    for (const plan of keysets) {
      if (newest === undefined || this.#done.has(plan.comparison.keysetId)) continue
      await this.#signed(plan, newest, roster.root, async (scope, change) => {
        if (plan.shown.madeAgain) await this.#create(scope, change)
        else await putChange(this.#session, scope, change.manifest, change.grants, change.recoveryGrants)
      })
    }
    const environments = keysets.flatMap(({ comparison: { keysetId } }) => this.#done.get(keysetId) ?? [])
    return { rosters: shown.rosters, environments }
  }

  /** With every manifest that nobody would take under it: the same request, so that no key set is ever left shut. */
  async #upload(roster: Roster, root: WorkspaceRootKeys): Promise<void> {
    const { keysets, registered } = this.#prepared
    const needed = keysets.filter(({ comparison: { keysetId, served } }) => {
      const signerId = served?.documents.manifest.signerId
      return !this.#done.has(keysetId) && signerId !== undefined && signerKey(signerId, root, roster) === undefined
    })
    for (const granter of roster.granters) {
      if (!registered.has(granter.clientId)) await this.#register(granter)
    }
    const changes: SignedChange[] = []
    const collect = async (_: CallScope, change: SignedChange) => void changes.push(change)
    for (const plan of needed) await this.#signed(plan, roster, root, collect)
    await this.#session.run(this.#call, async (scope) => await putRoster(this.#session, scope, roster, changes, true))
  }

  /** A granter who came after the backup. Its keys are those of the signed roster; an API key it gets from somebody. */
  async #register({ clientId, kemPk, label, signPk }: Roster["granters"][number]): Promise<void> {
    const client = { clientId, label, signPk: toBase64Url(signPk), kemPk: toBase64Url(kemPk) }
    await this.#session.run(this.#call, async (scope) => {
      const body = { client, keysets: [] }
      await this.#session.api.call(scope, { method: "POST", path: "/v1/clients", body, repetition: "once" })
    })
  }

  async #create(scope: CallScope, change: SignedChange): Promise<void> {
    const body = changeToJson(change)
    await this.#session.api.call(scope, { method: "POST", path: "/v1/keysets", body, repetition: "once" })
    rememberOwn(this.#session, change.manifest)
  }

  async #signed(
    plan: KeysetPlan,
    roster: Roster,
    root: WorkspaceRootKeys,
    send: (scope: CallScope, change: SignedChange) => Promise<void>,
  ): Promise<void> {
    const session = this.#session
    const { incarnation, newEpoch, versionFloor } = plan.shown
    await session.run(this.#call, async (scope) => {
      const accepted = await this.#sign(plan, roster, root)
      try {
        const { keysetId, workspaceId } = accepted.manifest
        const half = () => accepted.begun?.clientHalf ?? new Uint8Array(0)
        const isNew = ({ epoch }: { readonly epoch: number }) => epoch === accepted.begun?.epoch
        const { identity } = session.client
        const wrapped = withSelfWraps(
          workspaceId,
          keysetId,
          accepted.grants.filter(isNew),
          identity,
          half,
          session.random,
        )
        const grants = [...accepted.grants.filter((grant) => !isNew(grant)), ...wrapped]
        await send(scope, { manifest: accepted.manifest, grants, recoveryGrants: accepted.recoveryGrants })
      } finally {
        if (accepted.begun !== undefined) wipe(accepted.begun.clientHalf)
      }
      const { keysetId, name, revision } = accepted.manifest
      this.#done.set(keysetId, { environment: name, revision, incarnation, versionFloor, newEpoch })
    })
  }

  async #sign(plan: KeysetPlan, roster: Roster, root: WorkspaceRootKeys): Promise<AcceptedManifest> {
    const { comparison, letInAgain, remembered, shown } = plan
    const signer = signerOf(this.#session)
    const { incarnation, versionFloor } = shown
    const ids = new Set(shown.members.map(({ clientId }) => clientId))
    if (comparison.served === undefined) {
      const members = remembered.members.filter(({ clientId }) => ids.has(clientId))
      const input = { root, roster, remembered, members, incarnation, versionFloor }
      return await remakeKeyset(input, signer, this.#session.random)
    }
    const documents = { ...comparison.served.documents, roster, rosterHash: rosterFormat.hash(roster) }
    const half = (epoch: number) => this.#half(comparison.keysetId, epoch)
    const input = { documents, remembered, letInAgain, half, incarnation, versionFloor }
    return await acceptRestore(input, signer, this.#session.random)
  }

  #half(keysetId: KeysetId, epoch: number): Uint8Array {
    const keyset = this.#prepared.halves.get(keysetId)
    if (keyset === undefined) throw new HalfkeyError("unexpected", "somebody was to be let in again without a half")
    return keyset.clientHalf(epoch)
  }
}
