/** Calls of the vault: reading and writing secrets while a server lies. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { type Result, Secrets, unwrap } from "halfkey/secrets"
import { asAdmin, type Call, is } from "./call.ts"
import { fileFreshness } from "./file-freshness.ts"
import { type Scene, secretValue } from "./scene.ts"

const read = ["POST /v1/secrets/read"]
const prepare = ["POST /v1/secrets/prepare"]
const production = ["-e", "production"]

export const vaultCalls: Readonly<Record<string, Call>> = {
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
  "get twice": {
    about: read,
    sdk: async ({ secrets }) => {
      const { failure } = await secrets.get("A")
      return failure ? { failure } : await secrets.get("A")
    },
    truth: is(secretValue("second")),
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
