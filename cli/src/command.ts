/** The shape of a command: what it takes, how its help reads, and what it does. One file each in `commands/`. */
import type { Command } from "commander"
import type { Context } from "./context.ts"
import type { OutputFormat } from "./output/formats.ts"

/** What every command understands. A member is missing where the person said nothing. */
export interface GlobalOptions {
  readonly environment?: string
  readonly profile?: string
  readonly endpoint?: string
  /** Nothing but the cache is asked. */
  readonly offline?: boolean
  /** How old may be what the cache gives, as it was typed. */
  readonly maxStale?: string
  readonly output?: OutputFormat
  readonly plain?: boolean
  readonly quiet?: boolean
  readonly yes?: boolean
  readonly input?: boolean
  readonly color?: boolean
}

/** Values of a command's own options, by commander's names. */
export type Flags = Readonly<Record<string, unknown>>

export interface Example {
  /** What it does: a few words, without a full stop. */
  readonly does: string
  readonly line: string
}

export interface CommandDefinition<Options> {
  /** Sentences below the summary in `--help`. */
  readonly about?: string
  /** At least two, shown by `--help`. */
  readonly examples: readonly [Example, Example, ...Example[]]
  /**
   * Whether the command acts in one environment (`-e` once), in several (`-e` repeated), in layers (repeated, and the last one
   * is the environment of the settings) or in none.
   */
  readonly environments: "one" | "many" | "layers" | "none"
  /** Formats of `-o`; the first is what a terminal gets. Without any, the command has no `-o`. */
  readonly formats?: readonly [OutputFormat, ...OutputFormat[]]
  /** Adds arguments and options to the parser. */
  define(command: Command): void
  /** Turns what was parsed into the options of `run`, or throws a usage error. */
  read(args: readonly unknown[], flags: Flags): Options
  /** Nothing is signed, sealed or changed: it also runs where this machine can remember nothing (a read-only home), with a warning. */
  readonly onlyReads?: true
  /** The cache may answer while the server cannot be reached: it takes --offline and --max-stale. */
  readonly usesCache?: true
  /** Ends with 8 where differences were found. */
  readonly compares?: true
  /** Failures of the command itself end with this code instead of that of the problem table. */
  readonly ownFailureExit?: number
  /** Everything after the first operand belongs to another program. */
  readonly passThrough?: true
}

/** What `import("./commands/x.ts")` gives. */
export interface CommandModule<Options = unknown> {
  readonly definition: CommandDefinition<Options>
  /** Does the work. Resolves to an exit code other than 0, where that is no failure. */
  run(context: Context, options: Options): Promise<number | undefined>
}

/** Reads an option that may be given once. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === "string" ? value : undefined
}

/** Reads an option that may be repeated. */
export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name]
  return Array.isArray(value) ? value.map(String) : []
}

/** For commander: collects a repeated option, also as a list with commas. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...value.split(",").filter((part) => part !== "")]
}

/** As `collect`, with the empty ones, for whoever refuses them. */
export function collectAll(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...value.split(",")]
}
