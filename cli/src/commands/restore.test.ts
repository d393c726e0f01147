/** reconcile and restore accept: the operator puts last night's files in the place of today's. */
import assert from "node:assert/strict"
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const admin = new Installation()
const backup = join(admin.directory, "backup")
const member = {
  directory: join(admin.directory, "member"),
  variables: {} as Record<string, string>,
}
/** Clients by label. */
const ids: Record<string, string> = {}

/** The server is down while the operator copies, as `docs/guides/moving-a-server.md` says. */
async function whileDown(work: () => void): Promise<void> {
  await admin.stop()
  work()
  await admin.up()
}

const backUp = () => whileDown(() => cpSync(admin.dataDirectory, backup, { recursive: true }))
const restore = () =>
  whileDown(() => {
    rmSync(admin.dataDirectory, { recursive: true })
    cpSync(backup, admin.dataDirectory, { recursive: true })
  })

const asMember = () => ({
  env: { ...member.variables, CS_ENDPOINT: admin.profile()["endpoint"], HALFKEY_CONFIG_DIR: member.directory },
})

async function newClient(label: string, environment: string): Promise<Record<string, string>> {
  const variables = JSON.parse(await admin.ok(["clients", "create", label, "-e", environment, "-q"]))
  ids[label] = variables.CS_CLIENT_ID
  return variables
}

const set = (name: string, value: string) => admin.ok(["set", name, "-e", "production"], { stdin: value })

/** What is remembered of documents and secrets. Receipts are kept of every answer, whatever it said. */
function remembered(): Record<string, string> {
  const paths = globSync("state/*.{json,archive}", { cwd: admin.configDirectory }).sort()
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(admin.configDirectory, path), "utf8")]))
}

before(async () => {
  await admin.up()
  await set("A", "a1")
  await set("OLD", "o1")
  member.variables = await newClient("member", "production")
  await newClient("leaver", "production")
  await newClient("comer", "staging")
  await admin.ok(["get", "A", "-e", "production"], asMember())
  await backUp()
  await set("A", "a2")
  await set("NEW", "n1")
  await admin.ok(["delete", "OLD", "-e", "production", "-y"])
  await admin.ok(["grants", "revoke", ids["leaver"] ?? "", "-e", "production", "-y"])
  await admin.ok(["grants", "add", ids["comer"] ?? "", "-e", "production", "--mode", "read"])
  await admin.ok(["get", "NEW", "-e", "production"], asMember())
})
after(() => admin.dispose())

test("with nothing lost there is nothing to list and nothing to accept", async () => {
  const { code, stderr, stdout } = await admin.run(["reconcile"])
  assert.deepEqual([code, stdout, stderr], [0, "", "halfkey: the server has everything that this machine has seen\n"])
  const accepted = await admin.run(["restore", "accept", "-y"])
  assert.deepEqual(
    [accepted.code, accepted.stderr],
    [0, "halfkey: nothing to accept: the server has not gone back behind what this machine has seen\n"],
  )
})

test("after a restore every command refuses and names reconcile; reconcile lists, and changes nothing", async () => {
  await restore()
  const before = remembered()
  for (const args of [
    ["get", "A"],
    ["set", "A"],
    ["run", "--", "true"],
  ]) {
    const command = [...args.slice(0, 1), "-e", "production", ...args.slice(1)]
    const { code, stderr } = await admin.run(command, { stdin: "x" })
    assert.equal(code, args[0] === "run" ? 125 : 7)
    assert.match(
      stderr,
      /^halfkey: check "freshness" failed: revision 3 is older than revision 5 seen before\n {2}try: do not go on unless your operator has restored a backup: `halfkey reconcile` lists what the server went back on\n$/,
    )
  }
  const listed = await admin.run(["reconcile"])
  assert.equal(listed.code, 8, listed.stderr)
  assert.equal(
    listed.stdout,
    [
      "production\tmanifest\tbehind\trevision 5\trevision 3\trestore accept",
      `production\tmember\tleaver ${ids["leaver"]}\tno member\tread-write\tstays out`,
      `production\tmember\tcomer ${ids["comer"]}\tread\tno member\trestore accept lets it in again, if it can`,
      "production\tsecret\tA\tversion 2\tversion 1\trestore accept, then --apply writes it again",
      "production\tsecret\tNEW\tversion 1\tnot there\trestore accept, then --apply writes it again",
      "production\tsecret\tOLD\tversion 2 (deleted)\tversion 1\trestore accept, then --apply deletes it again",
      "",
    ].join("\n"),
  )
  const some = await admin.run(["reconcile", "-e", "staging", "-e", "development", "-o", "json"])
  assert.deepEqual([some.code, some.stdout], [0, "[]\n"])
  const early = await admin.run(["reconcile", "--apply", "-e", "production"])
  assert.deepEqual(
    [early.code, early.stderr],
    [
      8,
      "halfkey: production: nothing can be written before a granter has accepted the restore\n  try: halfkey restore accept -e production\n",
    ],
  )
  assert.deepEqual(remembered(), before)
  const unknown = await admin.run(["reconcile", "-e", "prodution"])
  assert.deepEqual([unknown.code, unknown.stderr.includes("did you mean production?")], [3, true])
})

test("accepting shows what it signs, and asks", async () => {
  const unsure = await admin.run(["restore", "accept"])
  assert.equal(unsure.code, 2)
  assert.match(unsure.stderr, /halfkey: nothing was accepted: nobody can be asked here\n {2}try: the same with -y\n$/)
  assert.equal((await admin.run(["reconcile"])).code, 8)
  const notOurs = await admin.run(["restore", "accept", "-y"], asMember())
  assert.equal(notOurs.code, 4, notOurs.stderr)
})

test("only the typed word goes on", { skip: noTerminal }, async () => {
  const terminal = new Terminal(["restore", "accept"], admin.env())
  await terminal.shows("What the server lost since is given up. Type accept to go on: ")
  terminal.type("yes\n")
  const { code, shown } = await terminal.end()
  assert.equal(code, 1, shown)
  assert.match(shown, /halfkey: nothing was accepted\n$/)
  assert.equal((await admin.run(["reconcile"])).code, 8)
})

test("then everything goes on: who was removed stays out, and each machine brings back what it keeps", async () => {
  const cwd = join(admin.directory, "repository")
  mkdirSync(cwd)
  writeFileSync(join(cwd, "halfkey.json"), JSON.stringify({ environment: "production", minimumRevision: 5 }))
  const accepted = await admin.run(["restore", "accept", "-y"], { cwd })
  assert.equal(accepted.code, 0, accepted.stderr)
  const lines = accepted.stderr.split("\n")
  assert.equal(
    lines[0],
    "halfkey: production is accepted as it is there, as incarnation 2; versions go on above 2000; its members are",
  )
  assert.match(accepted.stderr, new RegExp(`^ {2}comer +${ids["comer"]} +read +\\(again\\)$`, "m"))
  assert.match(accepted.stderr, new RegExp(`^ {2}leaver +${ids["leaver"]} +stays out$`, "m"))
  assert.deepEqual(lines.slice(-5), [
    "halfkey: production goes on at revision 4, incarnation 2",
    `halfkey: ${cwd}/halfkey.json pins a later revision of production: set its minimumRevision to 4`,
    "halfkey: now bring back what each machine keeps",
    "  try: halfkey reconcile --apply",
    "",
  ])
  assert.equal(await admin.ok(["get", "A", "-e", "production"]), "a1")
  assert.equal(await admin.ok(["get", "A", "-e", "production"], asMember()), "a1")
  const listed = await admin.ok(["grants", "list", "-e", "production", "--plain"])
  assert.ok(!listed.includes(ids["leaver"] ?? "") && listed.includes(ids["comer"] ?? ""), listed)

  // The member has read NEW, and no more.
  const members = await admin.run(["reconcile", "--apply"], asMember())
  assert.deepEqual(
    [members.code, members.stderr],
    [
      0,
      "halfkey: production: NEW is written again, as version 2001\nhalfkey: the server has everything that this machine has seen\n",
    ],
  )
  const applied = await admin.run(["reconcile", "--apply", "--all"])
  assert.deepEqual(
    [applied.code, applied.stderr],
    [
      0,
      "halfkey: production: A is written again, as version 2001\nhalfkey: production: OLD is deleted again, as version 2001\nhalfkey: the server has everything that this machine has seen\n",
    ],
  )
  const values = JSON.parse(await admin.ok(["get-many", "A", "NEW", "-e", "production", "-o", "json"], asMember()))
  assert.deepEqual(values, { A: "a2", NEW: "n1" })
  assert.equal((await admin.run(["get", "OLD", "-e", "production"], asMember())).code, 3)
})

test("wrong use is told before any request", async () => {
  for (const [args, text] of [
    [["restore", "accept", "--all", "-e", "staging"], "halfkey: --all and -e were both given\n  try: one of them\n"],
    [["restore", "accept", "--anyway"], "halfkey: --anyway needs an environment\n  try: --anyway -e production\n"],
    [["reconcile", "--all", "-e", "staging"], "halfkey: --all and -e were both given\n  try: one of them\n"],
  ] as const) {
    const { code, stderr } = await admin.run(args, { env: { CS_ENDPOINT: "http://127.0.0.1:1" } })
    assert.deepEqual([code, stderr], [2, text])
  }
})
