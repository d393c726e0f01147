/** audit list, export and verify, as admins use them against a real server. What a changed log looks like: tests/audit. */
import assert from "node:assert/strict"
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as wait } from "node:timers/promises"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
const own = () => admin.profile()["clientId"] ?? ""
const key = () => admin.profile()["apiKey"]?.slice(5, 21) ?? ""
let member: Record<string, string>
let memberId: string

before(async () => {
  await admin.up()
  await admin.ok(["set", "A", "-e", "production"], { stdin: "1" })
  await admin.ok(["set", "B", "-e", "staging"], { stdin: "2" })
  const variables = JSON.parse(await admin.ok(["clients", "create", "reader", "-e", "staging", "-q"]))
  memberId = variables.CS_CLIENT_ID
  member = {
    ...variables,
    CS_ENDPOINT: admin.profile()["endpoint"],
    HALFKEY_CONFIG_DIR: join(admin.directory, "reader"),
  }
  await admin.ok(["get", "B", "-e", "staging"], { env: member })
  assert.equal((await admin.run(["clients", "list"], { env: member })).code, 4)
})
after(() => admin.dispose())

const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"))

test("list shows who did what: a line an entry, oldest first, and data as JSON", async () => {
  const listed = lines(await admin.ok(["audit", "list", "--client", own(), "--action", "secret.commit"]))
  assert.equal(listed.length, 2)
  const [index, time, ...rest] = listed[0] ?? []
  assert.match(`${index} ${time}`, /^\d+ 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(rest, ["secret.commit", "allowed", "production", "A@1", own(), key(), "127.0.0.1"])
  const table = await admin.ok(["audit", "list", "--action", "secret.commit", "-o", "table"])
  assert.match(table.split("\n")[0] ?? "", /^ENTRY +TIME +ACTION +OUTCOME +ENVIRONMENT +ABOUT +CLIENT +KEY +FROM$/)
  const [entry] = JSON.parse(
    await admin.ok(["audit", "list", "--name", "A", "--action", "secret.commit", "-o", "json"]),
  )
  assert.deepEqual(
    [entry.index, entry.action, entry.names, entry.userAgent.slice(0, 12)],
    [Number(index), "secret.commit", ["A@1"], "halfkey-cli/"],
  )
})

test("list finds by environment, secret, client, key, outcome and time", async () => {
  const actions = async (...args: string[]) =>
    lines(await admin.ok(["audit", "list", ...args])).map(([, , action]) => action)
  assert.deepEqual(await actions("-e", "staging", "--client", memberId), ["secret.read"])
  assert.deepEqual(await actions("--name", "B", "--action", "secret.read"), ["secret.read"])
  const denied = lines(await admin.ok(["audit", "list", "--denied"]))
  assert.deepEqual(
    denied.map((line) => line.slice(2, 4)),
    [["client.list", "denied: insufficient_scope"]],
  )
  assert.equal(denied[0]?.[6], memberId)
  assert.deepEqual(await actions("--outcome", "denied", "--since", "1h"), ["client.list"])
  const keyId = member["CS_CLIENT_ACCESS_KEY"]?.slice(5, 21) ?? ""
  assert.deepEqual(await actions("--key", keyId, "--outcome", "allowed"), ["token.issue", "secret.read"])
  const nothing = await admin.run(["audit", "list", "--until", "2020-01-01"])
  assert.deepEqual(nothing, { code: 0, signal: null, stdout: "", stderr: "halfkey: no entry of the audit log fits\n" })
  const limited = lines(await admin.ok(["audit", "list", "--limit", "3"]))
  assert.equal(limited.length, 3)
  assert.ok(Number(limited[0]?.[0]) < Number(limited[2]?.[0]))
})

test("wrong questions are told before anything is sent", async () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "list --since yesterday",
      '--since cannot be "yesterday"\n  try: --since 2h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z',
    ],
    ["list --follow --until 1h", "--follow has no end, but --until was given\n  try: one of them"],
    ["list --key me", "not the id of an API key: 16 characters of a-z and 2-7\n  try: halfkey keys list"],
    ["list --limit -1", '--limit takes a whole number, got "-1"'],
    ["list --denied --outcome allowed", "--denied and --outcome allowed exclude each other\n  try: --denied"],
    ["verify --file a", "an export needs its checkpoint\n  try: --checkpoint audit.checkpoint"],
    [
      "verify --checkpoint a",
      "--checkpoint is for verifying an export, and no --file was given\n  try: --file audit.jsonl",
    ],
    [
      "verify --file a --checkpoint b --roster c --audit-key d",
      "an export needs --roster or --audit-key, and not both\n  try: --roster audit.roster.json",
    ],
  ]
  for (const [line, told] of cases) {
    const { code, stderr, stdout } = await admin.run(["audit", ...line.split(" ")])
    assert.deepEqual([code, stdout, stderr], [2, "", `halfkey: ${told}\n`], line)
  }
})

test("why something was done is in the log, as whoever did it says", async () => {
  const env = { HALFKEY_AUDIT_REASON: "an incident", HALFKEY_AUDIT_TICKET: "OPS-12" }
  await admin.ok(["run", "-e", "production", "--", "true"], { env })
  const [line] = lines(await admin.ok(["audit", "list", "--action", "secret.read", "--limit", "1"]))
  assert.equal(line?.[5], 'A@1 "an incident" "OPS-12"')
  const [entry] = JSON.parse(await admin.ok(["audit", "list", "--action", "secret.read", "--limit", "1", "-o", "json"]))
  assert.deepEqual(entry.audit, { reason: "an incident", ticket: "OPS-12" })
  const refused = await admin.run(["list", "-e", "production"], { env: { HALFKEY_AUDIT_REASON: "x".repeat(501) } })
  assert.deepEqual([refused.code, refused.stderr], [2, "halfkey: audit.reason has more than 500 characters\n"])
})

test("a member may not read the log, and asking is an entry", async () => {
  for (const command of ["list", "export", "verify"]) {
    const { code, stdout } = await admin.run(["audit", command], { env: member })
    assert.deepEqual([code, stdout], [4, ""], command)
  }
  const denied = lines(await admin.ok(["audit", "list", "--denied", "--action", "audit.read"]))
  assert.ok(denied.length >= 1)
})

test("--follow shows what comes, and not its own questions", async () => {
  const following = admin.spawn(["audit", "list", "--follow", "--client", own(), "-o", "json", "--limit", "1"])
  let shown = ""
  following.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text
  })
  const until = async (fits: () => boolean) => {
    for (let tries = 0; !fits() && tries < 600; tries++) await wait(50)
    assert.ok(fits(), shown)
  }
  await until(() => shown.includes("\n"))
  await admin.ok(["get", "A", "-e", "production"])
  await until(() => shown.includes("secret.read"))
  await wait(2500)
  await admin.ok(["list", "-e", "production"])
  await until(() => shown.includes("secret.list"))
  following.kill("SIGINT")
  const entries = shown
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    entries
      .slice(1)
      .map(({ action }) => action)
      .filter((action) => action !== "token.issue"),
    ["secret.read", "secret.list"],
  )
})

test("verify proves the log, and the next time that it went on", async () => {
  const first = await admin.run(["audit", "verify"])
  assert.equal(first.code, 0, first.stderr)
  const id = admin.profile()["workspaceCRN"]?.split(":")[2]
  assert.match(
    first.stdout,
    new RegExp(`^entries\\t\\d+\nrootHash\\t[\\w-]{43}\norigin\\thalfkey/${id}/1\nseenBefore\\t\nreceipts\\t\\d+\n$`),
  )
  assert.equal(
    first.stderr,
    "halfkey: no checkpoint was seen before on this machine: the next time shows whether the log goes on from this one\nhalfkey: the audit log passed every check\n",
  )
  const before = JSON.parse(await admin.ok(["audit", "verify", "-q", "-o", "json"]))
  assert.ok(before.receipts > 10)
  const second = await admin.run(["audit", "verify", "-o", "table"])
  assert.match(second.stdout, new RegExp(`\nSEEN BEFORE: +${before.entries} entries on 2\\S+Z\nOWN RECEIPTS: +\\d+\n$`))
  assert.equal(second.stderr, "halfkey: the audit log passed every check\n")
})

test("an export goes on where the file ends, and is verified without the server", async () => {
  const [file, checkpoint, roster] = ["audit.jsonl", "audit.checkpoint", "audit.roster.json"].map((name) =>
    join(admin.directory, name),
  ) as [string, string, string]
  const first = await admin.run(["audit", "export", "--file", file])
  const count = readFileSync(file, "utf8").trim().split("\n").length
  assert.deepEqual(first, {
    code: 0,
    signal: null,
    stdout: "",
    stderr: `halfkey: ${count} entries added to ${file}, up to entry ${count - 1}\n`,
  })
  // As an interruption would leave it.
  truncateSync(file, Buffer.byteLength(readFileSync(file)) - 30)
  await admin.ok(["get", "A", "-e", "production"])
  await admin.ok(["audit", "export", "--file", file, "--checkpoint", checkpoint, "--roster", roster])
  const exported = readFileSync(file, "utf8")
  const indexes = exported
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).index)
  assert.deepEqual(indexes, [...indexes.keys()])
  assert.ok(indexes.length > count)
  const offline = ["audit", "verify", "--file", file, "--checkpoint", checkpoint]
  const nowhere = { HALFKEY_CONFIG_DIR: join(admin.directory, "nobody"), CS_ENDPOINT: undefined }
  const crn = admin.profile()["workspaceCRN"] ?? ""
  const verified = await admin.run([...offline, "--roster", roster, "--workspace", crn], { env: nowhere })
  assert.equal(verified.code, 0, verified.stderr)
  const own = JSON.parse(await admin.ok([...offline, "--roster", roster, "-o", "json", "-q"]))
  assert.ok(
    own.seenBefore.includes(" entries on "),
    "this machine has seen a checkpoint, and the export goes on from it",
  )
  assert.ok((await admin.ok(["audit", "export"])).startsWith(exported))
  await admin.ok(["audit", "verify", "-q"])
  const { code, stderr } = await admin.run([...offline, "--roster", roster])
  assert.equal(code, 0, stderr)
  assert.match(
    stderr,
    /this machine saw \d+ entries on 2\S+Z, and the export ends before that: what was seen was not compared\n {2}try: halfkey audit verify/,
  )
  const discovery = await fetch(`${admin.profile()["endpoint"]}/.well-known/halfkey`)
  const { auditKey } = (await discovery.json()) as { auditKey: string }
  assert.equal((await admin.run([...offline, "--audit-key", auditKey])).code, 0)

  const refused = async (args: readonly string[], message: RegExp, code = 7) => {
    const outcome = await admin.run([...args], { env: nowhere })
    assert.match(outcome.stderr, message)
    assert.equal(outcome.code, code)
  }
  const anonymous = [...offline, "--roster", roster, "--workspace", crn]
  writeFileSync(file, exported.replace('"secret.commit', '"secret.COMMIT'))
  await refused(
    anonymous,
    /^halfkey: check "entries" failed: the \d+ entries are not those that were signed: at least one was changed/,
  )
  writeFileSync(file, exported.split("\n").toSpliced(7, 1).join("\n"))
  await refused(anonymous, /^halfkey: check "entries" failed: entry 7 is missing: entry 6 is followed by entry 8\n/)
  writeFileSync(file, `${exported.split("\n").slice(0, 9).join("\n")}\n`)
  await refused(
    anonymous,
    /^halfkey: check "entries" failed: entries 9 to \d+ are missing: the export has 9, its checkpoint covers \d+\n/,
  )
  writeFileSync(file, exported)
  const otherKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
  await refused(
    [...offline, "--audit-key", otherKey, "--workspace", crn],
    /^halfkey: check "signature" failed: the checkpoint of \d+ entries is not signed by the audit key that was given/,
  )
  await refused([...offline, "--audit-key", "short", "--workspace", crn], /there is no usable audit key/, 2)
  await refused([...offline, "--roster", file, "--workspace", crn], /is no roster|should be/, 2)
  await refused([...offline, "--roster", roster], /no workspace is known that the log should belong to/, 2)
  appendFileSync(file, "my notes\n")
  await refused(anonymous, /line \d+ is no entry/, 2)
})
