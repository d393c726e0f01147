/** The writer's thread: holds the one write connection, so that no fsync ever stops the thread that answers requests. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { AuditHead } from "../../domain/audit/audit-store.ts"
import type { Guard } from "../../domain/store.ts"
import { type OperationCall, workspaceOf } from "../operations/operations.ts"
import { Sequencer } from "../sequencer.ts"
import { decodeAudits, type EncodedAudits } from "./audit-batch.ts"
import { type BatchOutcome, GroupCommit } from "./group-commit.ts"
import { openSqlite } from "./open.ts"
import { sequencerDatabase } from "./sequencer-database.ts"

/** What the thread is started with. */
export interface WriterData {
  readonly path: string
  /** Whether audit logs are sequenced here: by one process for a database. */
  readonly sequences: boolean
}

/** What the other side sends, whenever it has something. */
export type ToWriter = { readonly audits: EncodedAudits; readonly calls: readonly OperationCall[] } | "close"

/** The answer to as many messages, in the order in which they were sent, as if they had been one; or what the sequencer tells. */
export type FromWriter =
  | { readonly messages: number; readonly outcome: BatchOutcome }
  | { readonly head: AuditHead }
  | { readonly gap: { readonly workspaceId: WorkspaceId; readonly message: string } }

const port = parentPort
if (port === null) throw new Error("this file runs in a worker thread only")
const post = (message: "ready" | FromWriter) => port.postMessage(message)

const { path, sequences } = workerData as WriterData
const db = openSqlite(path)
const sequencer = new Sequencer({
  database: sequencerDatabase(db),
  now: () => performance.now(),
  onHead: (head) => post({ head }),
  onGap: (workspaceId, message) => post({ gap: { workspaceId, message } }),
})
const commits = new GroupCommit(db)
let timer: NodeJS.Timeout | undefined
let isClosed = false

/** The next step, when it is time: messages that came meanwhile have their turn in between. */
function sequence(): void {
  const delay = sequencer.delay()
  if (isClosed || delay === undefined) return
  if (delay === 0) {
    clearTimeout(timer)
    timer = undefined
    setImmediate(step)
  } else timer ??= setTimeout(step, delay)
}

let isStepping = false
async function step(): Promise<void> {
  timer = undefined
  if (isClosed || isStepping) return
  isStepping = true
  await sequencer.step()
  isStepping = false
  sequence()
}

/** After the answer: nobody waits for it. */
async function noteGrowth(calls: readonly OperationCall[]): Promise<void> {
  const appended = commits.takeAppended()
  if (!sequences) return
  for (const [workspaceId, rows] of appended) await sequencer.noteEntries(workspaceId, rows)
  for (const call of calls) {
    const workspaceId = workspaceOf(call)
    if (workspaceId !== undefined) sequencer.note([workspaceId])
  }
  sequence()
}

port.on("message", async (first: ToWriter) => {
  const audits: Guard[] = []
  const calls: OperationCall[] = []
  let messages = 0
  let message: ToWriter | undefined = first
  // All that came while the last batch was written is the next one, without waiting for the other side's turn.
  for (; message !== undefined && message !== "close"; message = receiveMessageOnPort(port)?.message) {
    audits.push(...decodeAudits(message.audits))
    calls.push(...message.calls)
    messages++
  }
  if (messages > 0) {
    post({ messages, outcome: await commits.run({ audits, calls }) })
    await noteGrowth(calls)
  }
  if (message !== "close") return
  isClosed = true
  clearTimeout(timer)
  commits.close()
  port.close()
})
if (sequences) await sequencer.begin()
sequence()
post("ready")
