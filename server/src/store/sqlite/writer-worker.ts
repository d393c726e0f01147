/** The writer's thread: holds the one write connection, so that no fsync ever stops the thread that answers requests. */
import { parentPort, workerData } from "node:worker_threads"
import type { OperationCall } from "../operations/operations.ts"
import { decodeAudits, type EncodedAudits } from "./audit-batch.ts"
import { GroupCommit } from "./group-commit.ts"
import { openSqlite } from "./open.ts"

/** What the other side sends; it sends the next only after the answer to this one. */
export type ToWriter = { readonly audits: EncodedAudits; readonly calls: readonly OperationCall[] } | "close"

const port = parentPort
if (port === null) throw new Error("this file runs in a worker thread only")

const commits = new GroupCommit(openSqlite((workerData as { readonly path: string }).path))

port.on("message", async (message: ToWriter) => {
  if (message !== "close") {
    const { audits, calls } = message
    return port.postMessage(await commits.run({ audits: decodeAudits(audits), calls }))
  }
  commits.close()
  port.close()
})
port.postMessage("ready")
