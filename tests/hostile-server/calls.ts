/** What clients do while they are lied to: each call by the SDK and, where there is such a command, by the real binary. */
import assert from "node:assert/strict"
import { Admin, recoverWorkspace, unwrap } from "halfkey/admin"
import { type Result, Secrets } from "halfkey/secrets"
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
  readonly sdk: (clients: SdkClients, scene: Scene) => Promise<Result<unknown>>
  readonly cli?: (scene: Scene) => { readonly args: readonly string[]; readonly stdin?: string }
  /** Checks what the SDK resolved to; by default that it is no failure. */
  readonly truth?: (result: Result<unknown>) => void
  /** What the command prints, and its exit code if that is not 0. */
  readonly prints?: string
  readonly exit?: number
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
    truth: is([["A", secretValue("staged")]]),
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
    truth: is(["A"]),
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
  "create environment": {
    about: ["GET /v1/workspace"],
    before: async (scene) => {
      scene.count += 1
    },
    sdk: ({ admin }, { count }) => admin.environments.create(`extra-${count}`),
    cli: ({ count }) => ({ args: ["environments", "create", `extra-${count}`] }),
  },
}

/** Does something as the first admin, without the proxy. */
export async function asAdmin<T>(scene: Scene, work: (clients: SdkClients) => Promise<T>): Promise<T> {
  const options = scene.options({ endpoint: scene.server.url })
  const clients = { secrets: new Secrets(options), admin: new Admin(options) }
  try {
    return await work(clients)
  } finally {
    await clients.secrets.close()
    await clients.admin.close()
  }
}
