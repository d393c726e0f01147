/** How a server in memory answers. */
import type { TransportResponse } from "../transport.ts"
import type { MemoryKeyset } from "./memory-keyset.ts"
import { MemoryRefusal } from "./memory-requests.ts"

/** What the body gives, or what it refuses with. */
export function answered(body: () => unknown): TransportResponse {
  try {
    const json = body()
    return json === undefined ? respond(204, undefined) : respond(200, json)
  } catch (error) {
    if (!(error instanceof MemoryRefusal)) throw error
    const { code, status } = error
    const type = `urn:halfkey:problem:${code}`
    return respond(status, { type, title: code, status, code, detail: code, requestId: "r" })
  }
}

export function summary({ newest }: MemoryKeyset, clientId: string) {
  const { createdAt, keysetId, kind, members, name, revision, state } = newest
  const mode = members.find((member) => member.clientId === clientId)?.mode ?? null
  const time = new Date(createdAt).toISOString()
  const times = { createdAt: time, updatedAt: time, undoUntil: null, purgedAt: null }
  return { keysetId, name, kind, state, revision, memberCount: members.length, mode, ...times }
}

function respond(status: number, json: unknown): TransportResponse {
  const headers = {
    "content-type": status >= 400 ? "application/problem+json" : "application/json",
    date: new Date().toUTCString(),
  }
  return { status, headers, body: json === undefined ? "" : JSON.stringify(json) }
}
