/** Options that keep halfkey beside the program: `--watch` and `--mount`, of `run` and of `watch`. */
import { constants } from "node:os"
import type { Command } from "commander"
import { type Flags, textFlag } from "../command.ts"
import { usageError } from "../failure.ts"
import { spanMs } from "../input/time.ts"
import { type MountFormat, mountFormatOf, mountFormats } from "../mount/content.ts"

export interface WatchChoice {
  readonly intervalMs: number
  /** Sent to the program when a secret changes; without one, it is started again. */
  readonly signal: NodeJS.Signals | undefined
}

export interface MountChoice {
  readonly path: string
  readonly type: "fifo" | "file"
  readonly content: { readonly format: MountFormat } | { readonly template: string }
}

export interface Beside {
  readonly watch?: WatchChoice | undefined
  readonly mount?: MountChoice | undefined
}

const usualIntervalMs = 30_000
const intervalLeastMs = 100

export function defineWatch(command: Command): Command {
  return command
    .option("--signal <name>", "send this signal, such as HUP, instead of starting the program again")
    .option("--interval <time>", "how often to look for changes (default: 30s)")
}

export function defineMount(command: Command): Command {
  return command
    .option("--mount <path>", "give the secrets in a file at this path, and none as a variable")
    .addOption(
      command.createOption("--mount-type <type>", "what the file is (default: fifo)").choices(["fifo", "file"]),
    )
    .addOption(
      command.createOption("--mount-format <format>", "instead of what its name says").choices([...mountFormats]),
    )
    .option("--mount-template <file>", "a template, as for inject, instead of a format")
}

/** Throws a usage error. */
export function readWatch(flags: Flags): WatchChoice {
  const interval = textFlag(flags, "interval")
  const signal = textFlag(flags, "signal")
  return {
    intervalMs: interval === undefined ? usualIntervalMs : intervalFrom(interval),
    signal: signal === undefined ? undefined : signalFrom(signal),
  }
}

/** `undefined` without `--mount`. Throws a usage error. */
export function readMount(flags: Flags): MountChoice | undefined {
  const path = textFlag(flags, "mount")
  const [type, format, template] = ["mountType", "mountFormat", "mountTemplate"].map((name) => textFlag(flags, name))
  if (path === undefined) {
    if (type ?? format ?? template)
      throw usageError("there is no --mount that the other options are about", "--mount PATH")
    return undefined
  }
  if (path === "") throw usageError("--mount names no path", "--mount .env")
  if (template === undefined) {
    const known = mountFormats.find((each) => each === format) ?? mountFormatOf(path)
    return { path, type: type === "file" ? "file" : "fifo", content: { format: known } }
  }
  if (format !== undefined) throw usageError("a template has no --mount-format", "one of them")
  for (const name of ["only", "except", "prefix"]) {
    if (flags[name] !== undefined)
      throw usageError(`the template says which secrets it takes, not --${name}`, "one of them")
  }
  return { path, type: type === "file" ? "file" : "fifo", content: { template } }
}

function intervalFrom(text: string): number {
  const [, count] = /^([1-9]\d{0,6})ms$/.exec(text) ?? []
  const ms = count === undefined ? spanMs(text) : Number(count)
  if (ms !== undefined && ms >= intervalLeastMs && ms <= 86_400_000) return ms
  throw usageError(`--interval cannot be ${JSON.stringify(text)}`, "--interval 30s; from 100ms to 1d")
}

function signalFrom(text: string): NodeJS.Signals {
  const name = `SIG${text.toUpperCase().replace(/^SIG/, "")}`
  const known = Object.keys(constants.signals).find((each) => each === name)
  if (known === undefined || known === "SIGKILL" || known === "SIGSTOP")
    throw usageError(`no program can act on the --signal ${JSON.stringify(text)}`, "--signal HUP")
  return known as NodeJS.Signals
}
