/** environments disable, enable, destroy and undo-destroy, as a granter uses them against a real server. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const admin = new Installation()
before(async () => {
  await admin.up()
  for (const name of ["production", "staging", "development"]) {
    await admin.ok(["set", "A", "-e", name], { stdin: `secret of ${name}` })
  }
})
after(() => admin.dispose())

interface Listed {
  readonly name: string
  readonly state: string
  readonly undoUntil: string | null
  readonly purgedAt: string | null
}

async function listed(name: string): Promise<Listed> {
  const all: Listed[] = JSON.parse(await admin.ok(["environments", "list", "-o", "json"]))
  const found = all.find((each) => each.name === name)
  assert.ok(found)
  return found
}

/** Exit code and stderr of what prints nothing. */
async function told(...args: string[]): Promise<[code: number | null, stderr: string]> {
  const { code, stderr, stdout } = await admin.run(args)
  assert.equal(stdout, "")
  return [code, stderr]
}

test("disable stops get, set and run at once, and each says what to type; enable undoes it", async () => {
  assert.deepEqual(await told("environments", "disable", "production"), [
    2,
    "halfkey: production was not disabled: nobody can be asked here\n  try: the same with -y\n",
  ])
  assert.deepEqual(await told("environments", "disable", "production", "-y"), [
    0,
    "halfkey: production is disabled: nobody reads or writes there\n  back: halfkey environments enable production\n",
  ])
  const refusal = [
    4,
    "halfkey: production is disabled\n  try: halfkey environments enable production   (as a granter)\n",
  ] as const
  assert.deepEqual(await told("get", "A", "-e", "production"), refusal)
  assert.deepEqual(await told("set", "A", "-e", "production", "--value", "x", "-q"), refusal)
  assert.deepEqual(await told("list", "-e", "production"), refusal)
  const [code, stderr] = await told("run", "-e", "production", "--", "true")
  assert.deepEqual([code, stderr], [125, refusal[1]])
  assert.equal((await listed("production")).state, "disabled")
  assert.deepEqual(await told("environments", "disable", "production", "-y"), [
    0,
    "halfkey: production is disabled already\n",
  ])
  assert.deepEqual(await told("environments", "undo-destroy", "production"), [
    2,
    "halfkey: production is not destroyed, but disabled\n  try: halfkey environments enable production\n",
  ])
  assert.deepEqual(await told("environments", "enable", "production"), [0, "halfkey: production is enabled\n"])
  assert.deepEqual(await told("environments", "enable", "production"), [0, "halfkey: production is enabled already\n"])
  assert.equal(await admin.ok(["get", "A", "-e", "production"]), "secret of production")
})

test("destroy shows who loses what and until when it can be undone; undo-destroy brings all back", async () => {
  const { clientId: own = "" } = admin.profile()
  const unsure = await told("environments", "destroy", "staging")
  assert.equal(unsure[0], 2)
  assert.match(
    unsure[1],
    /\nhalfkey: staging was not destroyed: nobody can be asked here\n {2}try: the same with -y\n$/,
  )
  const before = Date.now()
  const [code, stderr] = await told("environments", "destroy", "staging", "-y")
  assert.equal(code, 0, stderr)
  const { state, undoUntil, purgedAt } = await listed("staging")
  assert.deepEqual([state, purgedAt], ["destroyed", null])
  const days = (Date.parse(String(undoUntil)) - before) / (24 * 60 * 60 * 1000)
  assert.ok(days >= 7 && days < 7.1, String(days))
  assert.match(
    stderr,
    new RegExp(
      `^halfkey: who loses staging\n {2}admin on .* {2}${own} {2}read-write\nhalfkey: staging is destroyed\n {2}back, until ${undoUntil}: halfkey environments undo-destroy staging\n$`,
    ),
  )
  const lines = (await admin.ok(["environments", "list", "--plain"])).split("\n")
  assert.match(lines.find((line) => line.startsWith("staging")) ?? "", new RegExp(`\tdestroyed\t.*\t${undoUntil}$`))
  assert.deepEqual(await told("get", "A", "-e", "staging"), [
    4,
    `halfkey: staging is destroyed, which can be undone until ${undoUntil}\n  try: halfkey environments undo-destroy staging   (as a granter)\n`,
  ])
  assert.deepEqual(await told("environments", "enable", "staging"), [
    4,
    "halfkey: staging is destroyed\n  try: while there is time: halfkey environments undo-destroy staging\n",
  ])
  const again = await told("environments", "destroy", "staging", "-y")
  assert.match(again[1], new RegExp(`halfkey: staging is destroyed already\n {2}back, until ${undoUntil}: `))
  assert.deepEqual(await told("environments", "create", "staging"), [
    5,
    "halfkey: the name staging is taken, or was once\n  try: choose another name: a name is never used again within a workspace\n",
  ])
  assert.deepEqual(await told("environments", "undo-destroy", "staging"), [
    0,
    "halfkey: staging is there again, and enabled\n",
  ])
  assert.deepEqual(await told("environments", "undo-destroy", "staging"), [0, "halfkey: staging is not destroyed\n"])
  assert.equal(await admin.ok(["get", "A", "-e", "staging"]), "secret of staging")
})

test("a member that is no granter turns nothing", async () => {
  const variables = JSON.parse(await admin.ok(["clients", "create", "worker", "-e", "development", "-q"]))
  const { endpoint } = admin.profile()
  const env = { ...variables, CS_ENDPOINT: endpoint, HALFKEY_CONFIG_DIR: join(admin.directory, "worker") }
  for (const verb of ["disable", "destroy"]) {
    const { code, stderr } = await admin.run(["environments", verb, "development", "-y"], { env })
    assert.equal(code, 4)
    assert.match(
      stderr,
      /halfkey: this client may not sign who is a member\n {2}try: ask one of the granters: admin on /,
    )
  }
})

test("at a terminal the name is typed again", { skip: noTerminal }, async () => {
  for (const [typed, code, state] of [
    ["yes", 1, "enabled"],
    ["\u{3}", 130, "enabled"],
    ["development", 0, "destroyed"],
  ] as const) {
    const terminal = new Terminal(["environments", "destroy", "development"], admin.env())
    await terminal.shows("All of development will be lost. Type development to go on: ")
    terminal.type(typed === "\u{3}" ? typed : `${typed}\r`)
    const ended = await terminal.end()
    assert.equal(ended.code, code, ended.shown)
    assert.equal((await listed("development")).state, state)
  }
})

describe("where no time is left to undo it", () => {
  const other = new Installation()
  before(async () => {
    await other.up({ HALFKEY_DESTROY_AFTER_DAYS: "0" })
    await other.ok(["set", "A", "-e", "staging"], { stdin: "secret of staging" })
  })
  after(() => other.dispose())

  test("destroy says so, list shows it with --all only, and nothing brings it back", async () => {
    const { code, stderr } = await other.run(["environments", "destroy", "staging", "-y"])
    assert.equal(code, 0)
    assert.match(stderr, /\nhalfkey: staging is destroyed\n {2}its keys are deleted: nothing undoes that\n$/)
    const list = async (...args: string[]) =>
      (await other.ok(["environments", "list", "--plain", ...args])).trim().split("\n")
    while ((await list()).length > 2) await sleep(20)
    const [row = ""] = (await list("--all")).filter((line) => line.startsWith("staging\t"))
    assert.match(row, /^staging\tread-write\t1\tdestroyed\t\S+\ttoo late$/)
    const undo = await other.run(["environments", "undo-destroy", "staging"])
    assert.equal(undo.code, 4)
    const gone =
      /^halfkey: staging is destroyed for good: it could be undone until \S+Z\n {2}try: make another, under another name: halfkey environments create\n$/
    assert.match(undo.stderr, gone)
    assert.match((await other.run(["get", "A", "-e", "staging"])).stderr, gone)
    assert.doesNotMatch((await other.run(["doctor"])).stdout, /staging/)
    const rotated = await other.run(["rotate", "--all"])
    assert.equal(rotated.code, 0, rotated.stderr)
    assert.doesNotMatch(rotated.stderr, /staging/)
  })
})
