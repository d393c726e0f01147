/** `halfkey watch` without a program: what changed, a line each. Names and versions, never a value. */
import type { Context } from "../context.ts"
import type { WatchChoice } from "../run/beside-options.ts"
import { chosenSecrets, environmentsOf, type RunOptions } from "../run/start.ts"
import { changesBetween, seenOf } from "./changes.ts"
import { follow, usualPace } from "./follow.ts"
import { WatchedSecrets } from "./watched-secrets.ts"

/** Ends by a signal, or throws when access is refused. */
export async function printChanges(
  context: Context,
  asked: RunOptions,
  { intervalMs }: WatchChoice,
): Promise<undefined> {
  const environments = environmentsOf(context, asked)
  const watched = new WatchedSecrets(await context.secrets(), environments, asked)
  const known = await watched.versions()
  // What is named has to be there at the beginning.
  let seen = seenOf(await chosenSecrets(context, await watched.read(), environments, asked))
  const { out } = context.streams
  const look = async () => {
    const now = seenOf(await watched.present())
    for (const change of changesBetween(seen, now)) {
      out(`${context.options.output === "json" ? JSON.stringify(change) : change.name}\n`)
    }
    seen = now
  }
  context.note(`watching ${seen.size === 1 ? "1 secret" : `${seen.size} secrets`} of ${environments.join(", ")}`)
  const follower = { versions: () => watched.versions(), look, tell: context.warn }
  await follow(known, follower, usualPace(intervalMs), new AbortController().signal)
  return undefined
}
