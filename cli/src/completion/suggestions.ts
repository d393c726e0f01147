/** What may come next on a command line, from the parser's own definitions and from names that this machine knows. */
import type { Argument, Command, Option } from "commander"
import { type CommandEntry, commandTable } from "../command-table.ts"
import { commandOf, entryOf } from "../program.ts"
import { shells } from "./scripts.ts"

/** Names, never values. */
export interface KnownNames {
  environments(profile: string | undefined): readonly string[]
  /** Of one environment, or of the one that the settings name. */
  secrets(profile: string | undefined, environment: string | undefined): readonly string[]
  profiles(): readonly string[]
}

/** What the words so far say about the next one. */
interface Typed {
  readonly operands: number
  readonly environment: string | undefined
  readonly profile: string | undefined
  /** The option whose value comes next. */
  readonly waiting: Option | undefined
  readonly isBehindDashes: boolean
}

/** `words`: what stands behind `halfkey`, the last one being typed. Empty where files, or nothing, may come. */
export async function suggestions(words: readonly string[], names: KnownNames): Promise<readonly string[]> {
  const { before, current, option } = cut(words)
  const entry = entryOf(before)
  const command = await commandOf(entry)
  const typed = read(before, command)
  const candidates =
    entry === undefined ? ofProgram(before, current, command, typed) : ofCommand(entry, current, command, typed)
  const found = typeof candidates === "string" ? fromNames(candidates, typed, names) : candidates
  return [...new Set(found)].filter((text) => text.startsWith(current)).map((text) => `${option}${text}`)
}

/** bash cuts words at `:`, `=` and `@`, the other shells leave `--option=value` whole. Afterwards option and value are two words. */
function cut(words: readonly string[]) {
  const whole: string[] = []
  let isOpen = false
  for (const word of words) {
    const isJoint = /^[:@]+$/.test(word)
    if ((isJoint || isOpen) && whole.length > 0) whole.push(`${whole.pop()}${word}`)
    else whole.push(word)
    isOpen = isJoint
  }
  const split = whole.flatMap((word) => {
    const [, name, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? []
    return name === undefined ? [word === "=" ? "" : word] : [name, value ?? ""]
  })
  const last = whole.at(-1) ?? ""
  // Such a word is replaced as a whole.
  const option = /^--[a-z-]+=/.exec(last)?.[0] ?? ""
  const current = split.pop() ?? ""
  return { before: split.filter((word) => word !== ""), current, option }
}

type Kind = "environments" | "secrets" | "profiles"
type Candidates = readonly string[] | Kind

function ofProgram(before: readonly string[], current: string, command: Command, typed: Typed): Candidates {
  if (typed.waiting !== undefined) return valuesOf(typed.waiting)
  if (current.startsWith("-")) return optionsOf(command)
  const path = before.slice(before.length - typed.operands)
  const next = commandTable.map((entry) => entry.path.split(" "))
  const first = path.filter((word) => !word.startsWith("-"))
  return next.flatMap((parts) =>
    first.every((word, index) => parts[index] === word) ? (parts[first.length] ?? []) : [],
  )
}

function ofCommand(entry: CommandEntry, current: string, command: Command, typed: Typed): Candidates {
  const operands = typed.operands - entry.path.split(" ").length
  // From there on, another program's words.
  if (["run", "watch"].includes(entry.path) && (operands > 0 || typed.isBehindDashes)) return []
  if (typed.waiting !== undefined) return valuesOf(typed.waiting)
  if (current.startsWith("-") && !typed.isBehindDashes) return optionsOf(command)
  const args = command.registeredArguments
  const last = args.at(-1)
  const argument = args[operands] ?? (last?.variadic ? last : undefined)
  return argument === undefined ? [] : operandsOf(entry, argument)
}

/** Goes through the words as the parser would. */
function read(words: readonly string[], command: Command): Typed {
  let typed: Typed = {
    operands: 0,
    environment: undefined,
    profile: undefined,
    waiting: undefined,
    isBehindDashes: false,
  }
  for (const word of words) {
    const { waiting } = typed
    if (waiting !== undefined) {
      const name = waiting.attributeName()
      const isTold = name === "environment" || name === "profile"
      typed = { ...typed, waiting: undefined, ...(isTold && { [name]: word }) }
    } else if (typed.isBehindDashes || !word.startsWith("-")) typed = { ...typed, operands: typed.operands + 1 }
    else if (word === "--") typed = { ...typed, isBehindDashes: true }
    else {
      const option = command.options.find(({ short, long }) => word === short || word === long)
      typed = { ...typed, waiting: option?.required ? option : undefined }
    }
  }
  return typed
}

function optionsOf({ options }: Command): readonly string[] {
  return ["--help", ...options.flatMap(({ short, long, hidden }) => (hidden ? [] : [long ?? short ?? ""]))]
}

function valuesOf(option: Option): Candidates {
  const name = option.attributeName()
  if (option.argChoices !== undefined) return option.argChoices
  if (name === "profile") return "profiles"
  if (name.toLowerCase().endsWith("environment") || option.flags.includes("<environment>")) return "environments"
  return ["name", "only", "except", "allowName"].includes(name) ? "secrets" : []
}

function operandsOf({ path }: CommandEntry, { description, variadic }: Argument): Candidates {
  if (path === "completion") return variadic ? [] : shells
  if (path === "config use") return "profiles"
  if (path === "diff" || (path.startsWith("environments ") && !path.endsWith(" create"))) return "environments"
  return description.includes("secret") ? "secrets" : []
}

function fromNames(kind: Kind, { profile, environment }: Typed, names: KnownNames): readonly string[] {
  if (kind === "profiles") return names.profiles()
  return kind === "environments" ? names.environments(profile) : names.secrets(profile, environment)
}
