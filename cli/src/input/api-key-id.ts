/** The id of an API key on the command line. */
import { isApiKeyId } from "@halfkey/core/formats/ids"
import { usageError } from "../failure.ts"

/** Throws a usage error. */
export function apiKeyIdFrom(id: unknown): string {
  const text = String(id)
  // A whole key on the command line is in the history by now, but must not go further.
  if (text.startsWith("hkak_"))
    throw usageError("that is a whole API key; the command takes its id only", "halfkey keys list")
  if (isApiKeyId(text)) return text
  throw usageError("not the id of an API key: 16 characters of a-z and 2-7", "halfkey keys list")
}
