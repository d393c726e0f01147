/** What clients do while they are lied to: each call by the SDK and, where there is such a command, by the real binary. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { Admin, createWorkspace, recoverWorkspace, unwrap } from "halfkey/admin"
import { type Result, Secrets } from "halfkey/secrets"
import { fileFreshness } from "./file-freshness.ts"
import { type Scene, secretValue } from "./scene.ts"

export interface SdkClients {
  readonly secrets: Secrets
  readonly admin: Admin
}

export interface Call {
  /** Beginnings of the requests that bring what the call is about. */
  readonly about: readonly string[]
  /** Makes what the call needs, directly at the server, before each time. */
  readonly before?: (scene: Scene) => Promise<void>
  /** Starts without an access token, so that the first request is the one for a token. */
  readonly withoutToken?: true
  readonly sdk: (clients: SdkClients, scene: Scene) => Promise<Result<unknown>>
  readonly cli?: (scene: Scene) => { readonly args: readonly string[]; readonly stdin?: string }
  /** Checks what the SDK resolved to; by default that it is no failure. */
  readonly truth?: (result: Result<unknown>) => void
  /** What the command prints, and its exit code if that is not 0. */
  readonly prints?: string
  readonly exit?: number
  /** What the command says on stderr. */
  readonly tells?: RegExp
  /** Most requests that it takes, lies included. Default 12. */
  readonly requestsMax?: number
  /** Called after success. */
  readonly after?: (scene: Scene) => void
}

const read = ["POST /v1/secrets/read"]
const prepare = ["POST /v1/secrets/prepare"]
const keyset = ["GET /v1/keysets/"]
const production = ["-e", "production"]

const is = (expected: unknown) => (result: Result<unknown>) => assert.deepEqual(unwrap(result), expected)

/** Everything was checked, and the caller said no. */
function wasStopped({ failure }: Result<unknown>): void {
  assert.equal(failure?.code, "aborted")
}

export const calls: Readonly<Record<string, Call>> = {
  get: {
    about: read,
    sdk: ({ secrets }) => secrets.get("A"),
    cli: () => ({ args: ["get", "A", ...production] }),
    truth: is(secretValue("second")),
    prints: secretValue("second"),
  },
  "get without a token": {
    about: ["POST /oauth/token"],
    withoutToken: true,
    sdk: ({ secrets }) => secrets.get("A"),
    cli: () => ({ args: ["get", "A", ...production] }),
    truth: is(secretValue("second")),
    prints: secretValue("second"),
  },
  "get two at once": {
    about: read,
    sdk: async ({ secrets }) => {
      const results = await Promise.all([secrets.get("A"), secrets.get("B")])
      return results.find(({ failure }) => failure !== undefined) ?? { data: results.map(({ data }) => data) }
    },
    truth: is([secretValue("second"), secretValue("other")]),
  },
  "get by two processes": {
    about: read,
    sdk: (_, scene) => getByTwoProcesses(scene),
    truth: is([secretValue("second"), secretValue("second")]),
  },
  "get of production by a client of staging": {
    about: read,
    sdk: (_, scene) => getByStagingOnly(scene),
    truth: is(secretValue("staged")),
  },
  "get by id": {
    about: read,
    sdk: ({ secrets }, { insider }) => secrets.get("A", { environment: insider.keyset("production").keysetId }),
    cli: ({ insider }) => ({ args: ["get", "A", "-e", insider.keyset("production").keysetId] }),
    truth: is(secretValue("second")),
    prints: secretValue("second"),
  },
  "get of a deleted one": {
    about: read,
    sdk: ({ secrets }) => secrets.get("DEAD"),
    cli: () => ({ args: ["get", "DEAD", ...production] }),
    truth: ({ failure }) => assert.equal(failure?.code, "secret_not_found"),
    prints: "",
    exit: 3,
  },
  "get of version 1": {
    about: read,
    sdk: async ({ secrets }) => {
      const { data, failure } = await secrets.getVersion("A", 1)
      return failure ? { failure } : { data: Buffer.from(data.value).toString() }
    },
    cli: () => ({ args: ["get", "A", ...production, "--version-number", "1"] }),
    truth: is(secretValue("first")),
    prints: secretValue("first"),
  },
  "get of two": {
    about: read,
    sdk: ({ secrets }) => secrets.getMany(["A", "B"]),
    cli: () => ({ args: ["get-many", "A", "B", ...production, "-o", "json"] }),
    truth: is({ A: secretValue("second"), B: secretValue("other") }),
    prints: `${JSON.stringify({ A: secretValue("second"), B: secretValue("other") }, undefined, 2)}\n`,
  },
  "read of all": {
    about: read,
    sdk: async ({ secrets }) => {
      const { data, failure } = await secrets.readAll({ environment: "staging" })
      return failure ? { failure } : { data: data.map(({ name, value }) => [name, Buffer.from(value).toString()]) }
    },
    cli: () => ({ args: ["run", "-e", "staging", "--", "printenv", "A"] }),
    truth: is([
      ["A", secretValue("staged")],
      ["Z", secretValue("last")],
    ]),
    prints: `${secretValue("staged")}\n`,
  },
  set: {
    about: prepare,
    sdk: ({ secrets }) => secrets.set("W", secretValue("written")),
    cli: () => ({ args: ["set", "W", ...production], stdin: secretValue("written") }),
  },
  "set of a seen one": {
    about: prepare,
    sdk: ({ secrets }) => secrets.set("A", secretValue("developed"), { environment: "development" }),
    cli: () => ({ args: ["set", "A", "-e", "development"], stdin: secretValue("developed") }),
  },
  // Both end in a conflict, so that what was seen of KEPT stays the newest.
  "set of a kept one if it is new": {
    about: prepare,
    sdk: ({ secrets }) => secrets.set("KEPT", secretValue("new"), { environment: "development", ifVersion: 0 }),
    cli: () => ({ args: ["set", "KEPT", "-e", "development", "--if-version", "0"], stdin: secretValue("new") }),
    truth: ({ failure }) => assert.equal(failure?.code, "version_conflict"),
    prints: "",
    exit: 5,
  },
  "delete of a kept one at version 9": {
    about: prepare,
    sdk: ({ secrets }) => secrets.delete("KEPT", { environment: "development", ifVersion: 9 }),
    truth: ({ failure }) => assert.equal(failure?.code, "version_conflict"),
  },
  "set of two": {
    about: prepare,
    sdk: ({ secrets }) => secrets.setMany({ W1: secretValue("one"), W2: secretValue("two") }),
  },
  delete: {
    about: prepare,
    before: (scene) =>
      asAdmin(scene, async ({ secrets }) => void unwrap(await secrets.set("GONE", secretValue("gone")))),
    sdk: ({ secrets }) => secrets.delete("GONE"),
    cli: () => ({ args: ["delete", "GONE", ...production, "-y"] }),
  },
  list: {
    about: ["GET /v1/secrets?"],
    sdk: async ({ secrets }) => {
      const { data, failure } = await secrets.list({ environment: "staging" })
      return failure ? { failure } : { data: data.map(({ name }) => name) }
    },
    cli: () => ({ args: ["list", "-e", "staging", "-o", "json"] }),
    truth: is(["A", "Z"]),
  },
  history: {
    about: ["GET /v1/secrets/"],
    sdk: ({ secrets }) => secrets.history("A"),
  },
  whoami: {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.workspace(),
    cli: () => ({ args: ["whoami"] }),
  },
  "update audit key": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.auditKey.compare(),
    cli: () => ({ args: ["audit-key", "update", "-y"] }),
  },
  "list clients": {
    about: ["GET /v1/clients"],
    sdk: ({ admin }) => admin.clients.list(),
    cli: () => ({ args: ["clients", "list"] }),
  },
  "list keys": {
    about: ["GET /v1/api-keys"],
    sdk: ({ admin }) => admin.apiKeys.list(),
    cli: () => ({ args: ["keys", "list"] }),
  },
  "list environments": {
    about: ["GET /v1/keysets"],
    sdk: ({ admin }) => admin.environments.list(),
    cli: () => ({ args: ["environments", "list"] }),
  },
  grant: {
    about: keyset,
    sdk: ({ admin }, { member, otherMode }) => admin.clients.grant(member.clientId, ["development"], otherMode),
    cli: ({ member, otherMode }) => ({
      args: ["clients", "grant", member.clientId, "-e", "development", "--mode", otherMode],
    }),
    after: (scene) => {
      scene.otherMode = scene.otherMode === "read" ? "read-write" : "read"
    },
  },
  revoke: {
    about: ["GET /v1/keysets", "GET /v1/clients"],
    // Two for each environment, and there are many by then.
    requestsMax: 100,
    before: (scene) =>
      asAdmin(scene, async ({ admin }) => {
        const environments = [{ name: "development" }, { name: "staging" }]
        const { client } = unwrap(await admin.clients.create({ label: "leaving", environments }))
        scene.leaving = client.clientId
      }),
    sdk: async ({ admin }, { leaving }) => {
      const { data, failure } = await admin.clients.revoke(leaving)
      return failure ? { failure } : { data: { ...data, environments: data.environments.toSorted() } }
    },
    cli: ({ leaving }) => ({ args: ["clients", "revoke", leaving, "-y"] }),
    truth: is({ environments: ["development", "staging"], notSigned: [] }),
    tells: /signed again without it: (?:development, staging|staging, development)\n/,
  },
  "create client": {
    about: keyset,
    sdk: ({ admin }) => admin.clients.create({ label: "service", environments: [{ name: "development" }], apiKey: {} }),
    cli: () => ({ args: ["clients", "create", "service", "-e", "development"] }),
  },
  "list grants": {
    about: keyset,
    sdk: ({ admin }) => admin.grants.list(["production"]),
    cli: () => ({ args: ["grants", "list", ...production] }),
  },
  "revoke grant": {
    about: keyset,
    before: async (scene) => {
      const leaver = { label: "leaver", environments: [{ name: "development" }] }
      scene.leaver = await asAdmin(
        scene,
        async ({ admin }) => unwrap(await admin.clients.create(leaver)).client.clientId,
      )
    },
    sdk: ({ admin }, { leaver }) => admin.grants.revoke(leaver, ["development"]),
    cli: ({ leaver }) => ({ args: ["grants", "revoke", leaver, "-e", "development", "-y"] }),
  },
  "list granters": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.granters.list(),
    cli: () => ({ args: ["granters", "list"] }),
  },
  "add granter": {
    about: ["GET /v1/workspace"],
    // Stops where it would sign, so that the roster stays as the other attacks know it.
    sdk: ({ admin }, { member }) => admin.granters.add(member.clientId, { beforeSigning: () => false }),
    truth: wasStopped,
  },
  recover: {
    about: ["POST /v1/recovery/read"],
    sdk: (_, { proxy, recoveryKit }) =>
      recoverWorkspace({ endpoint: proxy.url, recoveryKit, label: "rescuer", beforeRecovery: () => false }),
    truth: wasStopped,
  },
  "create workspace": {
    about: ["GET /.well-known/halfkey"],
    before: async (scene) => {
      scene.count += 1
      scene.token = await scene.setupToken()
    },
    sdk: (_, { proxy, token }) =>
      createWorkspace({ endpoint: proxy.url, setupToken: token, label: "admin", environments: ["production"] }),
    cli: ({ count, proxy, token }) => ({
      args: ["init", "--endpoint", proxy.url, "--setup-token-file", "-", "--save-profile", `other-${count}`],
      stdin: token,
    }),
  },
  "create environment": {
    about: ["GET /v1/workspace"],
    before: async (scene) => {
      scene.count += 1
    },
    sdk: ({ admin }, { count }) => admin.environments.create(`extra-${count}`),
    cli: ({ count }) => ({ args: ["environments", "create", `extra-${count}`] }),
  },
}

/** Two new clients that share what they remember. The second has looked before the first saved what it saw. */
async function getByTwoProcesses(scene: Scene): Promise<Result<unknown>> {
  scene.count += 1
  const store = fileFreshness(join(scene.directory, `shared-${scene.count}`))
  let looked = false
  const late: typeof store = {
    load: async () => {
      if (looked) return await store.load()
      looked = true
      return {}
    },
    save: store.save,
  }
  const values: unknown[] = []
  for (const more of [{ freshness: store }, { freshness: late, userAgent: "second" }]) {
    const secrets = new Secrets(scene.options(more))
    const result = await secrets.get("A")
    await secrets.close()
    if (result.failure) return result
    values.push(result.data)
  }
  return { data: values }
}

/** Lied to, the client asks for production; to see that all else is well, it reads staging afterwards. */
async function getByStagingOnly(scene: Scene): Promise<Result<unknown>> {
  const { apiKey, clientId, clientKey, workspaceCRN } = scene.stagingOnly
  const options = scene.options({ apiKey, clientId, clientKey, workspaceCRN })
  const secrets = new Secrets(options)
  try {
    const environment = scene.proxy.isLying ? "production" : "staging"
    return await secrets.get("A", { environment })
  } finally {
    await secrets.close()
  }
}

/** Does something as the first admin, without the proxy. */
async function asAdmin<T>(scene: Scene, work: (clients: SdkClients) => Promise<T>): Promise<T> {
  const options = scene.options({ endpoint: scene.server.url })
  const clients = { secrets: new Secrets(options), admin: new Admin(options) }
  try {
    return await work(clients)
  } finally {
    await clients.secrets.close()
    await clients.admin.close()
  }
}
