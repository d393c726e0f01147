/** `whoami`: every fact about the caller, in every format, for each kind of caller. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
let endpoint = ""
let crn = ""
before(async () => {
  endpoint = (await admin.up()).endpoint
  crn = admin.profile()["workspaceCRN"] ?? ""
})
after(() => admin.dispose())

const idOf = (apiKey: string | undefined) => apiKey?.split("_")[1] ?? ""
const rows = (facts: Readonly<Record<string, string | undefined>>) =>
  Object.entries(facts)
    .map(([name, value]) => `${name}\t${value}\n`)
    .join("")

test("an admin", async () => {
  const { apiKey, clientId } = admin.profile()
  const [{ label }] = JSON.parse(await admin.ok(["granters", "list", "-o", "json"]))
  const facts = {
    profile: "local",
    endpoint,
    workspaceCRN: crn,
    clientId,
    label,
    role: "admin",
    granter: "true",
    apiKeyId: idOf(apiKey),
    limits: "",
    environments: "development,production,staging",
  }
  assert.equal(await admin.ok(["whoami"]), rows(facts))
  assert.equal(await admin.ok(["whoami", "-o", "tsv"]), rows(facts))
  const { scopes, ...json } = JSON.parse(await admin.ok(["whoami", "-o", "json"]))
  assert.ok(scopes.includes("secret:read"))
  assert.deepEqual(json, {
    ...facts,
    granter: true,
    limits: [],
    device: false,
    environments: ["development", "production", "staging"],
  })
  assert.match(await admin.ok(["whoami", "-o", "yaml"]), /^profile: local\n.*\nlimits: \[\]\n/s)
  assert.match(await admin.ok(["whoami", "-o", "table"]), /^Profile: {7}local\nEndpoint: {6}http/)
})

test("a narrowed key of a member, with the mode in each environment", async () => {
  const create = ["clients", "create", "reader", "-e", "production", "-e", "staging", "--mode", "read", "-q"]
  const { CS_CLIENT_ID: id, CS_CLIENT_KEY: key } = JSON.parse(await admin.ok(create))
  await admin.ok(["grants", "add", id, "-e", "development", "-y"])
  const narrow = ["--client", id, "--read-only", "-e", "staging", "--network", "127.0.0.0/8", "--expires", "30d"]
  const made = JSON.parse(await admin.ok(["keys", "create", "narrow", ...narrow, "-q"]))
  const env = {
    ...admin.variables(),
    CS_CLIENT_ID: id,
    CS_CLIENT_KEY: key,
    CS_CLIENT_ACCESS_KEY: made.CS_CLIENT_ACCESS_KEY,
  }
  const facts = {
    profile: "",
    endpoint,
    workspaceCRN: crn,
    clientId: id,
    label: "reader",
    role: "member",
    granter: "false",
    apiKeyId: made.id,
    limits: `read-only,staging,127.0.0.0/8,until ${made.expiresAt}`,
    // It sees no other one by this key.
    environments: "staging:read",
  }
  assert.equal(await admin.ok(["whoami"], { env }), rows(facts))
  await admin.ok(["environments", "disable", "staging", "-y"])
  assert.match(await admin.ok(["whoami"], { env }), /^environments\tstaging:read:disabled$/m)
  await admin.ok(["environments", "enable", "staging"])
})
