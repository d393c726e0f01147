/** Is the server there, which version is it, and do the clocks agree. Needs no credentials, and proves nothing. */
import { CallScope } from "../call-scope.ts"
import { checkedTimeout, defaultTimeoutMs, readEndpoint } from "../configuration.ts"
import { readDiscovery } from "../discovery.ts"
import { HttpCaller } from "../http-caller.ts"
import type { CallOptions, SecretsOptions } from "../options.ts"
import { clockSkewMs } from "../refusal-reader.ts"
import { fetchTransport } from "../transport-fetch.ts"
import { defaultUserAgent } from "../version.ts"
import type { ServerHealth } from "./types.ts"

export async function readHealth(options: SecretsOptions, call: CallOptions): Promise<ServerHealth> {
  const endpoint = readEndpoint(options)
  const now = options.now ?? Date.now
  const http = new HttpCaller({
    endpoint,
    transport: options.transport ?? fetchTransport,
    userAgent: options.userAgent ?? defaultUserAgent,
    now,
  })
  const scope = new CallScope(checkedTimeout(call.timeoutMs ?? options.timeoutMs ?? defaultTimeoutMs), call.signal)
  try {
    const startedAt = performance.now()
    const { date, needsSetup, protocols, region, valueMaxLength, version } = await readDiscovery(http, scope)
    const roundTripMs = performance.now() - startedAt
    const skew = clockSkewMs(date, now())
    return {
      endpoint,
      version,
      protocols,
      region,
      valueMaxLength,
      needsSetup,
      clockSkewMs: skew === undefined ? undefined : Math.round(skew),
      roundTripMs,
    }
  } finally {
    scope.end()
  }
}
