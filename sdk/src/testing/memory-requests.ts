/** Requests of the server in memory, and how it refuses. */
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"
import type { KnownKeyset } from "@halfkey/core/wire/keysets"

export type { CommitRequest, PrepareRequest, ReadRequest } from "@halfkey/core/wire/secrets"
export type KnownRequest = KnownKeyset

export class MemoryRefusal extends Error {
  readonly code: ProblemCode
  readonly status: number

  constructor(code: ProblemCode, status: number) {
    super(code)
    this.code = code
    this.status = status
  }
}

export function refuse(code: ProblemCode, status: number): never {
  throw new MemoryRefusal(code, status)
}
