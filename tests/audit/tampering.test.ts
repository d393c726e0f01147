/** An operator with the database, and with the server's own keys, changes the log: `halfkey audit verify` says where. */
import assert from "node:assert/strict"
import { cpSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { signCheckpoint } from "@halfkey/core/formats/checkpoint"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { ServerProcess } from "../crash/server-process.ts"
import { AuditScene, type StoredEntry } from "./scene.ts"

let scene: AuditScene
let restore: () => void
/** The log as it was when the machine last verified it, and as it was left. */
let seen: number
let left: StoredEntry[]

before(async () => {
  scene = await AuditScene.open()
  await scene.use(320)
  const verified = JSON.parse(await scene.ok(["audit", "verify", "-o", "json", "-q"]))
  seen = verified.entries
  await scene.use(20)
  // The head that the server has signed last stays: nothing is asked of it from here on.
  await scene.ok(["audit", "list", "-q"])
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await scene.server.kill()
  left = scene.entries()
  restore = scene.snapshot()
})
after(() => scene.close())

const text = (entry: string) => Buffer.from(entry)
const edited = (at: number) =>
  left.with(at, { ...(left[at] as StoredEntry), entry: text('{"action":"secret.read","outcome":"denied"}') })

/** Changes the log while the server is down, starts it again, and verifies. */
async function verifyAfter(change: () => void) {
  restore()
  change()
  await scene.server.start()
  const { status, stderr, stdout } = await scene.run(["audit", "verify"])
  await scene.server.kill()
  return { status, stderr, stdout: stdout.toString() }
}

async function refused(change: () => void, message: RegExp): Promise<void> {
  const { status, stderr, stdout } = await verifyAfter(change)
  assert.match(stderr, message)
  assert.match(stderr, /\n {2}try: keep what is there .*ask your operator: an honest server cannot do this\n$/)
  assert.deepEqual([status, stdout], [7, ""])
}

const notSigned = (first: number) =>
  new RegExp(
    `^halfkey: check "entries" failed: entries 0 to ${first - 1} are as signed, entry ${first} is not: it was changed, or an entry was added, removed or moved there \\(the checkpoint covers \\d+\\)\n`,
  )

test("the log as it was left passes", async () => {
  const { status, stderr, stdout } = await verifyAfter(() => {})
  assert.equal(status, 0, stderr)
  assert.match(stdout, new RegExp(`\nseenBefore\t${seen} entries on 2\\S+Z\nreceipts\t\\d+\n$`))
  assert.equal(stderr, "halfkey: the audit log passed every check\n")
  assert.ok(left.length > seen + 20)
})

describe("with SQL, where the tree is on disk already", () => {
  test("an edited entry", () =>
    refused(
      () =>
        scene.database((db) => db.prepare("update audit_entries set entry = ? where seq = 100").run(text('{"v":1}'))),
      notSigned(100),
    ))
  test("an edited entry with its hash", () => refused(() => scene.replace(edited(100)), notSigned(100)))
  test("a deleted entry", () =>
    refused(
      () => scene.database((db) => db.exec("delete from audit_entries where seq = 100")),
      /^halfkey: check "entries" failed: entry 100 is missing: entry 99 is followed by entry 101\n/,
    ))
  test("a deleted entry, the others moved up", () =>
    refused(() => scene.replace(left.toSpliced(100, 1)), notSigned(100)))
  test("an inserted entry", () =>
    refused(() => scene.replace(left.toSpliced(100, 0, { ...(left[0] as StoredEntry) })), notSigned(100)))
  test("two entries in another order", () =>
    refused(
      () => scene.replace(left.toSpliced(100, 2, left[101] as StoredEntry, left[100] as StoredEntry)),
      notSigned(100),
    ))
})

describe("with SQL, behind the last full tile", () => {
  // There the server makes the tree from the entries: what it signs next is the log as it was changed.
  test("an edited entry with its hash is not what this machine saw", () =>
    refused(
      () => scene.replace(edited(300)),
      /^halfkey: check "freshness" failed: what this machine saw on 2\S+Z as entries 0 to \d+ is not there any more: the log was rewritten or forked; what was changed is in entries (?:256 to 319|256 to 383|2\d\d to 3\d\d)\n/,
    ))
  test("a truncated log has shrunk", () =>
    refused(
      () =>
        scene.database((db) => {
          db.exec("delete from audit_entries where seq >= 260; delete from audit_checkpoints")
        }),
      new RegExp(
        `^halfkey: check "freshness" failed: the log has shrunk: this machine saw ${seen} entries on 2\\S+Z, now it has 2\\d\\d: entries 2\\d\\d to ${seen - 1} went missing, if nothing else\n`,
      ),
    ))
  test("entries cut off behind a checkpoint are missing", () =>
    refused(
      () => scene.database((db) => db.exec("delete from audit_entries where seq >= 330")),
      /^halfkey: check "(?:entries|freshness)" failed: .*entries? 3\d\d/,
    ))
  test("what was never seen under a checkpoint is missed by its receipt", () =>
    refused(() => {
      const { seq } = left.findLast(({ entry }) => Buffer.from(entry).includes('"secret.read"')) as StoredEntry
      assert.ok(seq > seen)
      scene.database((db) => db.exec("delete from audit_checkpoints"))
      scene.replace(left.toSpliced(seq, 1))
    }, /^halfkey: check "receipts" failed: an entry was removed or changed: the answer that this machine got on 2\S+Z has no entry among the \d+; it belongs near entry \d+ \(receipt [\w-]{43}\)\n/))
})

describe("with the server's own keys", () => {
  test("entries removed, and the tree built and signed again", () =>
    refused(
      () => scene.replace(left.toSpliced(100, 1), { rebuilt: true }),
      /^halfkey: check "freshness" failed: what this machine saw on 2\S+Z as entries 0 to \d+ is not there any more: the log was rewritten or forked; what was changed is in entries 0 to 255\n/,
    ))
  test("everything that this machine saw replaced by as many other entries", () =>
    refused(
      () => scene.replace([...edited(0), ...left], { rebuilt: true }),
      /check "freshness" failed: .*what was changed is in entries 0 to 255\n/,
    ))
  test("a checkpoint that another key signed", () =>
    refused(() => {
      const origin = `halfkey/${scene.workspaceId}/1`
      const other = signingKeyFromSeed(new Uint8Array(32).fill(7))
      const note = signCheckpoint({ origin, size: 10, rootHash: new Uint8Array(32) }, other)
      // Above every size that comes, so that the server does not replace it.
      scene.database((db) => db.prepare("update audit_checkpoints set note = ?, size = 1000000000").run(note))
    }, /^halfkey: check "signature" failed: the checkpoint of 10 entries is not signed by the audit key of roster 1 \([\w-]{43}\)\n/))
  test("a restore that nobody accepted", () =>
    refused(
      () => scene.database((db) => db.exec("update workspaces set audit_incarnation = 2")),
      /^halfkey: check "origin" failed: the log says that it goes on after a restore \(incarnation 2\), but no manifest that a granter signed says so\n/,
    ))
})

test("two servers that go on from one copy are a fork, which whoever saw one finds at the other", async () => {
  restore()
  const copy = join(scene.folder, "fork")
  cpSync(scene.dataDirectory, copy, { recursive: true })
  const fork = new ServerProcess(copy)
  await scene.server.start()
  await scene.use(5)
  const first = await scene.run(["audit", "verify"])
  assert.equal(first.status, 0, first.stderr)
  await fork.start()
  for (let at = 0; at < 30; at++) await scene.run(["whoami"], fork.origin)
  const { status, stderr } = await scene.run(["audit", "verify"], fork.origin)
  await fork.kill()
  await scene.server.kill()
  assert.equal(status, 7)
  assert.match(
    stderr,
    /^halfkey: check "freshness" failed: what this machine saw on 2\S+Z as entries 0 to \d+ is not there any more: the log was rewritten or forked/,
  )
})

test("an entry that is edited while the server runs", async () => {
  restore()
  await scene.server.start()
  const before = await scene.run(["audit", "verify", "-q"])
  assert.equal(before.status, 0, before.stderr)
  scene.database((db) => db.prepare("update audit_entries set entry = ? where seq = 7").run(text('{"v":1}')))
  const { status, stderr } = await scene.run(["audit", "verify", "-q"])
  await scene.server.kill()
  assert.equal(status, 7)
  assert.match(stderr, notSigned(7))
})
