/** The key sets that the server lists for this caller: its word, which only their signed documents prove. */
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { readKeysetSummary } from "./answers.ts"
import type { KeysetSummary } from "./environment-types.ts"

export async function listKeysets(session: Session, scope: CallScope): Promise<KeysetSummary[]> {
  const answer = await session.api.call(scope, { method: "GET", path: "/v1/keysets", repetition: "repeatable" })
  return answer.field("keysets").list().map(readKeysetSummary)
}
