/** Names of secrets: as an argument, or by `-n`. */
import { collect, type Flags, listFlag, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"

/** The one name. Throws a usage error for none or two. */
export function nameFrom(argument: unknown, flags: Flags): string {
  const flag = textFlag(flags, "name")
  if (typeof argument === "string" && flag !== undefined) throw usageError("name the secret once: as NAME or by --name")
  const name = typeof argument === "string" ? argument : flag
  if (name === undefined) throw usageError("no secret was named", "add a NAME, such as DATABASE_URL")
  return name
}

/** All names, in the order given, each once. Throws a usage error for none. */
export function namesFrom(args: unknown, flags: Flags): readonly string[] {
  const names = [...(Array.isArray(args) ? args.map(String) : []), ...listFlag(flags, "name")]
  if (names.length === 0)
    throw usageError("no secret was named", "add one NAME or more, such as DATABASE_URL API_TOKEN")
  return [...new Set(names)]
}

export { collect as collectNames }
