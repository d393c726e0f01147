/** Problem documents (RFC 9457): the body of every refusal but those of the token endpoint. */
import { type Static, Type } from "typebox"

export const problemContentType = "application/problem+json"

export const Problem = Type.Object(
  {
    type: Type.String({ description: "urn:halfkey:problem:<code>" }),
    title: Type.String({ description: "Constant for a code" }),
    status: Type.Integer(),
    detail: Type.String({ description: "What failed and why" }),
    code: Type.String({ description: "Stable name; see problem-codes.ts" }),
    hint: Type.Optional(Type.String({ description: "What to do next" })),
    check: Type.Optional(Type.String({ description: "The name of the failed check" })),
    facts: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    requestId: Type.String(),
  },
  { $id: "Problem" },
)
export type Problem = Static<typeof Problem>

/** Header of every answer that an audit entry describes: the entry's leaf hash, 32 bytes as base64url (S12). */
export const receiptHeader = "halfkey-receipt"
/** Header of every answer: names the request in the server's logs. */
export const requestIdHeader = "halfkey-request-id"
