/** What several routes share. */
import { Problem, problemContentType } from "@halfkey/core/wire/problem"
import { Type } from "typebox"
import { plain } from "./schemas.ts"

/** Manifests with many members, and a grant for each. */
export const documentsBodyLimit = 16 * 1024 * 1024

/** Responses of every route that can refuse. */
export const refusals = {
  "4xx": problemResponse("Refused"),
  "5xx": problemResponse("The server's own failure"),
} as const

function problemResponse(description: string) {
  return { description, content: { [problemContentType]: { schema: plain(Problem) } } }
}

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 63 }) })
