/** What answers at an address, before a server is started there. */
import type { Transport, TransportResponse } from "halfkey/secrets"

export type Answer =
  | { readonly kind: "nobody" }
  | { readonly kind: "somebody-else" }
  | { readonly kind: "halfkey"; readonly needsSetup: boolean }

const patienceMs = 3000

/** Asks for the discovery document. */
export async function probe(transport: Transport, endpoint: string): Promise<Answer> {
  let answer: TransportResponse
  try {
    const signal = AbortSignal.timeout(patienceMs)
    const url = `${endpoint}/.well-known/halfkey`
    answer = await transport({ method: "GET", url, headers: { accept: "application/json" }, signal, maxBytes: 65_536 })
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return { kind: code === "ECONNREFUSED" ? "nobody" : "somebody-else" }
  }
  try {
    const { protocols, needsSetup } = JSON.parse(answer.body) as { protocols?: unknown; needsSetup?: unknown }
    if (!Array.isArray(protocols) || !protocols.includes("halfkey/v1")) return { kind: "somebody-else" }
    return { kind: "halfkey", needsSetup: needsSetup === true }
  } catch {
    return { kind: "somebody-else" }
  }
}
