/**
 * A server in memory, behind the `Transport` of the SDK: honest, without storage, network or checks of its own. For tests
 * that put faults and lies between client and server, on any runtime. What the real server does is tested with the real one.
 */
import { type Grant, parseGrant, parseRecoveryGrant, type RecoveryGrant } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { formatSetupToken } from "@halfkey/core/formats/text-keys"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { CreateClientRequest } from "@halfkey/core/wire/clients"
import type { KeysetChange, SelfWraps } from "@halfkey/core/wire/keysets"
import type { CreateWorkspaceRequest, RosterChange } from "@halfkey/core/wire/workspace"
import type { Transport, TransportRequest, TransportResponse } from "../transport.ts"
import { answered, summary } from "./memory-answers.ts"
import { MemoryKeyset } from "./memory-keyset.ts"
import { MemoryMembers, type StoredClient } from "./memory-members.ts"
import { type CommitRequest, type PrepareRequest, type ReadRequest, refuse } from "./memory-requests.ts"

/** What every handler gets; `body` is as wide as the tests of the SDK need it. */
interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly body: unknown
  readonly clientId: string
}

export class MemoryServer {
  readonly setupToken = formatSetupToken(systemRandom(32))
  readonly region = "local.self"
  readonly keysets: MemoryKeyset[] = []
  readonly assertions: string[] = []
  /** Every request that arrived, as "METHOD /path". */
  readonly requests: string[] = []
  readonly #members = new MemoryMembers()
  rosters: Roster[] = []
  workspaceCRN = ""
  #root: CreateWorkspaceRequest["root"] = { signPk: "", kemPk: "" }
  valueMaxLength = 64 * 1024
  tokenSeconds = 900
  /** 32 bytes of a usable Ed25519 key. */
  auditKey: Uint8Array

  constructor(auditKey: Uint8Array) {
    this.auditKey = auditKey
  }

  get transport(): Transport {
    return async (request) => this.#answer(request)
  }

  /** Makes every token that was given out invalid. */
  forgetTokens(): void {
    this.#members.forgetTokens()
  }

  keyset(ref: string): MemoryKeyset {
    const found = this.keysets.find(({ newest }) => newest.name === ref || newest.keysetId === ref)
    return found ?? refuse("keyset_not_found", 404)
  }

  #answer(request: TransportRequest): TransportResponse {
    const url = new URL(request.url)
    this.requests.push(`${request.method} ${url.pathname}`)
    return answered(() => this.#route(request, url))
  }

  #route(request: TransportRequest, url: URL): unknown {
    const { method } = request
    if (url.pathname === "/.well-known/halfkey") return this.#discovery()
    if (url.pathname === "/oauth/token") return this.#token(new URLSearchParams(request.body))
    const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body)
    const bearer = request.headers["authorization"]?.replace(/^Bearer /, "") ?? ""
    if (url.pathname === "/v1/workspaces") return this.#createWorkspace(bearer, body as CreateWorkspaceRequest)
    const caller = this.#members.caller(bearer)
    const asked = { path: url.pathname, query: url.searchParams, body, clientId: caller.clientId ?? "" }
    const [pattern, handler] =
      this.#routes.find(([route]) => route.test(`${method} ${url.pathname}`)) ?? refuse("route_not_found", 404)
    return handler({ ...asked, path: pattern.exec(`${method} ${url.pathname}`)?.[1] ?? "" })
  }

  readonly #routes: readonly (readonly [RegExp, (asked: Asked) => unknown])[] = [
    [/^GET \/v1\/workspace$/, ({ clientId }) => this.#workspace(clientId)],
    [/^PUT \/v1\/roster$/, ({ body }) => this.#putRoster(body as RosterChange)],
    [/^GET \/v1\/keysets$/, ({ clientId }) => ({ keysets: this.keysets.map((keyset) => summary(keyset, clientId)) })],
    [/^POST \/v1\/keysets$/, ({ body, clientId }) => summary(this.#addKeyset(body as KeysetChange), clientId)],
    [/^GET \/v1\/keysets\/([^/]+)$/, (asked) => this.#bundle(asked)],
    [/^PUT \/v1\/keysets\/([^/]+)$/, ({ body, clientId, path }) => this.#put(path, body as KeysetChange, clientId)],
    [/^POST \/v1\/keysets\/([^/]+)\/self-wraps$/, (asked) => this.#selfWraps(asked)],
    [/^POST \/v1\/secrets\/read$/, ({ body, clientId }) => this.#read(body as ReadRequest, clientId)],
    [/^POST \/v1\/secrets\/prepare$/, ({ body, clientId }) => this.#prepare(body as PrepareRequest, clientId)],
    [/^POST \/v1\/secrets\/commit$/, ({ body }) => this.#commit(body as CommitRequest)],
    [/^GET \/v1\/secrets$/, ({ query }) => this.#list(query)],
    [/^GET \/v1\/secrets\/([^/]+)\/versions$/, ({ path, query }) => this.#versions(decodeURIComponent(path), query)],
    [/^GET \/v1\/clients$/, () => ({ clients: this.#members.clients.map((client) => this.#client(client)) })],
    [/^POST \/v1\/clients$/, ({ body }) => this.#addClient(body as CreateClientRequest)],
    [/^DELETE \/v1\/clients\/([^/]+)$/, ({ path }) => this.#revoke(path)],
  ]

  #discovery() {
    return {
      version: "0.0.0",
      protocols: ["halfkey/v1"],
      region: this.region,
      auditKey: toBase64Url(this.auditKey),
      tokenEndpoint: "/oauth/token",
      jwksUri: "/.well-known/jwks.json",
      valueMaxLength: this.valueMaxLength,
      needsSetup: this.workspaceCRN === "",
    }
  }

  #token(form: URLSearchParams) {
    const token = this.#members.newToken(form.get("api_key") ?? "")
    this.assertions.push(form.get("client_assertion") ?? "")
    return { access_token: token, token_type: "Bearer", expires_in: this.tokenSeconds, scope: "" }
  }

  #createWorkspace(setupToken: string, request: CreateWorkspaceRequest) {
    if (setupToken !== this.setupToken || this.workspaceCRN !== "") refuse("invalid_setup_token", 401)
    this.workspaceCRN = request.workspaceCRN
    this.#root = request.root
    this.rosters = [rosterFormat.parse(request.roster)]
    this.#members.register(request.client)
    for (const change of request.keysets) this.#addKeyset(change)
    return { workspaceCRN: request.workspaceCRN, apiKey: this.#members.newKey("admin", request.client.clientId) }
  }

  #workspace(clientId: string) {
    return {
      workspaceCRN: this.workspaceCRN,
      createdAt: now(),
      root: this.#root,
      rosters: this.rosters.map(rosterFormat.toJson),
      auditKey: toBase64Url(this.auditKey),
      caller: { clientId: clientId || null, apiKeyId: "a".repeat(16), role: "admin", scopes: [] },
    }
  }

  /** Compare-and-set on `seq`; the manifests come with it. */
  #putRoster({ keysets, roster: json }: RosterChange) {
    const roster = rosterFormat.parse(json)
    if (roster.seq !== this.rosters.length + 1) refuse("revision_conflict", 409)
    this.rosters.push(roster)
    for (const change of keysets) {
      const manifest = manifestFormat.parse(change.manifest)
      this.keyset(manifest.keysetId).put(manifest, parseGrants(change))
    }
    return { root: this.#root, rosters: this.rosters.map(rosterFormat.toJson) }
  }

  #addKeyset(change: KeysetChange): MemoryKeyset {
    const manifest = manifestFormat.parse(change.manifest)
    const keyset = new MemoryKeyset(manifest, parseGrants(change), parseRecoveryGrants(change))
    this.keysets.push(keyset)
    return keyset
  }

  #bundle({ clientId, path, query }: Asked) {
    const since = query.get("sinceRevision")
    return this.#documents(this.keyset(path), clientId, since === null ? undefined : Number(since), true)
  }

  #documents(keyset: MemoryKeyset, clientId: string, since: number | undefined, recovery: boolean) {
    const rosters = this.rosters.map(rosterFormat.toJson)
    return { root: this.#root, rosters, ...keyset.bundle(clientId, since, recovery) }
  }

  /** Left out where the caller has it. */
  #documentsUnlessKnown(keyset: MemoryKeyset, clientId: string, known: ReadRequest["known"]) {
    return keyset.isKnown(known) ? {} : { keyset: this.#documents(keyset, clientId, known?.sinceRevision, false) }
  }

  #put(ref: string, change: KeysetChange, clientId: string) {
    const keyset = this.keyset(ref)
    keyset.put(manifestFormat.parse(change.manifest), parseGrants(change), parseRecoveryGrants(change))
    return summary(keyset, clientId)
  }

  #selfWraps({ body, clientId, path }: Asked): undefined {
    for (const { epoch, selfWrap } of (body as SelfWraps).selfWraps)
      this.keyset(path).selfWrap(clientId, epoch, selfWrap)
  }

  #read({ after, environment, known, secrets }: ReadRequest, clientId: string) {
    const keyset = this.keyset(environment)
    const all = [...keyset.secrets.keys()].sort().filter((name) => name > (after ?? ""))
    const asked = secrets ?? all.map((name) => ({ name, version: undefined }))
    const found = asked.map(({ name, version }) => ({ name, served: keyset.served(name, version) }))
    return {
      ...this.#documentsUnlessKnown(keyset, clientId, known),
      records: found.flatMap(({ served }) => (served && (secrets !== undefined || !served.deleted) ? [served] : [])),
      missing: asked.filter(({ name, version }) => keyset.served(name, version) === undefined),
      rest: [],
      next: null,
    }
  }

  #prepare({ environment, known, names }: PrepareRequest, clientId: string) {
    const keyset = this.keyset(environment)
    return {
      ...this.#documentsUnlessKnown(keyset, clientId, known),
      epoch: keyset.epoch,
      secrets: names.map((name) => keyset.prepare(name)),
    }
  }

  #commit({ environment, writes }: CommitRequest) {
    return { secrets: this.keyset(environment).commit(writes, now()) }
  }

  #list(query: URLSearchParams) {
    const keyset = this.keyset(query.get("environment") ?? "")
    const names = [...keyset.secrets.keys()].sort()
    const wanted = names.filter(
      (name) => name.startsWith(query.get("prefix") ?? "") && name > (query.get("after") ?? ""),
    )
    const withDeleted = query.get("deleted") === "true"
    const found = wanted.flatMap((name) => keyset.served(name) ?? []).filter(({ deleted }) => withDeleted || !deleted)
    return { secrets: found.map(({ keySeed: _, record: __, ...metadata }) => metadata), next: null }
  }

  #versions(name: string, query: URLSearchParams) {
    const versions = this.keyset(query.get("environment") ?? "").secrets.get(name)?.versions
    if (versions === undefined) return refuse("secret_not_found", 404)
    const clientId = this.#members.clients[0]?.clientId
    return {
      name,
      versions: versions
        .map(({ at, deleted, version }) => ({ version, deleted, createdAt: at, clientId, epoch: 1, size: 400 }))
        .reverse(),
    }
  }

  #addClient({ apiKey, client, keysets }: CreateClientRequest) {
    for (const change of keysets) {
      const manifest = manifestFormat.parse(change.manifest)
      this.keyset(manifest.keysetId).put(manifest, parseGrants(change))
    }
    const stored = this.#members.register(client)
    const created = apiKey && { apiKey: this.#members.newKey(apiKey.role, client.clientId) }
    return { client: this.#client(stored), ...created }
  }

  #client(client: StoredClient) {
    const environments = this.keysets.flatMap(({ newest: { keysetId, members, name } }) =>
      members.filter(({ clientId }) => clientId === client.clientId).map(({ mode }) => ({ name, keysetId, mode })),
    )
    return { ...client, device: null, granter: this.#isGranter(client.clientId), environments }
  }

  #isGranter(clientId: string): boolean {
    return this.rosters.at(-1)?.granters.some((granter) => granter.clientId === clientId) === true
  }

  #revoke(clientId: string): undefined {
    if (this.#isGranter(clientId)) refuse("invalid_request", 400)
    this.#members.revoke(clientId)
  }
}

function parseGrants(change: KeysetChange): Grant[] {
  return change.grants.map(parseGrant)
}

function parseRecoveryGrants(change: KeysetChange): RecoveryGrant[] {
  return (change.recoveryGrants ?? []).map(parseRecoveryGrant)
}

function now(): string {
  return new Date().toISOString()
}
