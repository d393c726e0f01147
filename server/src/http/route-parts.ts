/** What several routes share. */
import { Problem } from "@halfkey/core/wire/problem"
import { Type } from "typebox"
import { plain } from "./schemas.ts"

/** Manifests with many members, and a grant for each. */
export const documentsBodyLimit = 16 * 1024 * 1024

/** Responses of every route that can refuse. */
export const refusals = { "4xx": plain(Problem), "5xx": plain(Problem) } as const

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 63 }) })
