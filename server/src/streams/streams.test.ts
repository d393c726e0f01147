import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditStore, StoredEntry } from "../domain/audit/audit-store.ts"
import { auditLog } from "../testing/audit-log.ts"
import { TestServer } from "../testing/test-server.ts"
import { TestWorkspace } from "../testing/test-workspace.ts"
import { until } from "../testing/until.ts"
import { StreamPump } from "./stream-pump.ts"
import { readStreamSettings } from "./stream-settings.ts"

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "halfkey-stream-"))
  context.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const linesOf = (path: string) => {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1)
  } catch {
    return []
  }
}

test("a file has every entry as it is in the tree, across a rename, restarts and a line that was cut off", async (context) => {
  const path = join(folder(context), "audit.jsonl")
  const server = await TestServer.start(context, { env: { HALFKEY_AUDIT_STREAM_FILE: path } })
  const { admin } = await TestWorkspace.create(server, ["production"])
  await admin.set("production", { A: "1" })
  const count = () => auditLog(server).length
  await until(() => linesOf(path).length === count())
  assert.equal(statSync(path).mode & 0o777, 0o600)

  renameSync(path, `${path}.1`)
  server.running.reopenStreams()
  const before = count()
  await admin.set("production", { A: "2" })
  await until(() => linesOf(path).length === count() - before)
  assert.equal(linesOf(`${path}.1`).length, before)

  await server.stop()
  appendFileSync(path, '{"index":9')
  await server.startAgain()
  await admin.set("production", { A: "3" })
  await until(() => linesOf(path).length === count() - before + 1)
  const whole = [...linesOf(`${path}.1`), ...linesOf(path)].filter((line) => line !== '{"index":9')
  const log = auditLog(server)
  assert.deepEqual(
    whole,
    log.map(({ seq, bytes }) => `{"index":${seq},"entry":${Buffer.from(bytes).toString()}}`),
  )
})

test("a webhook that fails is sent everything later, signed, and requests do not wait for it", async (context) => {
  const secretFile = join(folder(context), "secret")
  const secret = "CANARY-of-a-webhook-with-32-characters"
  writeFileSync(secretFile, `${secret}\n`)
  const received = new Map<number, string>()
  const answers: number[] = []
  let fails = true
  const receiver = createServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers["halfkey-signature"])) ?? []
    assert.equal(signature, createHmac("sha256", secret).update(`${time}.${body}`).digest("hex"))
    if (fails) {
      answers.push(answers.length % 2 === 0 ? 503 : 302)
      response.writeHead(answers.at(-1) ?? 503, { location: "http://127.0.0.1:1/" }).end()
      return
    }
    for (const { index, entry } of JSON.parse(body).entries) received.set(index, JSON.stringify(entry))
    response.writeHead(204).end()
  })
  receiver.listen(0, "127.0.0.1")
  context.after(() => receiver.close())
  await new Promise((resolve) => receiver.once("listening", resolve))
  const { port } = receiver.address() as AddressInfo
  const env = {
    HALFKEY_AUDIT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook?token=CANARY-in-a-query`,
    HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: secretFile,
  }
  const server = await TestServer.start(context, { env })
  const { admin } = await TestWorkspace.create(server, ["production"])
  for (let count = 0; count < 150; count++) await admin.get("production", "A")
  await until(() => answers.length >= 2)
  assert.equal(received.size, 0)
  fails = false
  await until(() => received.size === auditLog(server).length)
  for (const { seq, entry } of auditLog(server)) assert.equal(received.get(seq), JSON.stringify(entry))
  assert.match(server.log, /an audit stream waits/)
  assert.match(server.log, /an audit stream goes on/)
  assert.doesNotMatch(server.log, /CANARY/)
})

test("whatever fails and when: at least once, in order, nothing left out", async () => {
  const workspaceId = "A".repeat(26) as WorkspaceId
  const stored = Array.from({ length: 1037 }, (_, index) => ({ index, bytes: new TextEncoder().encode("{}") }))
  let next = 0
  let random = 7
  const fails = () => {
    random = (random * 1103515245 + 12345) % 2 ** 31
    return random % 3 === 0
  }
  const audit = {
    streamed: async () => next,
    saveStreamed: async (_stream: string, _workspace: WorkspaceId, value: number) => {
      if (fails()) throw new Error("disk full")
      next = value
    },
    entries: async (_workspace: WorkspaceId, _filter: object, page: { after: number | undefined; limit: number }) => {
      const from = page.after === undefined ? 0 : page.after + 1
      return { entries: stored.slice(from, from + page.limit), next: undefined, archived: [] }
    },
  } as unknown as AuditStore
  const got: number[] = []
  const pauses: number[] = []
  const pump = new StreamPump({
    store: { audit },
    target: {
      name: "file",
      deliver: async (_, entries: readonly StoredEntry[]) => {
        if (fails()) throw new Error("not now")
        got.push(...entries.map(({ index }) => index))
      },
      close: async () => {},
    },
    onFailure: () => {},
    onRecovery: () => {},
    pause: async (ms) => void pauses.push(ms),
  })
  pump.note(workspaceId)
  await until(() => next === stored.length)
  await pump.stop()
  assert.deepEqual(
    [...new Set(got)],
    stored.map(({ index }) => index),
  )
  assert.ok(pauses.length > 3 && pauses.every((ms) => ms >= 1000 && ms <= 60_000))
})

test("settings that would send entries somewhere unsafe are refused by name", (context) => {
  const path = join(folder(context), "secret")
  writeFileSync(path, "short\n")
  const url = "https://siem.example.com/"
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ HALFKEY_AUDIT_WEBHOOK_URL: url }, /SECRET_FILE is missing/],
    [{ HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path }, /WEBHOOK_URL is missing/],
    [{ HALFKEY_AUDIT_WEBHOOK_URL: url, HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path }, /less than 32 characters/],
    [{ HALFKEY_AUDIT_WEBHOOK_URL: url, HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: `${path}.no` }, /cannot be read \(ENOENT\)/],
    [{ HALFKEY_AUDIT_WEBHOOK_URL: "nowhere", HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path }, /no URL/],
    [
      { HALFKEY_AUDIT_WEBHOOK_URL: "http://siem.example.com/", HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path },
      /in the clear/,
    ],
    [
      { HALFKEY_AUDIT_WEBHOOK_URL: "https://a:b@siem.example.com/", HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path },
      /password/,
    ],
  ]
  for (const [env, message] of cases) assert.throws(() => readStreamSettings(env), message)
  writeFileSync(path, "x".repeat(32))
  const { webhook } = readStreamSettings({
    HALFKEY_AUDIT_WEBHOOK_URL: "http://[::1]:9/",
    HALFKEY_AUDIT_WEBHOOK_SECRET_FILE: path,
  })
  assert.equal(webhook?.url.port, "9")
})
