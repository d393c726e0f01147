/** `halfkey keys rotate`: keys of others, the own one, profiles of this machine; and when keys were last used. */
import assert from "node:assert/strict"
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
before(() => admin.up())
after(() => admin.dispose())

interface Listed {
  readonly [name: string]: unknown
}
const listed = async (id: string, command = ["keys"]): Promise<Listed | undefined> => {
  const all: Listed[] = JSON.parse(await admin.ok([...command, "list", "--all", "-o", "json"]))
  return all.find((each) => each["id"] === id || each["clientId"] === id)
}
const idOf = (apiKey: string | undefined) => apiKey?.slice(5, 21) ?? ""
const withKey = (apiKey: string, name: string) => ({
  ...admin.variables(),
  CS_CLIENT_ACCESS_KEY: apiKey,
  HALFKEY_CONFIG_DIR: join(admin.directory, name),
})
const canList = async (apiKey: string, name: string) =>
  (await admin.run(["list", "-e", "staging"], { env: withKey(apiKey, name) })).code

test("another key gets a successor like itself, printed once, and works until the overlap ends", async () => {
  const create = ["keys", "create", "report", "-e", "staging", "--read-only", "--expires", "30d", "-q"]
  const old = JSON.parse(await admin.ok(create))
  const { code, stdout, stderr } = await admin.run(["keys", "rotate", old.id, "--overlap", "2h"])
  assert.equal(code, 0, stderr)
  const made = JSON.parse(stdout)
  assert.deepEqual(Object.keys(made), [
    "id",
    "label",
    "role",
    "clientId",
    "expiresAt",
    "rotated",
    "CS_CLIENT_ACCESS_KEY",
  ])
  assert.match(made.CS_CLIENT_ACCESS_KEY, new RegExp(`^hkak_${made.id}_[\\w-]{48}$`))
  assert.deepEqual(
    [made.label, made.role, made.clientId, made.expiresAt, made.rotated.id],
    ["report", "member", old.clientId, old.expiresAt, old.id],
  )
  const hours = (Date.parse(made.rotated.expiresAt) - Date.now()) / 3_600_000
  assert.ok(hours > 1.9 && hours <= 2.01, made.rotated.expiresAt)
  assert.equal(
    stderr,
    `halfkey: the new key is not shown again\nhalfkey: the API key ${old.id} works until ${made.rotated.expiresAt}\n`,
  )
  for (const key of [old, made]) assert.equal(await canList(key.CS_CLIENT_ACCESS_KEY, key.id), 0)
  const before = await listed(old.id)
  const now = await listed(made.id)
  assert.deepEqual(before?.["limits"], [
    "read-only",
    "staging",
    `until ${made.rotated.expiresAt}`,
    `rotated to ${made.id}`,
  ])
  assert.deepEqual(now?.["limits"], ["read-only", "staging", `until ${old.expiresAt}`])
  assert.match(await admin.ok(["keys", "list"]), new RegExp(`\\t${made.id}\\tmember\\t`))
})

test("with --overlap 0 the old key stops at once, after a question", async () => {
  const old = JSON.parse(await admin.ok(["keys", "create", "leaked", "-q"]))
  assert.equal(await canList(old.CS_CLIENT_ACCESS_KEY, "leaked"), 0)
  const unsure = await admin.run(["keys", "rotate", old.id, "--overlap", "0"])
  assert.deepEqual(
    [unsure.code, unsure.stdout, unsure.stderr],
    [2, "", `halfkey: ${old.id} was not rotated: nobody can be asked here\n  try: the same with -y\n`],
  )
  const { code, stdout, stderr } = await admin.run(["keys", "rotate", old.id, "--overlap", "0", "-y", "-o", "env"])
  assert.equal(code, 0)
  const [, secret = ""] = /^CS_CLIENT_ACCESS_KEY=(hkak_\S+)\n$/.exec(stdout) ?? assert.fail(stdout)
  assert.match(stderr, new RegExp(`halfkey: the API key ${old.id} does not work any more\\n$`))
  // Its stored token does not help either.
  assert.equal(await canList(old.CS_CLIENT_ACCESS_KEY, "leaked"), 4)
  assert.equal(await canList(secret, "not leaked"), 0)
  const again = await admin.run(["keys", "rotate", old.id, "-q"])
  assert.deepEqual(
    [again.code, again.stdout, again.stderr],
    [
      5,
      "",
      `halfkey: the API key ${old.id} was rotated already: ${idOf(secret)} took its place\n  try: halfkey keys rotate ${idOf(secret)} --overlap 0, if nobody got that one\n`,
    ],
  )
})

test("the own key: the profile has the new one, and the old one is ended by it", async () => {
  for (const overlap of ["24h", "0"]) {
    const before = admin.profile()
    const { code, stdout, stderr } = await admin.run([
      "keys",
      "rotate",
      idOf(before["apiKey"]),
      "--overlap",
      overlap,
      "-y",
    ])
    assert.equal(code, 0, stderr)
    const made = JSON.parse(stdout)
    assert.deepEqual(admin.profile(), { ...before, apiKey: made.CS_CLIENT_ACCESS_KEY })
    assert.match(stderr, /halfkey: profile local uses it from now on\n/)
    assert.match(await admin.ok(["whoami"]), /role\tadmin\n/)
    assert.equal(await canList(before["apiKey"] ?? "", overlap), overlap === "0" ? 4 : 0)
    const old = await listed(idOf(before["apiKey"]))
    assert.deepEqual([old?.["rotatedTo"], old?.["revokedAt"] !== null], [made.id, overlap === "0"])
  }
})

test("every profile of this machine that uses the key is given the new one, and no other", async () => {
  await admin.ok(["clients", "create", "laptop", "-e", "staging", "--save-profile", "laptop"])
  const [laptop, local] = [admin.profile("laptop"), admin.profile()]
  await admin.ok(["list", "-e", "staging", "--profile", "laptop"])
  const { stderr } = await admin.run(["keys", "rotate", idOf(laptop["apiKey"])])
  assert.match(stderr, /halfkey: profile laptop uses it from now on\n/)
  assert.notEqual(admin.profile("laptop")["apiKey"], laptop["apiKey"])
  const tokensOf = (apiKey: string | undefined) =>
    readdirSync(join(admin.configDirectory, "tokens")).filter((name) => name.includes(`_${idOf(apiKey)}_`)).length
  assert.deepEqual([tokensOf(laptop["apiKey"]), tokensOf(local["apiKey"])], [0, 1])
  assert.deepEqual(admin.profile(), local)
  assert.match(await admin.ok(["whoami", "--profile", "laptop"]), /role\tmember\n/)
})

test("a profile that cannot be written keeps the key from being rotated", async () => {
  const inTheWay = join(admin.configDirectory, "profiles", "local.json.probe")
  const id = idOf(admin.profile()["apiKey"])
  mkdirSync(inTheWay)
  try {
    const { code, stdout } = await admin.run(["keys", "rotate", id])
    assert.deepEqual([code, stdout], [2, ""])
  } finally {
    rmdirSync(inTheWay)
  }
  assert.equal((await listed(id))?.["rotatedTo"], null)
})

test("wrong use is told before any request, and what may not be by the server", async () => {
  for (const [args, code, reason] of [
    [["hkak_3k5v6w2o4ab7cdqz_AAAA"], 2, /that is a whole API key/],
    [["3k5v"], 2, /not the id of an API key/],
    [
      ["3k5v6w2o4ab7cdqz", "--overlap", "soon"],
      2,
      /--overlap cannot be "soon"\n {2}try: --overlap 24h, or 0; at most 30d/,
    ],
    [["3k5v6w2o4ab7cdqz", "--overlap", "31d"], 2, /--overlap cannot be "31d"/],
    [["3k5v6w2o4ab7cdqz"], 3, /there is no such API key in this workspace/],
  ] as const) {
    const { stderr, ...outcome } = await admin.run(["keys", "rotate", ...args])
    assert.equal(outcome.code, code, stderr)
    assert.match(stderr, reason)
    assert.ok(!stderr.includes("_AAAA"))
  }
  const member = await admin.run(["keys", "rotate", idOf(admin.profile("laptop")["apiKey"]), "--profile", "laptop"])
  assert.equal(member.code, 4)
})

test("the lists tell when a key and its client were last used", async () => {
  const start = Date.now() - 1000
  const made = JSON.parse(await admin.ok(["clients", "create", "worker", "-e", "staging", "-q"]))
  const [keyId, clientId] = [idOf(made.CS_CLIENT_ACCESS_KEY), made.CS_CLIENT_ID]
  assert.deepEqual(
    [(await listed(keyId))?.["lastUsedAt"], (await listed(clientId, ["clients"]))?.["lastUsedAt"]],
    [null, null],
  )
  const env = { ...made, CS_ENDPOINT: admin.profile()["endpoint"], HALFKEY_CONFIG_DIR: join(admin.directory, "worker") }
  await admin.ok(["list", "-e", "staging"], { env })
  for (const row of [await listed(keyId), await listed(clientId, ["clients"])]) {
    const at = Date.parse(String(row?.["lastUsedAt"]))
    assert.ok(at >= start && at <= Date.now() + 1000, String(row?.["lastUsedAt"]))
  }
  const line = (await admin.ok(["clients", "list", "-o", "tsv"])).split("\n")[0]
  assert.match(line ?? "", /\tcreatedAt\tlastUsedAt$/)
})

test("no secret of a key is in a file but the profile", async () => {
  const { apiKey = "" } = admin.profile()
  assert.ok(!readFileSync(join(admin.dataDirectory, "server.log"), "utf8").includes(apiKey.slice(22)))
})
