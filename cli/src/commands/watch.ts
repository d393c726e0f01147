/** `halfkey watch`: a program that is started again when secrets change, or the names of what changed. */
import type { CommandDefinition, Flags } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { type Beside, defineMount, defineWatch, readMount, readWatch, type WatchChoice } from "../run/beside-options.ts"
import { defineChoice, readChoice } from "../run/choice-options.ts"
import type { RunOptions } from "../run/start.ts"

interface WatchOptions extends RunOptions {
  readonly beside: Beside & { readonly watch: WatchChoice }
}

export const definition: CommandDefinition<WatchOptions> = {
  environments: "layers",
  formats: ["json"],
  onlyReads: true,
  usesCache: true,
  passThrough: true,
  about: `With a program: starts it as run does, and keeps it going. When a secret that it gets is written or deleted, it is
ended (SIGTERM, after 10 s SIGKILL) and started with what there is then, or it gets --signal. One that fails is started again
after 1 s, and later each time, up to a minute; one that ends well is started again at the next change. Ctrl-C and
SIGTERM end both.

Without a program: prints the names of what changes, a line each, until it is ended; with -o json, an object a line, with
name, environment, version and change: added, changed or deleted.

It asks for versions every --interval, waits until nothing more is written for a second, and reads what there is. The same value
written again is no change. What cannot be used, such as a value that no variable can hold, is told, and the program goes on as it
is. Failures of the network are told once and survived. When access is refused, the program is ended, and the exit code
is 4, or 3 where the environment is not there any more.`,
  examples: [
    { does: "a server that always has the newest secrets", line: "halfkey watch -e production -- node server.js" },
    {
      does: "a server that reads its file again on SIGHUP",
      line: "halfkey watch -e production --mount app.json --mount-type file --signal HUP -- ./server app.json",
    },
    { does: "for a script", line: "halfkey watch -e production --only 'DB_*' -o json | ./rotate-pool" },
  ],
  define: (command) => {
    defineChoice(command.argument("[command...]", "the program and its arguments, after --"))
    defineMount(defineWatch(command))
  },
  read: ([command], flags) => {
    const options = readChoice(command, flags)
    if (options.command.length === 0) requireNothingForPrograms(flags)
    else if (flags["output"] !== undefined)
      throw usageError("with a program, what is printed is the program's", "no -o")
    return { ...options, beside: { watch: readWatch(flags), mount: readMount(flags) } }
  },
}

const forPrograms = ["signal", "mount", "prefix", "expand", "allowName"]

function requireNothingForPrograms(flags: Flags): void {
  const found = forPrograms.find((name) => flags[name] !== undefined)
  if (found === undefined) return
  const option = found === "allowName" ? "allow-name" : found
  throw usageError(`--${option} is for a program, and none was named`, "halfkey watch -e development -- <program>")
}

export async function run(context: Context, options: WatchOptions): Promise<number | undefined> {
  if (options.command.length === 0) {
    const { printChanges } = await import("../watch/print-changes.ts")
    return await printChanges(context, options, options.beside.watch)
  }
  const { runBeside } = await import("../run/beside.ts")
  return await runBeside(context, options, options.beside, true)
}
