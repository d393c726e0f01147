/** `halfkey run`: one request, then the program, with the secrets in its variables and nowhere else. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { type Beside, defineMount, defineWatch, readMount, readWatch } from "../run/beside-options.ts"
import { defineChoice, readChoice } from "../run/choice-options.ts"
import { exitCodes } from "../run/exit-codes.ts"
import { type RunOptions, start } from "../run/start.ts"

/** Of `run` alone: what keeps halfkey beside the program. */
interface RunCommandOptions extends RunOptions {
  readonly beside?: Beside
}

export const definition: CommandDefinition<RunCommandOptions> = {
  environments: "layers",
  onlyReads: true,
  usesCache: true,
  ownFailureExit: exitCodes.ownFailure,
  passThrough: true,
  about: `Reads all secrets of the environment and starts the program with them. A secret replaces an inherited variable of
the same name. Halfkey's own credentials (CS_ variables) are taken out. Secrets whose names no variable can have, such
as payments/stripe.key, are left out with a note. Names that change how programs load, such as LD_PRELOAD, PATH or
NODE_OPTIONS, are refused unless allowed one by one.

Of several environments the later ones win: -e base -e production. With --only, what is named has to be there. Values are
passed on as they are; only with --expand, \${NAME} stands for the value of another secret, and $\${ for \${ itself.

The exit code is the program's own, 128+n when signal n ended it, 127 when it was not found, 126 when it cannot be
executed, 125 for every failure of halfkey itself. Signals are passed on; the terminal is the program's.

With --watch, halfkey stays beside the program, looks for changes, and starts it again (SIGTERM, after 10 s SIGKILL) with what
there is then, or sends it --signal. Failures of the network are told once and survived; when access is refused, the program
is ended. With --mount, no secret is in its variables: they are in a pipe at that path, which gives everything to whoever opens
it, or in a file in memory (--mount-type file), for its owner alone, and gone with the program. .env, .json, .yaml and .sh say
which format; a value that it cannot hold is refused.`,
  examples: [
    { does: "start a server with its secrets", line: "halfkey run -e development -- npm start" },
    { does: "use a shell to name a variable", line: `halfkey run -e staging -- sh -c 'psql "$DATABASE_URL"'` },
    {
      does: "some of two environments; those of production win",
      line: "halfkey run -e base -e production --only 'DB_*' --only API_TOKEN -- npm start",
    },
    {
      does: "allow one name that is refused otherwise",
      line: "halfkey run -e development --allow-name NODE_OPTIONS -- node app.js",
    },
    { does: "start again when a secret changes", line: "halfkey run --watch -e staging -- node server.js" },
    {
      does: "a file instead of variables, and a signal when it has changed",
      line: "halfkey run -e staging --mount app.json --mount-type file --watch --signal HUP -- ./server app.json",
    },
  ],
  define: (command) => {
    defineChoice(command.argument("[command...]", "the program and its arguments, after --"))
    defineMount(defineWatch(command.option("--watch", "start the program again when a secret changes")))
  },
  read: ([command], flags) => {
    const watch = flags["watch"] === true ? readWatch(flags) : undefined
    if (watch === undefined && (flags["signal"] ?? flags["interval"]) !== undefined)
      throw usageError("--signal and --interval are for --watch", "--watch --signal HUP")
    const mount = readMount(flags)
    const options = readChoice(command, flags)
    return watch === undefined && mount === undefined ? options : { ...options, beside: { watch, mount } }
  },
}

export async function run(context: Context, options: RunCommandOptions): Promise<number> {
  const { beside } = options
  if (beside === undefined) return await start(context, options)
  const { runBeside } = await import("../run/beside.ts")
  return await runBeside(context, options, beside, false)
}
