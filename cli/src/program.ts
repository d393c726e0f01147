/** The parser of the command line: commander, with the one command loaded that was typed. */
import { Command, CommanderError, Option } from "commander"
import type { CommandModule, Flags, GlobalOptions } from "./command.ts"
import { collect, collectAll } from "./command.ts"
import { type CommandEntry, commandTable, groups, nouns } from "./command-table.ts"
import { exitCodesText } from "./exit-codes.ts"
import { report, Told } from "./failure.ts"
import { outputFormats } from "./output/formats.ts"
import { version } from "./version.ts"

export interface ParsedCommand {
  readonly entry: CommandEntry
  readonly module: CommandModule
  readonly options: unknown
  readonly globals: GlobalOptions
}

export interface ParserOutput {
  out(text: string): void
  err(text: string): void
}

const optionsWithValue = new Set(["-e", "--environment", "--profile", "--endpoint", "-o", "--output"])

/** Parses arguments (without `node` and the script). Throws `Told` after help, `--version` and usage errors were printed. */
export async function parseCommandLine(typed: readonly string[], output: ParserOutput): Promise<ParsedCommand> {
  const args = asHelpOption(typed)
  const entry = entryOf(args)
  const module = await entry?.load()
  let parsed: ParsedCommand | undefined
  const program = build(output, entry, module, (options, globals) => {
    if (entry && module) parsed = { entry, module, options, globals }
  })
  try {
    await program.parseAsync(args, { from: "user" })
  } catch (error) {
    const exit = module?.definition.ownFailureExit
    if (error instanceof CommanderError) throw new Told(error.exitCode === 0 ? 0 : (exit ?? 2))
    if (exit === undefined) throw error
    // A usage error that the command found itself; the caller does not know yet which command it is.
    const { lines } = report(error)
    output.err(`${lines.join("\n")}\n`)
    throw new Told(exit)
  }
  if (parsed === undefined) throw new Told(2)
  return parsed
}

/** `halfkey`, `halfkey help` and `halfkey help x y` are other spellings of `--help`. */
function asHelpOption(args: readonly string[]): readonly string[] {
  if (args.length === 0) return ["--help"]
  return args[0] === "help" ? [...args.slice(1), "--help"] : args
}

/** The first words that are no options tell which command to load. */
export function entryOf(args: readonly string[]): CommandEntry | undefined {
  const words: string[] = []
  for (let index = 0; index < args.length && words.length < 3; index++) {
    const arg = args[index] ?? ""
    if (arg === "--") break
    if (optionsWithValue.has(arg)) index++
    else if (!arg.startsWith("-")) words.push(arg)
  }
  const matching = commandTable.filter(({ path }) => path.split(" ").every((word, index) => words[index] === word))
  // `restore accept` is not `restore` of a secret called accept.
  return matching.sort((left, right) => right.path.length - left.path.length)[0]
}

/** How the parser knows a command, or the program itself. */
export async function commandOf(entry: CommandEntry | undefined): Promise<Command> {
  const program = build({ out: () => {}, err: () => {} }, entry, await entry?.load(), () => {})
  const depth = entry?.path.split(" ").length ?? 0
  let command = program
  for (let level = 0; level < depth; level++) command = command.commands[0] ?? command
  return command
}

type OnParsed = (options: unknown, globals: GlobalOptions) => void

function build(
  output: ParserOutput,
  typed: CommandEntry | undefined,
  module: CommandModule | undefined,
  onParsed: OnParsed,
): Command {
  const program = new Command("halfkey")
    .description("Secrets that neither the server nor a stolen laptop can read alone.")
    .version(version, "--version", "print the version")
    .usage("<command> [options]")
    .helpOption("-h, --help", "help for any command")
    .helpCommand(false)
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.err(text),
      outputError: (text, write) => write(asOurError(text, typed?.path)),
    })
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText("after", "\nStart with `halfkey up`. Documentation of a command: halfkey <command> --help")
  addGlobalOptions(program, undefined)
  const parents = new Map<string, Command>()
  // The overview needs every command, one command only itself.
  for (const entry of typed === undefined ? commandTable : [typed]) {
    const [first = "", second] = entry.path.split(" ")
    if (second === undefined) {
      const command = program.command(first).helpGroup(`${groups[entry.group]}:`).summary(entry.summary)
      fill(command, program, entry, entry === typed ? module : undefined, onParsed)
      // A command may have others below it.
      parents.set(first, command)
      continue
    }
    let parent = parents.get(first)
    if (parent === undefined) {
      const { summary = "", group = "self" } = nouns[first] ?? {}
      parent = program
        .command(first)
        .helpGroup(`${groups[group]}:`)
        .summary(summary)
        .description(sentence(summary))
        .helpCommand(false)
      addGlobalOptions(parent, undefined)
      parents.set(first, parent)
    }
    const command = parent.command(second).summary(entry.summary)
    fill(command, program, entry, entry === typed ? module : undefined, onParsed)
  }
  return program
}

/** Without its module, a command is only a line in the overview. */
function fill(
  command: Command,
  program: Command,
  entry: CommandEntry,
  module: CommandModule | undefined,
  onParsed: OnParsed,
): void {
  if (module === undefined) return
  const { definition } = module
  // Lines of the source are not lines of the help: commander wraps paragraphs to the terminal.
  const about = definition.about === undefined ? "" : `\n\n${definition.about.replace(/(\S)\n(?=\S)/g, "$1 ")}`
  command.description(`${sentence(entry.summary)}${about}`)
  definition.define(command)
  addGlobalOptions(command, definition)
  if (definition.passThrough) command.passThroughOptions()
  const examples = definition.examples.map(({ does, line }) => `  # ${does}\n  ${line}`).join("\n\n")
  const exits = exitCodesText(definition.compares === true, definition.ownFailureExit !== undefined)
  command.addHelpText("after", `\nExamples:\n${examples}\n\n${exits}`)
  command.action((...received: unknown[]) => {
    const args = received.slice(0, -2)
    // Options may stand before the command's name too; those behind it are nearer and win.
    const flags = { ...typedOptions(program), ...typedOptions(command.parent), ...typedOptions(command) }
    const { environment } = flags
    const nearest =
      definition.environments === "layers" && Array.isArray(environment) ? environment.at(-1) : environment
    const globals: Flags = { ...flags, environment: nearest }
    onParsed(definition.read(args, flags), Object.fromEntries(globalNames.flatMap((name) => pair(name, globals[name]))))
  })
}

const globalNames = [
  "environment",
  "profile",
  "endpoint",
  "offline",
  "maxStale",
  "output",
  "plain",
  "quiet",
  "yes",
  "input",
  "color",
] as const

/** What was typed, without commander's defaults: `--no-x` has one. */
function typedOptions(command: Command | null): Record<string, unknown> {
  const typed = Object.entries(command?.opts() ?? {})
  return Object.fromEntries(typed.filter(([name]) => command?.getOptionValueSource(name) !== "default"))
}

/** `-e` of commands that take several environments is theirs alone. */
function pair(name: string, value: unknown): [string, unknown][] {
  return value === undefined || Array.isArray(value) ? [] : [[name, value]]
}

/** Without a definition: for the program itself, before the command's name. */
function addGlobalOptions(command: Command, definition: CommandModule["definition"] | undefined): void {
  const add = (flags: string, text: string) => {
    const option = new Option(flags, text).helpGroup("General options:")
    if (definition === undefined && command.parent !== null) option.hideHelp()
    command.addOption(option)
    return option
  }
  const one = definition === undefined || definition.environments === "one"
  if (one) add("-e, --environment <name>", "the environment to act in")
  if (definition?.environments === "many") {
    command.addOption(new Option("-e, --environment <name>", "an environment; may be repeated").argParser(collect))
  }
  if (definition?.environments === "layers") {
    const text = "an environment; may be repeated: later ones win"
    command.addOption(new Option("-e, --environment <name>", text).argParser(collectAll))
  }
  add("--profile <name>", "use this profile, before any variable")
  add("--endpoint <url>", "address of the server")
  if (definition?.usesCache) {
    add("--offline", "ask no server: only what is in the cache")
    add("--max-stale <time>", "while the server is away: what is in the cache, and no older, such as 12h")
  }
  if (definition === undefined || definition.formats !== undefined) {
    const formats = definition?.formats ?? outputFormats
    add("-o, --output <format>", "format of the output").choices([...formats])
    add("--plain", "tables without heading, padding and colour")
  }
  add("-q, --quiet", "no warnings and notes")
  add("-y, --yes", "do not ask for confirmation")
  add("--no-input", "ask nothing: fail instead")
  add("--no-color", "no colour (also by NO_COLOR)")
}

/** commander writes `error: unknown option '--x'`; ours are `halfkey: …` with a hint on the next line. */
function asOurError(text: string, path: string | undefined): string {
  const [message = "", suggestion] = text
    .replace(/^error: /, "")
    .trim()
    .split("\n")
  const near = /did you mean (.*)\?/i.exec(suggestion ?? "")?.[1]
  // What -o is everywhere else: the format of an export is no way to show it, but what is exported.
  if (path === "export" && /^unknown option '(-o|--output)/.test(message))
    return `halfkey: ${message}\n  try: --format\n`
  const hint = near === undefined ? `halfkey ${path === undefined ? "" : `${path} `}--help` : `did you mean ${near}?`
  return `halfkey: ${message.replace(/\.$/, "")}\n  try: ${hint}\n`
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
}
