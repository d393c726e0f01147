/** From a request to a `Caller`, and from an answer to its headers. */
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { receiptHeader } from "@halfkey/core/wire/problem"
import type { FastifyReply, FastifyRequest } from "fastify"
import { plainAddress } from "../addresses.ts"
import type { Answer, Caller } from "../domain/caller.ts"

const userAgentMaxLength = 200

declare module "fastify" {
  interface FastifyRequest {
    /** Made when the request arrives; services fill in its identity. */
    caller: Caller
  }
}

export function callerOf(request: FastifyRequest): Caller {
  const { authorization, "user-agent": userAgent } = request.headers
  return {
    credential: bearer(authorization),
    requestId: request.id,
    address: plainAddress(request.ip),
    userAgent: userAgent && visible(userAgent),
    identity: {},
  }
}

function bearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length < 8 || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined
  return header.slice(7).trim()
}

function visible(text: string): string {
  return text.slice(0, userAgentMaxLength).replaceAll(/[^\x20-\x7e]/g, "?")
}

/** The value of an answer; its receipt goes into the header. */
export function answered<T>(reply: FastifyReply, { value, receipt }: Answer<T>): T {
  reply.header(receiptHeader, toBase64Url(receipt))
  return value
}
