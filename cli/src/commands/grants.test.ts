/** grants and granters, as admins use them against a real server. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
before(async () => {
  await admin.up()
  await admin.ok(["set", "A", "-e", "production"], { stdin: "secret of production" })
  await admin.ok(["set", "A", "-e", "staging"], { stdin: "secret of staging" })
})
after(() => admin.dispose())

/** Variables of a new client, as another machine would have them. */
async function newClient(label: string, ...args: string[]): Promise<Record<string, string>> {
  const variables = JSON.parse(await admin.ok(["clients", "create", label, ...args, "-q"]))
  const { endpoint } = admin.profile()
  return { ...variables, CS_ENDPOINT: endpoint, HALFKEY_CONFIG_DIR: join(admin.directory, label) }
}

test("grants list shows who may do what, as tables and as data", async () => {
  const { CS_CLIENT_ID: id = "" } = await newClient("reader", "-e", "staging", "--mode", "read")
  const { clientId: own = "" } = admin.profile()
  const lines = (await admin.ok(["grants", "list", "-e", "staging", "--plain"])).trim().split("\n").sort()
  assert.match(lines[0] ?? "", new RegExp(`^staging\tadmin on .*\t${own}\tread-write\ttrue$`))
  assert.equal(lines[1], `staging\treader\t${id}\tread\tfalse`)
  const all = JSON.parse(await admin.ok(["grants", "list", "-o", "json"]))
  assert.deepEqual(
    all.map(({ environment }: { environment: string }) => environment),
    ["development", "production", "staging", "staging"],
  )
  assert.equal((await admin.run(["grants", "list", "-e", "nothing"])).code, 3)
})

test("grants add and revoke take effect at once, in the environments named", async () => {
  const env = await newClient("worker", "-e", "staging")
  const id = env["CS_CLIENT_ID"] ?? ""
  const added = await admin.run(["grants", "add", id, "-e", "production", "--mode", "read"])
  assert.equal(added.code, 0, added.stderr)
  assert.match(added.stderr, new RegExp(`${id} +read +\\(new\\)\nhalfkey: ${id} may now use production \\(read\\)\n$`))
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")

  const unsure = await admin.run(["grants", "revoke", id, "-e", "production"])
  assert.deepEqual(
    [unsure.code, unsure.stderr],
    [2, `halfkey: ${id} was not taken out: nobody can be asked here\n  try: the same with -y\n`],
  )
  const revoked = await admin.run(["grants", "revoke", id, "-e", "production", "-y"])
  assert.deepEqual(
    [revoked.code, revoked.stdout, revoked.stderr],
    [
      0,
      "",
      `halfkey: ${id} is no member of production any more\nhalfkey: what it has read stays known to it: replace those secrets\n`,
    ],
  )
  assert.equal((await admin.run(["get", "A", "-e", "production"], { env })).code, 3)
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
  const narrowed = await admin.run(["grants", "add", id, "-e", "staging", "--mode", "read"])
  assert.equal(narrowed.code, 0, narrowed.stderr)
  assert.deepEqual(
    narrowed.stderr.split("\n").flatMap((line) => (line.startsWith("  worker") ? [line.replace(/ +/g, " ")] : [])),
    [` worker ${id} read-write -> read`],
  )
  const again = await admin.run(["grants", "revoke", id, "-e", "production", "-y"])
  assert.deepEqual([again.code, again.stderr], [0, "halfkey: it is no member of production: nothing was done there\n"])
})

test("grants revoke --rotate begins an epoch without the client", async () => {
  const env = await newClient("leaver", "-e", "staging")
  const revoked = await admin.run(["grants", "revoke", env["CS_CLIENT_ID"] ?? "", "-e", "staging", "--rotate", "-y"])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.match(revoked.stderr, /for what is there already\n {2}try: halfkey rotate -e staging\n/)
  await admin.ok(["set", "B", "-e", "staging"], { stdin: "under new keys" })
  assert.equal(await admin.ok(["get", "A", "-e", "staging"]), "secret of staging")
  assert.equal((await admin.run(["get", "B", "-e", "staging"], { env })).code, 3)
})

test("the only member is not taken out by the way, since nobody could let anyone in again", async () => {
  const { clientId: own = "" } = admin.profile()
  await admin.ok(["environments", "create", "alone"])
  const refused = await admin.run(["grants", "revoke", own, "-e", "alone", "-y"])
  assert.deepEqual(
    [refused.code, refused.stderr],
    [
      2,
      `halfkey: ${own} is the only member of alone
  try: let another one in first: halfkey grants add ID -e alone
  try: to give it up: halfkey environments destroy alone
  try: to shut it, so that only the recovery kit opens it again: the same with --last
`,
    ],
  )
  await admin.ok(["set", "A", "-e", "alone"], { stdin: "still there" })
  assert.match((await admin.run(["grants", "revoke", own, "-e", "alone", "--last", "-y"])).stderr, /no member of alone/)
  assert.equal((await admin.run(["get", "A", "-e", "alone"])).code, 3)
  await admin.ok(["environments", "destroy", "alone", "-y"])
})

test("revoking the last member stays instant, and says which environments only the recovery kit opens now", async () => {
  const { clientId: own = "" } = admin.profile()
  await admin.ok(["environments", "create", "solo"])
  const { CS_CLIENT_ID: id = "" } = await newClient("hermit", "-e", "solo")
  await admin.ok(["grants", "revoke", own, "-e", "solo", "-y"])
  const outside = await admin.run(["get", "A", "-e", "solo"])
  assert.deepEqual(
    [outside.code, outside.stderr],
    [
      3,
      `halfkey: this client is no member of solo\n  try: ask a granter who is one: halfkey grants add ${own} -e solo\n`,
    ],
  )
  const revoked = await admin.run(["clients", "revoke", id, "-y"])
  assert.deepEqual(
    [revoked.code, revoked.stderr],
    [
      0,
      `halfkey: ${id} has no access any more; signed again without it: solo
halfkey: what it has read stays known to it: replace those secrets
halfkey: no member is left in solo: only the recovery kit opens what is there
  try: halfkey recover --help   (it puts every client out), or give it up: halfkey environments destroy solo
`,
    ],
  )
  const closed = await admin.run(["get", "A", "-e", "solo"])
  assert.deepEqual(
    [closed.code, closed.stderr],
    [
      3,
      `halfkey: the environment solo has no members: only the recovery kit opens it
  try: halfkey recover --help (it puts every client out), or give it up: halfkey environments destroy solo
`,
    ],
  )
  await admin.ok(["environments", "destroy", "solo", "-y"])
})

test("a member sees its own environments and changes nothing", async () => {
  const env = await newClient("curious", "-e", "development")
  const lines = (await admin.ok(["grants", "list", "--plain"], { env })).trim().split("\n")
  assert.ok(lines.every((line) => line.startsWith("development\t")))
  const id = env["CS_CLIENT_ID"] ?? ""
  assert.equal((await admin.run(["grants", "add", id, "-e", "production"], { env })).code, 4)
  assert.equal((await admin.run(["grants", "revoke", id, "-e", "development", "-y"], { env })).code, 4)
})

test("a second granter signs, is removed, and what it signed is signed again", async () => {
  const env = await newClient("deputy", "-e", "production", "-e", "staging", "--role", "admin")
  const id = env["CS_CLIENT_ID"] ?? ""
  const { clientId: own = "" } = admin.profile()
  assert.equal((await admin.run(["grants", "revoke", id, "-e", "staging", "-y"], { env })).code, 4)

  const added = await admin.run(["granters", "add", id, "-y"])
  assert.equal(added.code, 0, added.stderr)
  assert.match(
    added.stderr,
    new RegExp(`^halfkey: who may sign who is a member\n {2}admin on .* +${own}\n {2}deputy +${id} +\\(new\\)\n`),
  )
  assert.match(added.stderr, new RegExp(`\nhalfkey: ${id} is a granter now\n$`))
  assert.match((await admin.run(["granters", "add", id, "-y"])).stderr, /is a granter already\n$/)
  const { CS_CLIENT_ID: guest = "" } = JSON.parse(
    await admin.ok(["clients", "create", "guest", "-e", "production", "-q"], { env }),
  )

  const refused = await admin.run(["clients", "revoke", id, "-y"])
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    new RegExp(`is a granter: it signs who is a member\n {2}try: .*halfkey granters remove ${id}\n`),
  )
  const itself = await admin.run(["granters", "remove", own, "-y"])
  assert.deepEqual(
    [itself.code, itself.stderr],
    [2, "halfkey: a granter cannot remove itself\n  try: ask another granter to do it\n"],
  )
  const removed = await admin.run(["granters", "remove", id, "-y"])
  assert.equal(removed.code, 0, removed.stderr)
  // Listed in order of id, which is random here.
  assert.match(removed.stderr, new RegExp(`\n {2}deputy +${id} +\\(leaves\\)\n`))
  assert.match(
    removed.stderr,
    new RegExp(`\nhalfkey: signed again by you: production\nhalfkey: ${id} is no granter any more\n$`),
  )
  assert.equal((await admin.ok(["granters", "list", "--plain"])).trim().split("\t")[1], own)
  assert.equal((await admin.run(["clients", "create", "x", "-e", "staging"], { env })).code, 4)
  // Its grants stay, and what it had signed still holds.
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  const members = JSON.parse(await admin.ok(["grants", "list", "-e", "production", "-o", "json"]))
  assert.ok(members.some(({ clientId }: { clientId: string }) => clientId === guest))
  await admin.ok(["clients", "revoke", id, "-y"])
  assert.equal((await admin.run(["get", "A", "-e", "production"], { env })).code, 4)
})
