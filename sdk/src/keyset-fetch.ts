/** The documents of a key set alone, without secrets. */
import type { KeysetBundle } from "@halfkey/core/client/load-keyset"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { largeAnswerMaxBytes } from "./api-client.ts"
import type { CallScope } from "./call-scope.ts"
import { readBundle } from "./keyset-bundle.ts"
import type { KeysetQuestion } from "./keysets.ts"
import type { Session } from "./session.ts"

/** Asks for the documents, `recovery` with the recovery grants. Nothing about them is checked yet but their form. */
export async function fetchKeyset(
  session: Session,
  scope: CallScope,
  question: KeysetQuestion,
  recovery = false,
): Promise<KeysetBundle> {
  const answer = await session.api.call(scope, {
    method: "GET",
    path: `/v1/keysets/${encodeURIComponent(question.environment)}`,
    query: { recovery: recovery || undefined, sinceRevision: question.known?.sinceRevision },
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  return readBundle(answer)
}

/** The verified key set, as it is held, or fetched: `refetch` where something points to newer documents. */
export async function usableKeyset(
  session: Session,
  scope: CallScope,
  environment: string,
  refetch = false,
): Promise<VerifiedKeyset> {
  const { keysets } = session.client
  const question = keysets.ask(environment, [], refetch)
  return question.held ?? (await keysets.load(question, await fetchKeyset(session, scope, question)))
}
