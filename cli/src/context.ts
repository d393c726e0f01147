/** What a command gets: streams, variables, settings, and the clients of the server, each made when first asked for. */
import type { Admin } from "halfkey/admin"
import type { Secrets, SecretsOptions } from "halfkey/secrets"
import type { GlobalOptions } from "./command.ts"
import type { Prompts } from "./input/prompts.ts"
import type { HeadStart } from "./run/head-start.ts"
import type { Connection } from "./settings/load.ts"
import type { Settings } from "./settings/resolve.ts"
import type { Streams } from "./streams.ts"

export type Environment = Readonly<Record<string, string | undefined>>

export interface Context {
  readonly options: GlobalOptions
  readonly streams: Streams
  readonly env: Environment
  readonly cwd: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly prompts: Prompts
  /** Where profiles, tokens and state are. */
  readonly configDirectory: string
  /** Reads files at the first call. */
  settings(): Settings
  /** Throws `missing_configuration`. */
  connection(): Connection
  /** The environment that was named. Throws `missing_configuration`. */
  environment(): string
  /** See `World`. */
  readonly beforeProgram?: (() => void) | undefined
  secrets(): Promise<Secrets>
  admin(): Promise<Admin>
  /** Lets the clients finish what they do beside the calls, and wipes their keys. They cannot be used afterwards. */
  close(): Promise<void>
  /** Something that the person should know: on stderr, unless `-q`. */
  warn(text: string): void
  /** What was done: on stderr, unless `-q`. */
  note(text: string): void
}

/** What tests replace. */
export interface World {
  readonly options: GlobalOptions
  readonly streams: Streams
  readonly env: Environment
  readonly cwd: string
  readonly now: () => number
  readonly prompts: Prompts
  makeAdmin(options: SecretsOptions): Promise<Admin>
  /** Of the command's definition. */
  readonly onlyReads?: boolean | undefined
  readonly usesCache?: boolean | undefined
  /** What `run` has begun already. */
  readonly headStart?: HeadStart | undefined
  /** What `run` has to do at the last moment, since the program takes the place of this process. */
  readonly beforeProgram?: (() => void) | undefined
}
