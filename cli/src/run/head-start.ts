/**
 * The request of `halfkey run`, sent before the SDK and its cryptography are loaded: both take about as long as the answer
 * takes to come. The SDK builds the same request by itself and gets this answer for it; where its request differs in a
 * byte, it sends its own. Nothing is decided here, and nothing of the answer is believed before the SDK has checked it.
 */
import type { Transport, TransportRequest } from "halfkey/secrets"
import type { GlobalOptions } from "../command.ts"
import { userAgent } from "../connect.ts"
import type { Environment } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { auditFieldsOf } from "../settings/audit-fields.ts"
import { configDirectory } from "../settings/config-directory.ts"
import { loadSettings, requireConnection, requireEnvironment } from "../settings/load.ts"
import type { Settings } from "../settings/resolve.ts"
import { loadFreshness } from "../storage/freshness-file.ts"
import { loadToken, tokenPath } from "../storage/token-file.ts"

export interface HeadStart {
  readonly settings: Settings
  readonly transport: Transport
}

/** As the SDK has it: a token is not used in its last seconds. */
const tokenMarginMs = 30_000
const answerMaxBytes = 64 * 1024 * 1024

/** Sends the request if a token lies ready; `undefined` where anything is missing or wrong: the usual way then says what. */
export function headStart(
  globals: GlobalOptions,
  env: Environment,
  cwd: string,
  now: number,
  transport: Transport = nodeTransport(),
): HeadStart | undefined {
  // The usual way knows how to say why.
  if (auditFieldsOf(env) !== undefined) return undefined
  try {
    const settings = loadSettings(globals, env, cwd)
    const connection = requireConnection(settings)
    const environment = requireEnvironment(settings)
    const directory = configDirectory(env, cwd)
    const token = loadToken(tokenPath(directory, connection))
    if (token === undefined || now >= token.expiresAt - tokenMarginMs) return undefined
    const request = {
      method: "POST",
      url: `${connection.endpoint}/v1/secrets/read`,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        authorization: `Bearer ${token.accessToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ environment, ...knownOf(directory, connection.workspaceId, environment) }),
      maxBytes: answerMaxBytes,
    }
    return { settings, transport: withAnswerUnderWay(request, transport) }
  } catch {
    return undefined
  }
}

function knownOf(directory: string, workspaceId: string, environment: string): { known?: { sinceRevision: number } } {
  const floors = Object.values(loadFreshness(directory, workspaceId).keysets ?? {})
  const floor = floors.find(({ name }) => name === environment)
  return floor === undefined ? {} : { known: { sinceRevision: floor.revision } }
}

/** Sends at once. The first identical request gets that answer, or its failure; every other one is sent. */
function withAnswerUnderWay(early: Omit<TransportRequest, "signal">, transport: Transport): Transport {
  const giveUp = new AbortController()
  const answer = transport({ ...early, signal: giveUp.signal })
  // Told to whoever asks for it, if anybody does.
  answer.catch(() => undefined)
  const sent = JSON.stringify(early)
  let taken = false
  return async ({ signal, ...request }) => {
    if (taken || JSON.stringify(request) !== sent) return await transport({ ...request, signal })
    taken = true
    const stop = () => giveUp.abort(signal.reason)
    signal.addEventListener("abort", stop, { once: true })
    if (signal.aborted) stop()
    try {
      return await answer
    } finally {
      signal.removeEventListener("abort", stop)
    }
  }
}
