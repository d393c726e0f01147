/** The writer's thread: holds the one write connection, so that no fsync ever stops the thread that answers requests. */
import { parentPort, workerData } from "node:worker_threads"
import type { OperationCall } from "../operations/operations.ts"
import { GroupCommit } from "./group-commit.ts"
import { openSqlite } from "./open.ts"

const port = parentPort
if (port === null) throw new Error("this file runs in a worker thread only")

const commits = new GroupCommit(openSqlite((workerData as { readonly path: string }).path))

// The other side sends the next batch only after the answer to this one.
port.on("message", async (calls: readonly OperationCall[] | "close") => {
  if (calls !== "close") return port.postMessage(await commits.run(calls))
  commits.close()
  port.close()
})
port.postMessage("ready")
