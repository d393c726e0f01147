/** The writer's thread: holds the one write connection, so that no fsync ever stops the thread that answers requests. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import type { Guard } from "../../domain/store.ts"
import type { OperationCall } from "../operations/operations.ts"
import { decodeAudits, type EncodedAudits } from "./audit-batch.ts"
import { type BatchOutcome, GroupCommit } from "./group-commit.ts"
import { openSqlite } from "./open.ts"

/** What the other side sends, whenever it has something. */
export type ToWriter = { readonly audits: EncodedAudits; readonly calls: readonly OperationCall[] } | "close"

/** The answer to as many messages, in the order in which they were sent, as if they had been one. */
export interface FromWriter {
  readonly messages: number
  readonly outcome: BatchOutcome
}

const port = parentPort
if (port === null) throw new Error("this file runs in a worker thread only")

const commits = new GroupCommit(openSqlite((workerData as { readonly path: string }).path))

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
  if (messages > 0) port.postMessage({ messages, outcome: await commits.run({ audits, calls }) } satisfies FromWriter)
  if (message !== "close") return
  commits.close()
  port.close()
})
port.postMessage("ready")
