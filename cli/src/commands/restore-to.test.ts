/** restore --to: an environment as it was, deletions included, in one commit; shown before, by name and version. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const halfkey = new Installation()
const production = ["-e", "production"]
/** After the first writes, and before the others. */
let then = ""
before(async () => {
  await halfkey.up()
  await set("CHANGED", "canary-c1")
  await set("KEPT", "canary-k")
  await set("GONE", "canary-g")
  await set("GONE_BEFORE", "canary-b")
  await halfkey.ok(["delete", "GONE_BEFORE", ...production, "-y"])
  await set("SAME", "canary-s")
  then = await afterNow()
  await set("CHANGED", "canary-c2")
  await halfkey.ok(["delete", "GONE", ...production, "-y"])
  await set("GONE_BEFORE", "canary-back")
  await set("NEW", "canary-n")
  await set("SAME", "canary-other")
  await set("SAME", "canary-s")
})
after(() => halfkey.dispose())

const set = (name: string, value: string) => halfkey.ok(["set", name, ...production], { stdin: value })

/** A moment that is later than every version so far, and earlier than every later one. */
async function afterNow(): Promise<string> {
  const listed = JSON.parse(await halfkey.ok(["list", ...production, "-o", "json"]))
  const newest = Math.max(...listed.map(({ updatedAt }: { updatedAt: string }) => Date.parse(updatedAt)))
  while (Date.now() <= newest + 1) await new Promise((resolve) => setTimeout(resolve, 2))
  const time = Date.now()
  while (Date.now() <= time) await new Promise((resolve) => setTimeout(resolve, 2))
  return new Date(time).toISOString()
}

async function everything(): Promise<Record<string, string>> {
  const names = JSON.parse(await halfkey.ok(["list", ...production, "-o", "json"])).map(
    ({ name }: { name: string }) => name,
  )
  return JSON.parse(await halfkey.ok(["get-many", ...names, ...production, "-o", "json"]))
}

const now = { CHANGED: "canary-c2", GONE_BEFORE: "canary-back", KEPT: "canary-k", NEW: "canary-n", SAME: "canary-s" }
const plan = () => `halfkey: production, back to ${then}
  changed  CHANGED      version 2: back to that of 1
  added    GONE         version 2: back to that of 1
  deleted  GONE_BEFORE  version 3: was not there
  deleted  NEW          version 1: was not there
`

test("a dry run prints names and versions, and changes nothing", async () => {
  const { code, stderr, stdout } = await halfkey.run(["restore", "--to", then, ...production, "--dry-run"])
  assert.deepEqual([code, stderr], [0, ""])
  assert.match(
    stdout,
    /^CHANGED\tchanged\t2\t1\t[^\t]+Z\nGONE\tadded\t2\t1\t[^\t]+Z\nGONE_BEFORE\tdeleted\t3\t\t\nNEW\tdeleted\t1\t\t\n$/,
  )
  assert.ok(!stdout.includes("canary"))
  const json = JSON.parse(await halfkey.ok(["restore", "--to", then, ...production, "NEW", "--dry-run", "-o", "json"]))
  assert.deepEqual(json, [{ name: "NEW", change: "deleted", version: 1, restores: null, writtenAt: null }])
  assert.deepEqual(await everything(), now)
})

test("without a terminal it shows, and wants -y", async () => {
  const { code, stderr, stdout } = await halfkey.run(["restore", "--to", then, ...production])
  assert.deepEqual(
    [code, stdout, stderr],
    [2, "", `${plan()}halfkey: production was not changed: nobody can be asked here\n  try: the same with -y\n`],
  )
  assert.deepEqual(await everything(), now)
})

test("a no leaves everything as it is", { skip: noTerminal }, async () => {
  const terminal = new Terminal(["restore", "--to", then, ...production], halfkey.env())
  await terminal.shows("Make 4 changes in production? [y/N]")
  terminal.type("n\n")
  const { code, shown } = await terminal.end()
  assert.deepEqual([code, shown.split("\n").at(-2)], [1, "halfkey: production was not changed"])
  assert.deepEqual(await everything(), now)
})

test("what somebody else writes while it asks is a conflict, and nothing is written", {
  skip: noTerminal,
}, async () => {
  const terminal = new Terminal(["restore", "--to", then, ...production, "GONE", "NEW"], halfkey.env())
  await terminal.shows("Make 2 changes in production? [y/N]")
  await set("NEW", "canary-n2")
  terminal.type("y\n")
  const { code, shown } = await terminal.end()
  assert.equal(code, 5, shown)
  assert.match(shown, /halfkey: NEW is at version 2, expected 1\n/)
  assert.deepEqual(await everything(), { ...now, NEW: "canary-n2" })
})

test("-y writes all of it in one commit, and going back again undoes it", async () => {
  const before = await afterNow()
  const { code, stderr, stdout } = await halfkey.run(["restore", "--to", then, ...production, "-y"])
  assert.deepEqual(
    [code, stdout, stderr],
    [
      0,
      "",
      `${plan().replace("NEW          version 1", "NEW          version 2")}halfkey: production is as it was at ${then}: 4 changes, in one commit\n`,
    ],
  )
  const old = { CHANGED: "canary-c1", GONE: "canary-g", KEPT: "canary-k", SAME: "canary-s" }
  assert.deepEqual(await everything(), old)
  const commits = JSON.parse(
    await halfkey.ok(["audit", "list", "--action", "secret.commit", "--name", "GONE", "-o", "json"]),
  )
  const together = commits.find(({ names }: { names: string[] }) => names.includes("GONE@3"))
  assert.deepEqual(together?.names.sort(), ["CHANGED@3", "GONE@3", "GONE_BEFORE@4", "NEW@3"])
  const again = await halfkey.run(["restore", "--to", then, ...production, "-y"])
  assert.deepEqual(
    [again.code, again.stderr],
    [0, `halfkey: production is as it was at ${then}: there is nothing to change\n`],
  )
  const undone = await halfkey.run(["restore", "--to", before, ...production, "-y", "-q"])
  assert.deepEqual([undone.code, undone.stdout, undone.stderr], [0, "", ""])
  assert.deepEqual(await everything(), { ...now, NEW: "canary-n2" })
})

test("named secrets alone, also one that is called accept", async () => {
  await set("accept", "canary-a1")
  const first = await afterNow()
  await set("accept", "canary-a2")
  await set("KEPT", "canary-k2")
  await halfkey.ok(["restore", "--to", first, ...production, "-n", "accept", "-y"])
  assert.equal(await halfkey.ok(["get", "accept", ...production]), "canary-a1")
  assert.equal(await halfkey.ok(["get", "KEPT", ...production]), "canary-k2")
})

test("wrong use is told with what to type", async () => {
  const hint = "  try: --to 2h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z\n"
  for (const [args, code, stderr] of [
    [["restore", ...production], 2, `halfkey: no time was named to go back to\n${hint}`],
    [["restore", "--to", "soon", ...production], 2, `halfkey: --to cannot be "soon"\n${hint}`],
    [["restore", "--to", "2999-01-01", ...production], 2, `halfkey: --to 2999-01-01 has not come yet\n${hint}`],
    [
      ["restore", "--to", then, ...production, "KEPT", "NEVER", "-y"],
      3,
      "halfkey: there is no secret NEVER in production\n  try: `halfkey list -e production` shows what there is\n",
    ],
    [["restore", "accept", "--to", "2h"], 2, "halfkey: unknown option '--to'\n  try: halfkey restore accept --help\n"],
  ] as const) {
    const ended = await halfkey.run(args)
    assert.deepEqual([ended.code, ended.stdout, ended.stderr], [code, "", stderr], args.join(" "))
  }
})

test("both restores are in the help, each with what the other is for", async () => {
  const own = await halfkey.ok(["restore", "--help"])
  assert.ok(own.startsWith("Usage: halfkey restore [options] [names...]\n"), own)
  assert.ok(own.includes("halfkey restore accept"))
  const accept = await halfkey.ok(["restore", "accept", "--help"])
  assert.ok(accept.startsWith("Usage: halfkey restore accept [options]\n"), accept)
  assert.ok(accept.includes("halfkey restore --to"))
})
