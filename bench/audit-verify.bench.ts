// Verifying an export of the audit log, as `halfkey audit verify --file` does it, beside a loop that does nothing but the
// SHA-256 of as many leaves and nodes; and the memory that it takes for a million entries.
import { spawnSync } from "node:child_process"
import * as nodeCrypto from "node:crypto"
import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { auditEntryBytes } from "@halfkey/core/formats/audit-entry"
import { auditOrigin, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import type { ApiKeyId, ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { GrowingTree, leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import { signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { type AuditLogEntry, unwrap, verifyAuditExport } from "halfkey/admin"
import { exportLine, readExport } from "../cli/src/storage/export-file.ts"
import { temporaryDirectory } from "./leftovers.ts"
import { type Comparison, compare, cpuMs } from "./measure.ts"
import { publish, readOptions } from "./options.ts"

const workspaceId = "ABCDEFGHIJKLMNOPQRSTUVWXY2" as WorkspaceId
const workspaceCRN = `crn:local.self:${workspaceId}`
const key = signingKeyFromSeed(new Uint8Array(32).fill(1))
const auditKey = Buffer.from(key.publicKey).toString("base64url")
const few = 10_000

/** As the server writes them: a read of one secret. */
function entryText(index: number): string {
  const id = `0b7d1f2c-6f4e-8a57-9a57-${String(index).padStart(12, "0")}`
  const bytes = auditEntryBytes({
    v: 1,
    id,
    time: new Date(1_769_817_600_000 + index).toISOString(),
    workspaceId,
    requestId: `request-${index}`,
    action: "secret.read",
    outcome: "allowed",
    apiKeyId: "abcdefgh234567ab" as ApiKeyId,
    clientId: "6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10" as ClientId,
    keysetId: "6b0c0a52-77d5-4f0e-9c2e-2d1f5c3b9a10" as KeysetId,
    environment: "production",
    names: ["DATABASE_URL@3"],
    address: "127.0.0.1",
    userAgent: "halfkey-cli/0.1.0",
  })
  return new TextDecoder().decode(bytes)
}

/** Writes an export of so many entries, and returns the checkpoint that covers it. */
function writeExport(path: string, size: number): string {
  const tree = new GrowingTree()
  const descriptor = openSync(path, "w")
  let lines = ""
  for (let index = 0; index < size; index++) {
    const entry = entryText(index)
    tree.append(leafHashOfText(entry))
    lines += exportLine({ index, entry })
    if (lines.length < 1 << 20 && index < size - 1) continue
    writeSync(descriptor, lines)
    lines = ""
  }
  closeSync(descriptor)
  return signCheckpoint({ origin: auditOrigin(workspaceId, 1), size, rootHash: tree.root() }, key)
}

async function verify(entries: Iterable<AuditLogEntry>, checkpoint: string): Promise<void> {
  unwrap(await verifyAuditExport({ entries, checkpoint, workspaceCRN, auditKey }))
}

/** The child whose memory is measured: HALFKEY_BENCH_EXPORT names the file, HALFKEY_BENCH_CHECKPOINT holds the note. */
const { HALFKEY_BENCH_CHECKPOINT: given, HALFKEY_BENCH_EXPORT: file } = process.env
if (file !== undefined && given !== undefined) {
  const started = performance.now()
  await verify(readExport(file), given)
  console.log(JSON.stringify({ megabytes: process.resourceUsage().maxRSS / 1024, ms: performance.now() - started }))
} else await measure()

async function measure(): Promise<void> {
  const options = readOptions()
  const size = options.quick ? 100_000 : 1_000_000
  const directory = temporaryDirectory()
  const speed = await compare({ rounds: options.quick ? 3 : 9, warmUp: 1, ...speedOf(20_000) })
  const many = childOf(directory, size)
  const little = childOf(directory, few)
  publish(options, [
    {
      row: "audit-verify",
      what: "entries verified, CPU",
      unit: "per second",
      baselineIs: "bare SHA-256 of leaves and nodes",
      ...speed,
    },
    {
      row: "audit-verify",
      what: `memory for an export of ${size.toLocaleString("en-US")} entries`,
      unit: "MB",
      baselineIs: `for one of ${few.toLocaleString("en-US")}`,
      note: `${size.toLocaleString("en-US")} entries from a file in ${(many.ms / 1000).toFixed(1)} s`,
      ...once(many.megabytes, little.megabytes),
    },
  ])
}

function speedOf(size: number) {
  const texts = Array.from({ length: size }, (_, index) => entryText(index))
  const entries = texts.map((entry, index) => ({ index, entry }))
  const tree = new GrowingTree()
  for (const text of texts) tree.append(leafHashOfText(text))
  const note = signCheckpoint({ origin: auditOrigin(workspaceId, 1), size, rootHash: tree.root() }, key)
  const leaves = texts.map((text) => `\0${text}`)
  const node = Buffer.alloc(65, 1)
  const bare = () => {
    for (const leaf of leaves) {
      nodeCrypto.hash("sha256", leaf, "buffer")
      nodeCrypto.hash("sha256", node, "buffer")
    }
  }
  const perSecond = (work: () => void | Promise<void>) => async () => size / ((await cpuMs(work)) / 1000)
  return { measured: perSecond(() => verify(entries, note)), baseline: perSecond(bare) }
}

function childOf(directory: string, size: number): { megabytes: number; ms: number } {
  const path = join(directory, `export-${size}.jsonl`)
  const checkpoint = writeExport(path, size)
  const env = { ...process.env, HALFKEY_BENCH_EXPORT: path, HALFKEY_BENCH_CHECKPOINT: checkpoint }
  const { status, stderr, stdout } = spawnSync(process.execPath, [import.meta.filename], { env, encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

function once(measured: number, baseline: number): Comparison {
  const ratio = measured / baseline
  return { measured, baseline, ratio, difference: measured - baseline, ratioRange: [ratio, ratio] }
}
