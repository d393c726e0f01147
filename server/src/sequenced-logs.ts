/** Between the sequencer in the writer's thread and those who go on with what it tells: the heads are signed here. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Logger } from "pino"
import type { AuditHead } from "./domain/audit/audit-store.ts"
import type { Checkpoints } from "./services/audit/checkpoints.ts"
import type { StreamPump } from "./streams/stream-pump.ts"

export class SequencedLogs {
  readonly #logger: Logger
  /** The newest head of each log that waits to be signed. */
  readonly #waiting = new Map<WorkspaceId, AuditHead>()
  /** Logs with heads from before the streams began. */
  readonly #seen = new Set<WorkspaceId>()
  #pumps: readonly StreamPump[] | undefined
  #checkpoints: Checkpoints | undefined
  #running: Promise<void> | undefined
  #isEnded = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Signs what has come and what will come, until the returned function is called, which waits for what is under way. */
  follow(checkpoints: Checkpoints): () => Promise<void> {
    this.#checkpoints = checkpoints
    this.#run()
    return async () => {
      this.#isEnded = true
      await this.#running
    }
  }

  /** Streams follow the heads: they have what is on disk, half a second later. */
  stream(pumps: readonly StreamPump[]): void {
    this.#pumps = pumps
    for (const workspaceId of this.#seen) for (const pump of pumps) pump.note(workspaceId)
    this.#seen.clear()
  }

  readonly onHead = (head: AuditHead): void => {
    this.#waiting.set(head.workspaceId, head)
    if (this.#pumps === undefined) this.#seen.add(head.workspaceId)
    else for (const pump of this.#pumps) pump.note(head.workspaceId)
    this.#run()
  }

  readonly onGap = (workspaceId: WorkspaceId, message: string): void => {
    this.#logger.error({ workspaceId, reason: message }, "an audit log is damaged: it gets no more checkpoints")
  }

  readonly onForeignKey = (workspaceId: WorkspaceId): void => {
    this.#logger.error({ workspaceId }, "the roster names an audit key that this server does not have: no checkpoints")
  }

  #run(): void {
    if (this.#checkpoints === undefined || this.#isEnded) return
    this.#running ??= this.#signAll(this.#checkpoints).finally(() => {
      this.#running = undefined
    })
  }

  async #signAll(checkpoints: Checkpoints): Promise<void> {
    for (const [workspaceId, head] of this.#waiting) {
      if (this.#isEnded) return
      this.#waiting.delete(workspaceId)
      try {
        await checkpoints.sign(head)
      } catch (error) {
        // The next head of this log says more.
        this.#logger.error({ workspaceId, err: error }, "an audit checkpoint could not be written")
      }
    }
  }
}
