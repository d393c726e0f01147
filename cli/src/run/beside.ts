/** `run --watch`, `run --mount` and `watch -- program`: halfkey stays beside the program that it starts. */
import type { Secret } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { fillerOf } from "../mount/filler.ts"
import type { Mounted } from "../mount/mounted.ts"
import { MountedFifo } from "../mount/mounted-fifo.ts"
import { MountedFile } from "../mount/mounted-file.ts"
import { memoryCandidates } from "../storage/memory-directory.ts"
import { changesBetween, namesOf, seenOf } from "../watch/changes.ts"
import { follow, usualPace } from "../watch/follow.ts"
import { WatchedSecrets } from "../watch/watched-secrets.ts"
import type { Beside, MountChoice, WatchChoice } from "./beside-options.ts"
import { childEnvironment } from "./child-environment.ts"
import { requireFitting } from "./size-limits.ts"
import { chosenSecrets, environmentsOf, type RunOptions, requireProgram, variablesOf } from "./start.ts"
import { Supervisor } from "./supervisor.ts"

/** What a program gets: variables, and what is in the file. */
interface Given {
  readonly variables: Record<string, string>
  readonly content: Uint8Array
}

/**
 * Resolves to the exit code. `keep`: a program that fails is started again, and one that ends well is waited for, instead of
 * ending with it.
 */
export async function runBeside(context: Context, asked: RunOptions, beside: Beside, keep: boolean): Promise<number> {
  const { mount, watch } = beside
  requireProgram(asked.command)
  const filler = mount && (await fillerOf(mount, asked, context.streams))
  const options = filler?.names === undefined ? asked : { ...asked, only: filler.names }
  const environments = environmentsOf(context, options)
  const watched = new WatchedSecrets(await context.secrets(), environments, options)
  const read = async () => await chosenSecrets(context, await watched.read(), environments, options)
  const give = async (secrets: readonly Secret[]): Promise<Given> => {
    const variables = filler === undefined ? variablesOf(context, secrets, options) : withoutSecrets(context)
    requireFitting(options.command, variables)
    return { variables, content: filler === undefined ? new Uint8Array(0) : await filler.fill(secrets) }
  }
  // Before the read: what is written in between is seen as a change.
  const known = watch === undefined ? "" : await watched.versions()
  const secrets = await read()
  const first = await give(secrets)
  // No key of ours is left in memory where none is needed any more.
  if (watch === undefined) await context.close()
  const { note, streams } = context
  const supervisor = new Supervisor({ command: options.command, keep, note, tell: streams.err })
  const mounted = mount && put(context, mount, first.content)
  const over = new AbortController()
  try {
    supervisor.start(first.variables)
    if (watch !== undefined) {
      const place = environments.join(", ")
      const look = looker({ first: secrets, read, give, note, place }, watch, supervisor, mounted)
      const follower = { versions: () => watched.versions(), look, tell: context.warn }
      follow(known, follower, usualPace(watch.intervalMs), over.signal).catch((error) => {
        context.warn("access is refused, so the program is ended")
        supervisor.fail(error)
      })
    }
    return await supervisor.ended
  } finally {
    over.abort()
    mounted?.remove()
  }
}

interface Looking {
  readonly first: readonly Secret[]
  read(): Promise<readonly Secret[]>
  give(secrets: readonly Secret[]): Promise<Given>
  note(text: string): void
  /** For notes. */
  readonly place: string
}

/** Reads, and where something changed, the program gets to know it. */
function looker(
  { first, read, give, note, place }: Looking,
  { signal }: WatchChoice,
  supervisor: Supervisor,
  mounted: Mounted | undefined,
): () => Promise<void> {
  let seen = seenOf(first)
  return async () => {
    const secrets = await read()
    const now = seenOf(secrets)
    const changes = changesBetween(seen, now)
    if (changes.length === 0) return
    const { content, variables } = await give(secrets)
    mounted?.update(content)
    seen = now
    const outcome = signal === undefined ? "the program is started again" : `the program gets ${signal}`
    note(`changed in ${place}: ${namesOf(changes)}; ${outcome}`)
    if (signal === undefined) supervisor.restart(variables)
    else supervisor.signal(signal, variables)
  }
}

function withoutSecrets({ env }: Context): Record<string, string> {
  return childEnvironment(env, [], new Set()).variables
}

function put({ env }: Context, { path, type }: MountChoice, content: Uint8Array): Mounted {
  return type === "fifo" ? new MountedFifo(path, content) : new MountedFile(path, content, memoryCandidates(env))
}
