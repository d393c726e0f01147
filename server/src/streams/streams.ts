/** The streams that are set up, each with its pump. */
import type { Logger } from "pino"
import type { AuditStore } from "../domain/audit/audit-store.ts"
import { FileTarget } from "./file-target.ts"
import { StreamPump } from "./stream-pump.ts"
import type { StreamSettings } from "./stream-settings.ts"
import type { StreamTarget } from "./stream-target.ts"
import { WebhookTarget } from "./webhook-target.ts"

export interface Streams {
  readonly pumps: readonly StreamPump[]
  readonly reopen: () => void
  readonly stop: () => Promise<void>
}

export function startStreams(
  settings: StreamSettings,
  store: { readonly audit: AuditStore },
  logger: Logger,
  now: () => number,
): Streams {
  const file = settings.file === undefined ? undefined : new FileTarget(settings.file)
  const targets: StreamTarget[] = []
  if (file !== undefined) targets.push(file)
  if (settings.webhook !== undefined) targets.push(new WebhookTarget(settings.webhook, now))
  const pumps = targets.map((target) => {
    const { name: stream } = target
    return new StreamPump({
      store,
      target,
      onFailure: (error, retryMs) => logger.warn({ stream, retryMs, reason: reasonOf(error) }, "an audit stream waits"),
      onRecovery: () => logger.info({ stream }, "an audit stream goes on"),
    })
  })
  return {
    pumps,
    reopen: () => file?.reopen(),
    stop: async () => {
      await Promise.all(pumps.map((pump) => pump.stop()))
    },
  }
}

/** The code of what failed, or our own words: a URL may hold what is not for the log. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown"
  const { cause, code } = error as { cause?: { code?: string }; code?: string }
  if (error.name === "TimeoutError") return "no answer in time"
  return code ?? cause?.code ?? (error.message.startsWith("the webhook answered") ? error.message : error.name)
}
