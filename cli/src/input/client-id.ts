/** Client ids on the command line. */
import { isClientId } from "@halfkey/core/formats/ids"
import { usageError } from "../failure.ts"

/** The id in full, in lower case. Throws a usage error for anything shorter: a prefix commits to no key. */
export function clientIdFrom(argument: unknown): string {
  const id = String(argument).toLowerCase()
  if (isClientId(id)) return id
  throw usageError("not a client id: a UUID of 36 characters whose third group begins with 8", "halfkey clients list")
}
