/** rotate, and clients revoke --rotate: what is printed, and a command that is killed anywhere and typed again. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { Secrets, unwrap } from "halfkey/secrets"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const admin = new Installation()
before(() => admin.up())
after(() => admin.dispose())

async function setAll(environment: string, count: number, value: string): Promise<void> {
  for (let index = 0; index < count; index++) {
    await admin.ok(["set", `N_${index}`, "-e", environment], { stdin: `${value} ${index}` })
  }
}

/** Variables of a new client, as another machine would have them. */
async function newClient(...args: string[]): Promise<Record<string, string>> {
  const variables = JSON.parse(await admin.ok(["clients", "create", ...args, "-q"]))
  return {
    ...variables,
    CS_ENDPOINT: admin.profile()["endpoint"],
    HALFKEY_CONFIG_DIR: join(admin.directory, "other-machine"),
  }
}

test("rotate tells whom it seals to and what it did", async () => {
  await setAll("development", 3, "v")
  const { clientId: own = "" } = admin.profile()
  const rotated = await admin.run(["rotate", "-e", "development"])
  assert.deepEqual([rotated.code, rotated.stdout], [0, ""])
  assert.match(
    rotated.stderr,
    new RegExp(
      `^halfkey: the keys of development are sealed to\n {2}admin on .* {2}${own} {2}read-write\nhalfkey: development has new keys \\(epoch 2\\); 3 versions sealed again, the old keys are destroyed\n$`,
    ),
  )
  assert.equal(await admin.ok(["get", "N_2", "-e", "development"]), "v 2")
})

test("rotate takes several environments, or all; one it may not write is named", async () => {
  const two = await admin.run(["rotate", "-e", "production", "-e", "staging", "-q"])
  assert.equal(two.code, 0)
  const all = await admin.run(["rotate", "--all"])
  assert.equal(all.code, 0, all.stderr)
  const told = all.stderr.split("\n").filter((line) => line.includes("has new keys"))
  assert.deepEqual(
    told.map((line) => line.replace(/;.*/, "")),
    ["development", "production", "staging"].map((name) => `halfkey: ${name} has new keys (epoch 3)`),
  )
})

test("wrong use of rotate is told before any request", async () => {
  for (const [args, text] of [
    [["rotate"], "halfkey: no environment was named\n  try: -e production, or --all\n"],
    [["rotate", "--all", "-e", "staging"], "halfkey: --all and -e were both given\n  try: one of them\n"],
  ] as const) {
    const { code, stderr } = await admin.run(args, { env: { CS_ENDPOINT: "http://127.0.0.1:1" } })
    assert.deepEqual([code, stderr], [2, text])
  }
  const unknown = await admin.run(["rotate", "-e", "stagin"])
  assert.equal(unknown.code, 3)
  assert.match(unknown.stderr, /did you mean staging\?/)
})

test("a member that signs nothing is refused before anything is begun", async () => {
  const env = await newClient("member", "-e", "staging")
  const refused = await admin.run(["rotate", "-e", "staging"], { env })
  assert.deepEqual([refused.code, refused.stdout], [4, ""])
  assert.match(
    refused.stderr,
    /^halfkey: this client may not sign who is a member\n {2}try: ask one of the granters: admin on /,
  )
})

test("revoke --rotate puts out, gives new keys, and says so", async () => {
  const env = await newClient("leaver", "-e", "staging", "-e", "production")
  await admin.ok(["set", "A", "-e", "production"], { stdin: "old" })
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "old")
  const id = env["CS_CLIENT_ID"] ?? ""
  const revoked = await admin.run(["clients", "revoke", id, "--rotate", "-y"])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.ok(!revoked.stderr.includes(`${id}  `), "it is not among those who are sealed to")
  assert.match(
    revoked.stderr,
    new RegExp(
      `halfkey: ${id} has no access any more; signed again without it: production, staging\nhalfkey: new keys, and nothing left under the old ones: production, staging\nhalfkey: what it has read stays known to it: replace those secrets\n$`,
    ),
  )
  assert.equal((await admin.run(["get", "A", "-e", "production"], { env })).code, 4)
  assert.equal(await admin.ok(["get", "A", "-e", "production"]), "old")
})

test("progress is for terminals", { skip: noTerminal }, async () => {
  const terminal = new Terminal(["rotate", "-e", "development"], admin.env())
  const { code, shown } = await terminal.end()
  assert.equal(code, 0, shown)
  assert.ok(
    shown.includes("\r\u{1b}[2Kdevelopment: sealed again 3 of 3 (100 %)\r\u{1b}[2Khalfkey: development has new keys"),
  )
})

/** Enough for several requests of a rotation. */
async function fill(environment: string, count: number): Promise<void> {
  const secrets = new Secrets({ ...admin.profile(), environment, env: {} })
  const entries = Array.from({ length: count }, (_, index) => [`FILL_${index}`, `${index}`] as const)
  unwrap(await secrets.setMany(new Map(entries.slice(0, count / 2))))
  unwrap(await secrets.setMany(new Map(entries.slice(count / 2))))
  await secrets.close()
}

/** The same numbers each time: mulberry32. */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test("killed at any moment and typed again, it goes on: nothing is lost, nothing is left over", async () => {
  const environment = "staging"
  await setAll(environment, 6, "early")
  await setAll(environment, 6, "late")
  await admin.ok(["delete", "N_5", "-e", environment, "-y"])
  await fill(environment, 600)
  const startedAt = performance.now()
  await admin.ok(["rotate", "-e", environment, "-q"])
  const wholeMs = performance.now() - startedAt
  const random = numbersFrom(4)
  let killed = 0
  for (let count = 0; count < 30 || killed < 20; count++) {
    const child = admin.spawn(["rotate", "-e", environment, "-q"])
    child.stdout.resume()
    child.stderr.resume()
    const ended = once(child, "exit")
    await delay(random() * wholeMs * 1.1)
    child.kill("SIGKILL")
    const [code, signal] = await ended
    if (signal === "SIGKILL") killed++
    else assert.equal(code, 0)
    assert.equal(await admin.ok(["get", "N_0", "-e", environment]), "late 0")
  }
  const last = await admin.run(["rotate", "-e", environment])
  assert.equal(last.code, 0, last.stderr)
  const again = await admin.run(["rotate", "-e", environment])
  assert.match(again.stderr, /; 613 versions sealed again, the old keys are destroyed\n$/)
  const read = await admin.ok(["get-many", "N_0", "N_1", "N_2", "N_3", "N_4", "-e", environment, "-o", "json"])
  assert.deepEqual(
    JSON.parse(read),
    Object.fromEntries([0, 1, 2, 3, 4].map((index) => [`N_${index}`, `late ${index}`])),
  )
  assert.equal((await admin.run(["get", "N_5", "-e", environment])).code, 3)
})
