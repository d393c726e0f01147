/** Recovery (S5): the kit alone brings a new admin, whom every half is sealed to; everybody else is out in the same request. */
import { signRootAssertion } from "@halfkey/core/client/client-assertion"
import { ClientIdentity, type ClientPublicKeys } from "@halfkey/core/client/client-identity"
import { leaveForLater, recoveredRoster, recoverKeyset } from "@halfkey/core/client/recovery"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { formatCrn, parseCrn } from "@halfkey/core/formats/crn"
import { requireLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { type RandomSource, systemRandom } from "@halfkey/core/primitives/random"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { RecoveryCommitRequest, RecoveryReadRequest } from "@halfkey/core/wire/recovery"
import { type AnswerReader, invalidResponse } from "../answer-reader.ts"
import { largeAnswerMaxBytes } from "../api-client.ts"
import { requireOptionalText, requireText, requireTexts } from "../argument-types.ts"
import { CallScope } from "../call-scope.ts"
import { checkedTimeout } from "../configuration.ts"
import { readDiscovery } from "../discovery.ts"
import { checkedEndpoint } from "../endpoint.ts"
import { Floors } from "../floors.ts"
import { HttpCaller } from "../http-caller.ts"
import { allowInsecureEndpoint } from "../options.ts"
import { fetchTransport } from "../transport-fetch.ts"
import { defaultUserAgent } from "../version.ts"
import { readCreatedApiKey } from "./answers.ts"
import { changeToJson, withSelfWraps } from "./keyset-changes.ts"
import { type RecoverableKeyset, type RecoverableWorkspace, verifyRecoverable } from "./recovered-documents.ts"
import type { CheckedRecoveryKit, RecoveredWorkspace, RecoverOptions, RecoveryPlan } from "./types.ts"

/** Many halves are opened and sealed between the requests. */
const defaultTimeoutMs = 60_000
/** Most times that everything is read again because somebody changed it meanwhile. */
const attemptsMax = 3

/** Throws for what is wrong with the arguments before anything is sent. */
export async function recover(options: RecoverOptions): Promise<RecoveredWorkspace> {
  checkArguments(options)
  const root = await WorkspaceRoot.fromRecoveryKit(options.recoveryKit)
  try {
    requireOwnKit(root, options.workspaceCRN)
    const recovery = new Recovery(root, options)
    for (let attempt = 1; ; attempt++) {
      try {
        return await recovery.run()
      } catch (error) {
        const lost = error instanceof HalfkeyError && error.code === "revision_conflict"
        if (!lost || attempt >= attemptsMax) throw error
      }
    }
  } finally {
    root.destroy()
  }
}

/** Offline: whether this is a whole kit, and of which workspace. Throws `invalid_key_text`, `invalid_argument`. */
export async function checkKit(recoveryKit: string, workspaceCRN: string | undefined): Promise<CheckedRecoveryKit> {
  requireText(recoveryKit, "recoveryKit")
  requireOptionalText(workspaceCRN, "workspaceCRN")
  const root = await WorkspaceRoot.fromRecoveryKit(recoveryKit)
  try {
    requireOwnKit(root, workspaceCRN)
    return { workspaceId: root.workspaceId }
  } finally {
    root.destroy()
  }
}

function checkArguments(options: RecoverOptions): void {
  requireText(options.endpoint, "endpoint")
  requireText(options.recoveryKit, "recoveryKit")
  requireText(options.label, "label")
  requireOptionalText(options.workspaceCRN, "workspaceCRN")
  requireOptionalText(options.userAgent, "userAgent")
  if (options.without !== undefined) requireTexts(options.without, "without")
  requireLabel(options.label)
}

/** Before anything is sent. Throws `invalid_argument` for the kit of another workspace. */
function requireOwnKit(root: WorkspaceRoot, workspaceCRN: string | undefined): void {
  if (workspaceCRN === undefined || parseCrn(workspaceCRN).workspaceId === root.workspaceId) return
  throw new HalfkeyError("invalid_argument", `the recovery kit is that of workspace ${root.workspaceId}`, {
    hint: `take the kit of ${workspaceCRN}`,
  })
}

class Recovery {
  readonly #root: WorkspaceRoot
  readonly #options: RecoverOptions
  readonly #http: HttpCaller
  readonly #floors: Floors
  readonly #random: RandomSource
  readonly #now: () => number

  constructor(root: WorkspaceRoot, options: RecoverOptions) {
    this.#root = root
    this.#options = options
    this.#random = options.random ?? systemRandom
    this.#now = options.now ?? Date.now
    this.#floors = new Floors(options.freshness, options.archive)
    this.#http = new HttpCaller({
      endpoint: checkedEndpoint(options.endpoint, options[allowInsecureEndpoint] === true),
      transport: options.transport ?? fetchTransport,
      userAgent: options.userAgent ?? defaultUserAgent,
      now: this.#now,
    })
  }

  async run(): Promise<RecoveredWorkspace> {
    const { label, without = [] } = this.#options
    await this.#floors.load()
    const workspaceCRN = this.#options.workspaceCRN ?? (await this.#scoped((scope) => this.#ownCrn(scope)))
    const answer = await this.#scoped((scope) => this.#read(scope, workspaceCRN))
    const workspace = verifyRecoverable(answer, this.#root.workspaceId, this.#floors, without)
    requireKnown(without, workspace)
    await this.#floors.save()
    const admin = await ClientIdentity.create(this.#root.workspaceId, this.#random)
    try {
      await this.#announce(planOf(workspaceCRN, { clientId: admin.clientId, label }, workspace))
      const { body, manifests, roster } = await this.#sign(admin, workspace)
      const apiKey = await this.#scoped((scope) => this.#commit(scope, workspaceCRN, body))
      await this.#remember(roster, manifests)
      const credentials = { workspaceCRN, clientId: admin.clientId, clientKey: admin.clientKeyText(), apiKey }
      return { ...credentials, ...namesByOutcome(workspace) }
    } finally {
      admin.destroy()
    }
  }

  /** One request's time; what people do in between takes none of it. */
  async #scoped<T>(work: (scope: CallScope) => Promise<T>): Promise<T> {
    const scope = new CallScope(checkedTimeout(this.#options.timeoutMs ?? defaultTimeoutMs), undefined)
    try {
      return await work(scope)
    } finally {
      scope.end()
    }
  }

  async #ownCrn(scope: CallScope): Promise<string> {
    const { region } = await readDiscovery(this.#http, scope)
    return formatCrn(region, this.#root.workspaceId)
  }

  async #read(scope: CallScope, workspaceCRN: string): Promise<AnswerReader> {
    const seen = [...this.#floors.documents().keysets]
    const body: RecoveryReadRequest = { since: seen.map(([keysetId, { revision }]) => ({ keysetId, revision })) }
    return await this.#post(scope, "/v1/recovery/read", workspaceCRN, body)
  }

  async #announce(plan: RecoveryPlan): Promise<void> {
    if ((await this.#options.beforeRecovery?.(plan)) !== false) return
    throw new HalfkeyError("aborted", "the caller stopped before anything was sealed or signed")
  }

  /** Everything that the server is asked to take, sealed to the new admin alone. */
  async #sign(admin: ClientIdentity, { keysets, roster: previous }: RecoverableWorkspace) {
    const { label } = this.#options
    const keys = await admin.publicKeys()
    const now = this.#now()
    const roster = recoveredRoster(previous, { ...keys, label }, this.#root, now)
    const signed: { readonly json: KeysetChange; readonly manifest: Manifest }[] = []
    for (const keyset of keysets) signed.push(await this.#signKeyset(admin, keys, roster, keyset, now))
    const body: RecoveryCommitRequest = {
      roster: rosterFormat.toJson(roster),
      client: { clientId: admin.clientId, signPk: toBase64Url(keys.signPk), kemPk: toBase64Url(keys.kemPk), label },
      apiKey: { label, role: "admin" },
      keysets: signed.map(({ json }) => json),
    }
    return { body, roster, manifests: signed.map(({ manifest }) => manifest) }
  }

  async #signKeyset(
    admin: ClientIdentity,
    keys: ClientPublicKeys,
    roster: Roster,
    { documents, recoveryGrants, staysShut }: RecoverableKeyset,
    now: number,
  ) {
    const signer = { signerId: admin.clientId, signingKey: admin.signingKey, now }
    if (staysShut) {
      const manifest = leaveForLater(documents, roster, signer)
      return { manifest, json: changeToJson({ manifest, grants: [] }) }
    }
    const member = { ...keys, mode: "read-write" as const, label: this.#options.label }
    const parts = { admin: member, roster, signer }
    const made = await recoverKeyset(documents, recoveryGrants, this.#root, parts, this.#random)
    try {
      const { keysetId, workspaceId } = made.manifest
      const half = (epoch: number) => made.clientHalves.get(epoch) ?? new Uint8Array(0)
      const grants = withSelfWraps(workspaceId, keysetId, made.grants, admin, half, this.#random)
      return { manifest: made.manifest, json: changeToJson({ ...made, grants }) }
    } finally {
      wipe(...made.clientHalves.values())
    }
  }

  async #commit(scope: CallScope, workspaceCRN: string, body: RecoveryCommitRequest): Promise<string> {
    const json = await this.#post(scope, "/v1/recovery/commit", workspaceCRN, body).catch((error: unknown) => {
      throw perhapsRecovered(error)
    })
    if (json.field("workspaceCRN").text(200) !== workspaceCRN) throw invalidResponse("it confirms another workspace")
    return readCreatedApiKey(json.field("apiKey")).secret
  }

  /** The assertion is fresh for each request, and is never sent twice. */
  async #post(scope: CallScope, path: string, workspaceCRN: string, body: object): Promise<AnswerReader> {
    const assertion = signRootAssertion(this.#root, workspaceCRN, this.#now(), this.#random)
    const { json } = await this.#http.call(scope, {
      method: "POST",
      path,
      repetition: "once",
      authorization: `Bearer ${assertion}`,
      contentType: "application/json",
      body: JSON.stringify(body),
      maxBytes: largeAnswerMaxBytes,
    })
    return json
  }

  /** The keys exist nowhere else: that this machine cannot note what it saw must not lose them. */
  async #remember(roster: Roster, manifests: readonly Manifest[]): Promise<void> {
    this.#floors.seeRoster(roster, rosterFormat.hash(roster), [roster])
    for (const manifest of manifests) this.#floors.seeManifest(manifest, manifestFormat.hash(manifest))
    await this.#floors.save().catch(() => undefined)
  }
}

function namesByOutcome({ keysets }: RecoverableWorkspace) {
  const names = { environments: [], disabled: [], destroyed: [], notRecovered: [] } as Record<
    "environments" | "disabled" | "destroyed" | "notRecovered",
    string[]
  >
  for (const { documents, staysShut } of keysets) {
    const { name, state } = documents.manifest
    names[staysShut ? "notRecovered" : state === "enabled" ? "environments" : state].push(name)
  }
  return names
}

function requireKnown(without: readonly string[], { keysets }: RecoverableWorkspace): void {
  const names = keysets.map(({ documents }) => documents.manifest.name)
  const unknown = without.find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new HalfkeyError("keyset_not_found", `there is no environment ${unknown}`, {
    hint: `available: ${names.join(", ")}`,
  })
}

function planOf(
  workspaceCRN: string,
  admin: RecoveryPlan["admin"],
  { keysets, roster }: RecoverableWorkspace,
): RecoveryPlan {
  return {
    workspaceCRN,
    admin,
    granters: roster.granters.map(({ clientId, label }) => ({ clientId, label })),
    environments: keysets.map(({ documents: { manifest } }) => ({
      name: manifest.name,
      state: manifest.state,
      members: manifest.members.map(({ clientId, label, mode }) => ({ clientId, label, mode })),
    })),
  }
}

function perhapsRecovered(error: unknown): unknown {
  if (!(error instanceof HalfkeyError) || error.type !== "NetworkError") return error
  return new HalfkeyError(error.code, `${error.message}; the workspace may or may not have been recovered`, {
    hint: "do it again with the same kit: the new admin of an answer that was lost is then out, too",
  })
}
