/** `Admin.audit` on a log in memory: honest, and changed in every way that an operator has. */
import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { Admin, type AuditLogEntry, type VerifiedAudit, verifyAuditExport } from "./admin.ts"
import { type FreshnessState, type Receipt, Secrets, unwrap } from "./secrets.ts"
import { loggedWorkspace } from "./testing/memory-audit-log.ts"

let place: Awaited<ReturnType<typeof loggedWorkspace>>
let state: FreshnessState
let receipts: Receipt[]

beforeEach(async () => {
  place = await loggedWorkspace()
  state = {}
  receipts = []
})

/** A new run of a program on the same machine. */
function machine() {
  return {
    ...place.options,
    freshness: {
      load: async () => structuredClone(state),
      save: async (next: FreshnessState) => {
        state = structuredClone(next)
      },
    },
    receipts: {
      load: async () => receipts,
      add: async (more: readonly Receipt[]) => void receipts.push(...more),
    },
  }
}

async function verify(options = {}) {
  const admin = new Admin(machine())
  try {
    return await admin.audit.verify({ waitMs: 50, ...options })
  } finally {
    await admin.close()
  }
}

/** Some reads by this machine, and many entries of others. */
async function use(entriesOfOthers = 0): Promise<void> {
  const secrets = new Secrets(machine())
  unwrap(await secrets.set("A", "1"))
  for (let count = 0; count < entriesOfOthers; count++) place.log.append(`{"other":${count}}`)
  unwrap(await secrets.get("A"))
  await secrets.close()
}

async function failure() {
  const { failure: found } = await verify()
  assert.ok(found, "the log was changed and nobody noticed")
  assert.equal(found.code, "audit_verification_failed")
  return found
}

test("a log that nobody touched passes, and each time goes on from the time before", async () => {
  await use(3)
  const own = receipts.length
  assert.ok(own >= 3)
  const first: VerifiedAudit = unwrap(await verify())
  assert.equal(first.size, 9)
  assert.equal(first.receipts, own)
  assert.equal(first.goesOnFrom, undefined)
  assert.equal(first.origin, `halfkey/${place.workspace.workspaceCRN.split(":")[2]}/1`)
  assert.equal(state.audit?.size, first.size)
  await use(10)
  const second = unwrap(await verify())
  assert.equal(second.goesOnFrom?.size, first.size)
  assert.ok(second.size > first.size)
  assert.equal(state.audit?.rootHash, second.rootHash)
})

test("refusals carry receipts, too, and a store that fails fails no call", async () => {
  const secrets = new Secrets({
    ...machine(),
    receipts: { load: async () => [], add: async () => Promise.reject(new Error("disk full")) },
  })
  unwrap(await secrets.set("A", "1"))
  await secrets.close()
  const other = new Secrets(machine())
  const before = receipts.length
  assert.equal((await other.get("MISSING")).failure?.code, "secret_not_found")
  assert.equal((await other.get("A", { environment: "nowhere" })).failure?.code, "keyset_not_found")
  assert.equal(receipts.length, before + 3)
  await other.close()
})

test("without a store the last receipts are kept in memory", async () => {
  const admin = new Admin(place.options)
  unwrap(await admin.workspace())
  assert.equal(unwrap(await admin.audit.verify()).receipts, 2)
  await admin.close()
})

test("what is no receipt is none", async () => {
  place.log.logs = false
  const transport: typeof place.log.transport = async (request) => {
    const answer = await place.log.transport(request)
    return { ...answer, headers: { ...answer.headers, "halfkey-receipt": "x".repeat(43) } }
  }
  const admin = new Admin({ ...machine(), transport })
  unwrap(await admin.workspace())
  assert.equal(receipts.length, 0)
  await admin.close()
})

const changes: Record<string, () => void> = {
  edited: () => {
    const entry = place.log.entries[5]
    if (entry) entry.entry = '{"edited":true}'
  },
  "deleted, the others moved up": () => {
    place.log.entries = place.log.entries.toSpliced(5, 1).map(({ entry }, index) => ({ index, entry }))
    place.log.append("{}")
    place.log.leaves.pop()
  },
  inserted: () => {
    const entries = place.log.entries.toSpliced(5, 0, { index: 5, entry: "{}" })
    place.log.entries = entries.map(({ entry }, index) => ({ index, entry }))
  },
  reordered: () => {
    const [fifth, sixth] = [place.log.entries[5], place.log.entries[6]]
    if (fifth && sixth) [fifth.entry, sixth.entry] = [sixth.entry, fifth.entry]
  },
}

for (const [name, change] of Object.entries(changes)) {
  test(`an entry that was ${name} is named`, async () => {
    await use(20)
    place.log.held = place.log.note()
    change()
    const { check, facts, message } = await failure()
    assert.equal(check, "entries")
    assert.equal(facts?.["index"], 5)
    assert.match(message, /entries 0 to 4 are as signed, entry 5 is not: it was changed/)
  })
}

test("a change is found among many entries by few proofs", async () => {
  await use(20_000)
  place.log.held = place.log.note()
  const entry = place.log.entries[12_345]
  if (entry) entry.entry = "{}"
  const before = place.log.requests.length
  assert.equal((await failure()).facts?.["index"], 12_345)
  const asked = place.log.requests.slice(before)
  assert.ok(asked.filter((url) => url.includes("/proof")).length <= 16)
  assert.ok(asked.filter((url) => url.includes("/entries")).length <= 30)
})

test("a gap, and entries cut off behind a checkpoint, are named", async () => {
  await use(20)
  place.log.held = place.log.note()
  place.log.logs = false
  const all = place.log.entries
  place.log.entries = all.toSpliced(5, 1)
  assert.match((await failure()).message, /entry 5 is missing: entry 4 is followed by entry 6/)
  place.log.entries = all.slice(2)
  assert.match((await failure()).message, /entries 0 to 1 are missing: the log begins with entry 2/)
  place.log.entries = all.slice(0, -3)
  const { facts, message } = await failure()
  assert.match(message, /entries 21 to 23 are missing: the log ends with entry 20, its signed checkpoint covers 24/)
  assert.equal(facts?.["index"], 21)
})

test("a log that was cut off and signed again has shrunk", async () => {
  await use(20)
  unwrap(await verify())
  place.log.logs = false
  receipts = []
  place.log.entries = place.log.entries.slice(0, 10)
  place.log.rebuild()
  const { check, facts, message } = await failure()
  assert.equal(check, "freshness")
  assert.equal(facts?.["index"], 10)
  assert.match(
    message,
    /the log has shrunk: this machine saw 26 entries on 2\S+Z, now it has 10: entries 10 to 25 went/,
  )
})

test("a log that was changed, and its tree built and signed again, is not the one seen before: the place is narrowed down", async () => {
  await use(200)
  const { size } = unwrap(await verify())
  receipts = []
  const entry = place.log.entries[150]
  if (entry) entry.entry = "{}"
  place.log.rebuild()
  const { check, facts, message } = await failure()
  assert.equal(check, "freshness")
  assert.ok(Number(facts?.["index"]) <= 150 && Number(facts?.["lastIndex"]) >= 150)
  assert.ok(Number(facts?.["lastIndex"]) - Number(facts?.["index"]) < size / 2)
  assert.match(
    message,
    /what this machine saw on 2\S+Z as entries 0 to \d+ is not there any more.*what was changed is in entries 128 to \d+/,
  )
})

test("a fork is told by the head alone, without reading the log", async () => {
  await use(20)
  const admin = new Admin(machine())
  unwrap(await admin.audit.checkpoint())
  const entry = place.log.entries[3]
  if (entry) entry.entry = "{}"
  place.log.rebuild()
  const forked = await admin.audit.checkpoint()
  assert.equal(forked.failure?.check, "freshness")
  await admin.close()
  // The same machine, its next run.
  const next = new Admin(machine())
  assert.equal((await next.audit.checkpoint()).failure?.check, "freshness")
  await next.close()
})

test("an entry that was taken out before anybody saw a checkpoint is missed by who holds its receipt", async () => {
  await use(20)
  const [own] = receipts
  place.log.entries = place.log.entries.filter(({ entry }) => leafText(entry) !== own?.leafHash)
  place.log.rebuild()
  const { check, facts, message } = await failure()
  assert.equal(check, "receipts")
  assert.equal(facts?.["receipt"], own?.leafHash)
  assert.match(
    message,
    /an entry was removed or changed: the answer that this machine got on 2\S+Z has no entry among the/,
  )
})

test("reading a log, in however short pages, and asking for proofs pushes out no receipt", async () => {
  await use(20)
  // Each page is an entry, too.
  place.log.pageSize = 2
  const own = receipts.length
  unwrap(await verify())
  const admin = new Admin(machine())
  for await (const page of admin.audit.export()) unwrap(page)
  await admin.close()
  place.log.archived = 22
  unwrap(await verify())
  assert.ok(place.log.requests.length > 50)
  assert.ok(receipts.length - own < 15, `${receipts.length - own} receipts of its own questions`)
})

test("a receipt whose entry is not in the tree yet waits for the next head", async () => {
  await use(3)
  place.log.held = place.log.note()
  await use(0)
  const soon = setTimeout(() => {
    place.log.held = undefined
  }, 300)
  const verified = unwrap(await verify({ waitMs: 20_000 }))
  clearTimeout(soon)
  assert.ok(verified.size > 9)
  assert.ok(verified.receipts >= 5)
})

test("a head that another key signed, or of another log, or that is none, is refused", async () => {
  await use()
  const good = place.log.note()
  place.log.key = signingKeyFromSeed(new Uint8Array(32))
  const signature = await failure()
  assert.equal(signature.check, "signature")
  assert.match(
    signature.message,
    /the checkpoint of \d+ entries is not signed by the audit key of roster 1 \([\w-]{43}\)/,
  )
  place.log.key = place.key
  place.log.held = good.replaceAll("halfkey/", "halfkez/")
  assert.equal((await failure()).check, "origin")
  place.log.held = good.replace("—", "-")
  assert.equal((await failure()).check, "checkpoint")
  place.log.held = good.replace(/\n\d+\n/, "\n1\n")
  assert.equal((await failure()).check, "signature")
})

test("a restore that no granter accepted is no reason for another origin, and there is no way back from one", async () => {
  await use()
  place.log.incarnation = 2
  const { check, message } = await failure()
  assert.equal(check, "origin")
  assert.match(message, /goes on after a restore \(incarnation 2\), but no manifest that a granter signed says so/)
  const origin = `halfkey/${place.workspace.workspaceCRN.split(":")[2]}/3`
  state = { ...state, audit: { origin, size: 1, rootHash: "A".repeat(43), seenAt: 0 } }
  const back = await failure()
  assert.match(
    back.message,
    /the log is that of incarnation 2, but this machine saw incarnation 3 on 1970-01-01T00:00:00.000Z/,
  )
})

test("a log whose beginning is in archive files is proved with them unread, and own receipts among them are asked for", async () => {
  await use(20)
  unwrap(await verify())
  const own = receipts.length
  place.log.archived = 22
  const verified = unwrap(await verify())
  assert.deepEqual([verified.archived, verified.receipts], [22, own])
  const pages: number[] = []
  const admin = new Admin(machine())
  for await (const page of admin.audit.export()) pages.push(unwrap(page).archived[0]?.last ?? -1)
  await admin.close()
  assert.deepEqual(pages, [21])

  const [first] = receipts
  receipts.push({ leafHash: "A".repeat(43), time: first?.time ?? 0 })
  assert.equal((await failure()).check, "receipts")
  receipts.pop()
  // What an operator changed in the file, or behind it, and signed again.
  const entry = place.log.entries[3]
  if (entry) entry.entry = "{}"
  place.log.rebuild()
  assert.equal((await failure()).check, "freshness")
})

test("archive files are read in the place of what the server does not have any more", async () => {
  await use(20)
  const own = receipts.length
  const archives = place.log.entries.slice(0, 12)
  place.log.archived = 12
  const verified = unwrap(await verify({ archives }))
  assert.deepEqual([verified.archived, verified.receipts], [0, own])
  const failed = async (given: AuditLogEntry[]) => (await verify({ archives: given })).failure
  assert.match((await failed(archives.slice(0, 9)))?.message ?? "", /entries 9 to 11 are missing: the archives/)
  assert.match((await failed(archives.toSpliced(4, 1)))?.message ?? "", /entry 4 is missing/)
  const edited = archives.with(4, { index: 4, entry: "{}" })
  assert.equal((await failed(edited))?.code, "audit_verification_failed")
})

test("what a caller says about its requests goes with them, and nonsense is told before", async () => {
  const said: (string | undefined)[] = []
  const transport: typeof place.log.transport = async (request) => {
    said.push(request.headers["halfkey-audit"])
    return await place.log.transport(request)
  }
  const secrets = new Secrets({ ...machine(), transport, audit: { ticket: "OPS 12" } })
  unwrap(await secrets.set("A", "1"))
  unwrap(await secrets.get("A", { audit: { reason: "a test" } }))
  assert.deepEqual(said, ["ticket=OPS%2012", "ticket=OPS%2012", "ticket=OPS%2012", "reason=a%20test"])
  assert.equal((await secrets.get("A", { audit: { reason: "" } })).failure?.code, "invalid_argument")
  await assert.rejects(secrets.get("A", { audit: { reason: 1 as unknown as string } }), TypeError)
  assert.throws(() => new Secrets({ ...machine(), audit: { ticket: 1 as unknown as string } }), TypeError)
  await secrets.close()
  const silent = new Secrets({ ...machine(), transport, audit: {} })
  unwrap(await silent.get("A"))
  assert.equal(said.at(-1), undefined)
  await silent.close()
})

test("pages, filters and limits go to the server as they were given", async () => {
  await use(5)
  const admin = new Admin(machine())
  const page = unwrap(await admin.audit.entries({ action: "secret.read" }, { limit: 3, after: 1 }))
  assert.deepEqual(
    page.entries.map(({ index }) => index),
    [2, 3, 4],
  )
  assert.equal(page.next, 4)
  assert.match(place.log.requests.at(-1) ?? "", /\?after=1&limit=3&order=asc&action=secret\.read$/)
  for (const options of [{ limit: 0 }, { limit: 1001 }, { after: -1 }, { after: 0.5 }]) {
    assert.equal((await admin.audit.entries({}, options)).failure?.code, "invalid_argument")
  }
  await assert.rejects(admin.audit.entries({ name: 1 as unknown as string }), TypeError)
  await admin.close()
})

async function exported(after?: number): Promise<AuditLogEntry[]> {
  const admin = new Admin(machine())
  const all: AuditLogEntry[] = []
  for await (const page of admin.audit.export(after === undefined ? {} : { after })) all.push(...unwrap(page).entries)
  await admin.close()
  return all
}

test("an export has every entry, and goes on where it was left", async () => {
  await use(50)
  place.log.pageSize = 7
  place.log.logs = false
  const whole = await exported()
  assert.deepEqual(whole, place.log.entries)
  assert.deepEqual(await exported(49), place.log.entries.slice(50))
})

test("a failure is the last thing that an export gives", async () => {
  await use(50)
  place.log.pageSize = 7
  let pages = 0
  const transport: typeof place.log.transport = async (request) => {
    if (request.url.includes("/entries") && ++pages > 3) return { status: 200, headers: {}, body: "x" }
    return await place.log.transport(request)
  }
  const admin = new Admin({ ...machine(), transport })
  const codes: (string | undefined)[] = []
  for await (const page of admin.audit.export()) codes.push(page.failure?.code)
  assert.deepEqual(codes, [undefined, undefined, undefined, "invalid_response"])
  await admin.close()
})

test("an export is verified without the server, by the roster that was kept or by a key from elsewhere", async () => {
  await use(50)
  const admin = new Admin(machine())
  const { auditKey, note, roster, size } = unwrap(await admin.audit.checkpoint())
  const entries = await exported()
  const { workspaceCRN } = place.workspace
  const own = receipts.slice(0, 3)
  const kept = JSON.parse(JSON.stringify(roster))
  const base = { entries, checkpoint: note, workspaceCRN }
  const verified = unwrap(await verifyAuditExport({ ...base, roster: kept, receipts: own }))
  assert.deepEqual([verified.size, verified.receipts, verified.uncovered], [size, 3, entries.length - size])
  assert.equal(unwrap(await verifyAuditExport({ ...base, auditKey })).size, size)

  const failing = async (change: object) => (await verifyAuditExport({ ...base, auditKey, ...change })).failure
  assert.equal((await failing({ auditKey: "A".repeat(43) }))?.code, "invalid_argument")
  assert.equal((await failing({ auditKey: undefined }))?.code, "invalid_argument")
  const another = Buffer.from(signingKeyFromSeed(new Uint8Array(32)).publicKey).toString("base64url")
  assert.equal((await failing({ auditKey: another }))?.check, "signature")
  for (const none of [null, {}, [], "x", { root: kept.root }, { ...kept, root: { signPk: "" } }]) {
    assert.equal((await failing({ roster: none }))?.code, "invalid_argument")
  }
  const forged = { ...kept, rosters: [{ ...kept.rosters[0], auditKey: another }] }
  assert.deepEqual((await failing({ roster: forged }))?.code, "keyset_verification_failed")
  assert.equal((await failing({ workspaceCRN: `crn:local.self:${"A".repeat(26)}` }))?.check, "origin")
  assert.match(
    (await failing({ entries: entries.slice(0, size - 1) }))?.message ?? "",
    new RegExp(`entry ${size - 1} is missing`),
  )
  assert.match((await failing({ entries: entries.toSpliced(4, 1) }))?.message ?? "", /entry 4 is missing/)
  const edited = entries.with(4, { index: 4, entry: "{}" })
  assert.match((await failing({ entries: edited }))?.message ?? "", /at least one was changed/)
  const seen = { origin: unwrap(await admin.audit.checkpoint()).origin, size: 3, rootHash: "A".repeat(43), seenAt: 0 }
  const rewritten = await failing({ seen })
  assert.deepEqual(
    [rewritten?.check, rewritten?.facts?.["index"], rewritten?.facts?.["lastIndex"]],
    ["freshness", 0, 2],
  )
  // The operator has the audit key: a log that ends earlier, or of a restore that nobody accepted, is as well signed.
  const later = { ...seen, size: entries.length + 1, rootHash: "A".repeat(43) }
  const restored = { ...seen, origin: seen.origin.replace(/1$/, "2") }
  for (const other of [later, restored]) {
    const { goesOnFrom, notCompared } = unwrap(await verifyAuditExport({ ...base, auditKey, seen: other }))
    assert.deepEqual([goesOnFrom, notCompared?.origin, notCompared?.size], [undefined, other.origin, other.size])
  }
  assert.equal(verified.notCompared, undefined)
  const foreign = { leafHash: "A".repeat(43), time: 0 }
  assert.equal((await failing({ receipts: [foreign] }))?.check, "receipts")
  await admin.close()
})

function leafText(entry: string): string {
  return Buffer.from(leafHashOfText(entry)).toString("base64url")
}
