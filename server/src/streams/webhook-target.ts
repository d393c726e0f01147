/** Audit entries sent to a URL, each request signed with a shared secret. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { hmacSha256 } from "@halfkey/core/primitives/hash"
import type { StoredEntry } from "../domain/audit/audit-store.ts"
import { version } from "../version.ts"
import type { WebhookSettings } from "./stream-settings.ts"
import { entryLine, type StreamTarget } from "./stream-target.ts"

const timeoutMs = 10_000

export class WebhookTarget implements StreamTarget {
  readonly name = "webhook"
  readonly #settings: WebhookSettings
  readonly #now: () => number

  /** `now`: milliseconds since 1970. */
  constructor(settings: WebhookSettings, now: () => number) {
    this.#settings = settings
    this.#now = now
  }

  async deliver(workspaceId: WorkspaceId, entries: readonly StoredEntry[], signal: AbortSignal): Promise<void> {
    const { secret, url } = this.#settings
    const body = `{"workspaceId":"${workspaceId}","entries":[${entries.map(entryLine).join(",")}]}`
    const time = Math.floor(this.#now() / 1000)
    const signature = Buffer.from(hmacSha256(secret, utf8(`${time}.${body}`))).toString("hex")
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `halfkey-server/${version}`,
        "halfkey-signature": `t=${time},v1=${signature}`,
        "halfkey-delivery": `${workspaceId}/${entries[0]?.index}-${entries.at(-1)?.index}`,
      },
      body,
      // Entries go where the operator said, and nowhere else.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`)
  }

  async close(): Promise<void> {}
}
