/** history and rollback: versions without values, and earlier values that come back. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
const production = ["-e", "production"]
const member: Record<string, string> = {}
let adminId = ""

before(async () => {
  await halfkey.up()
  adminId = halfkey.profile()["clientId"] ?? ""
  const printed = await halfkey.ok(["clients", "create", "web", ...production, "-q"])
  Object.assign(member, JSON.parse(printed), { CS_ENDPOINT: halfkey.profile()["endpoint"] })
  await set("TOKEN", "one-canary")
  await set("TOKEN", "two-canary", asMember())
  await halfkey.ok(["delete", "TOKEN", ...production, "-y"])
})
after(() => halfkey.dispose())

const asMember = () => ({ env: { ...member, HALFKEY_CONFIG_DIR: `${halfkey.directory}/member` } })
const set = (name: string, value: string, more = {}) =>
  halfkey.ok(["set", name, ...production], { stdin: value, ...more })
const adminLabel = async () => JSON.parse(await halfkey.ok(["clients", "list", "-o", "json"]))[0].label

test("history shows versions, deletions and who wrote them, newest first, and no value", async () => {
  const { code, stderr, stdout } = await halfkey.run(["history", "TOKEN", ...production])
  assert.deepEqual([code, stderr], [0, ""])
  const time = "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z"
  const label = await adminLabel()
  assert.match(
    stdout,
    new RegExp(
      `^3\tdeleted\t${time}\t${label}\t${adminId}\n2\twritten\t${time}\tweb\t${member["CS_CLIENT_ID"]}\n1\twritten\t${time}\t${label}\t${adminId}\n$`,
    ),
  )
  const table = await halfkey.ok(["history", "-n", "TOKEN", ...production, "-o", "table"])
  assert.match(table, /^VERSION +CHANGE +WRITTEN +BY +CLIENT\n3 +deleted /)
  const json = JSON.parse(await halfkey.ok(["history", "TOKEN", ...production, "-o", "json"]))
  assert.deepEqual(Object.keys(json[0]), ["version", "change", "createdAt", "label", "clientId"])
  assert.deepEqual([json[1].version, json[1].change, json[1].label], [2, "written", "web"])
  const yaml = await halfkey.ok(["history", "TOKEN", ...production, "-o", "yaml"])
  assert.ok(yaml.startsWith("- version: 3\n  change: deleted\n"))
  for (const printed of [stdout, table, yaml, JSON.stringify(json)]) assert.ok(!printed.includes("canary"))
})

test("whoever may not list clients sees labels of granters only, and no refusal enters the audit log", async () => {
  const { code, stderr, stdout } = await halfkey.run(["history", "TOKEN", ...production], asMember())
  assert.deepEqual([code, stderr], [0, ""])
  const labels = stdout.split("\n").map((line) => line.split("\t")[3])
  assert.deepEqual(labels, [await adminLabel(), "", await adminLabel(), undefined])
  const denied = await halfkey.ok(["audit", "list", "--denied", "--client", member["CS_CLIENT_ID"] ?? "", "-o", "json"])
  assert.deepEqual(JSON.parse(denied), [])
})

test("rollback brings back what was deleted, the value before, and that of a version", async () => {
  const first = await halfkey.run(["rollback", "TOKEN", ...production])
  assert.deepEqual(first, {
    code: 0,
    signal: null,
    stdout: "",
    stderr: "halfkey: TOKEN has its earlier value again in production (version 4)\n",
  })
  assert.equal(await halfkey.ok(["get", "TOKEN", ...production]), "two-canary")
  const named = await halfkey.run(["rollback", "-n", "TOKEN", "--to", "1", ...production])
  assert.equal(named.stderr, "halfkey: TOKEN has the value of version 1 again in production (version 5)\n")
  assert.equal(await halfkey.ok(["get", "TOKEN", ...production]), "one-canary")
  await halfkey.ok(["rollback", "TOKEN", ...production, "-q"], asMember())
  assert.equal(await halfkey.ok(["get", "TOKEN", ...production]), "two-canary")
})

test("what is not there is told with what to type", async () => {
  for (const [args, code, stderr] of [
    [
      ["history", "NONE", ...production],
      3,
      "halfkey: there is no secret NONE in production\n  try: `halfkey list -e production` shows what there is\n",
    ],
    [
      ["rollback", "TOKEN", "--to", "99", ...production],
      3,
      "halfkey: there is no value in version 99 of TOKEN in production\n  try: `halfkey history TOKEN -e production` shows all versions\n",
    ],
    [
      ["rollback", "TOKEN", "--to", "3", ...production],
      3,
      "halfkey: there is no value in version 3 of TOKEN in production\n  try: `halfkey history TOKEN -e production` shows all versions\n",
    ],
    [
      ["rollback", "TOKEN", "--to", "6", ...production],
      2,
      "halfkey: TOKEN is at version 6 in production already\n  try: `halfkey history TOKEN -e production` shows the earlier ones\n",
    ],
    [["rollback", "TOKEN", "--to", "x", ...production], 2, 'halfkey: --to takes a whole number, got "x"\n'],
    [["rollback"], 2, "halfkey: no secret was named\n  try: add a NAME, such as DATABASE_URL\n"],
    [["history"], 2, "halfkey: no secret was named\n  try: add a NAME, such as DATABASE_URL\n"],
  ] as const) {
    const ended = await halfkey.run(args)
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [code, "", stderr], args.join(" "))
  }
  await set("ONCE", "1")
  const once = await halfkey.run(["rollback", "ONCE", ...production])
  assert.deepEqual(
    [once.code, once.stderr],
    [
      3,
      "halfkey: ONCE has no earlier value in production\n  try: `halfkey history ONCE -e production` shows all versions\n",
    ],
  )
})

test("whoever may only read can see the history, and not roll back", async () => {
  const printed = await halfkey.ok(["clients", "create", "reader", ...production, "--mode", "read", "-q"])
  const reader = { ...JSON.parse(printed), CS_ENDPOINT: halfkey.profile()["endpoint"] }
  const env = { ...reader, HALFKEY_CONFIG_DIR: `${halfkey.directory}/reader` }
  assert.equal((await halfkey.run(["history", "TOKEN", ...production], { env })).code, 0)
  assert.equal((await halfkey.run(["rollback", "TOKEN", "--to", "1", ...production], { env })).code, 4)
})
