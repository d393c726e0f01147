/** All commands. Each file is loaded only when its command is typed, so `halfkey run` pays for nothing else. */
import { administrationEntries } from "./administration-table.ts"
import type { CommandModule } from "./command.ts"

export interface CommandEntry {
  /** The words that call it. */
  readonly path: string
  /** A second way to call it, left out of the overview where `hidden` says so. */
  readonly summary: string
  readonly group: keyof typeof groups
  load(): Promise<CommandModule>
}

export const groups = {
  use: "Use secrets",
  edit: "Edit and move secrets",
  administer: "Administer",
  self: "This machine",
} as const

/** Words that have commands below them, and their own line in the overview. */
export const nouns: Readonly<Record<string, { readonly summary: string; readonly group: keyof typeof groups }>> = {
  secrets: { summary: "set, get, get-many, list and delete: also without the word secrets", group: "use" },
  environments: { summary: "create, list, disable and destroy environments", group: "administer" },
  clients: { summary: "give applications and people access, and take it away", group: "administer" },
  grants: { summary: "who may do what in which environment", group: "administer" },
  audit: { summary: "who did what, and the proof that nobody changed the log", group: "administer" },
  "audit-key": { summary: "which key of the server signs the audit log", group: "administer" },
  granters: { summary: "who may sign who is a member", group: "administer" },
  devices: { summary: "let people's devices in, and take them out", group: "administer" },
  keys: { summary: "create, list, rotate and revoke API keys", group: "administer" },
  kit: { summary: "check the recovery kit", group: "self" },
  config: { summary: "which settings hold and where each came from; profiles; confirmed servers", group: "self" },
}

const set = { summary: "write a secret", load: () => import("./commands/set.ts") }
const get = { summary: "print the value of a secret", load: () => import("./commands/get.ts") }
const getMany = { summary: "print several secrets", load: () => import("./commands/get-many.ts") }
const list = { summary: "list names and versions, never values", load: () => import("./commands/list.ts") }
const remove = { summary: "delete a secret", load: () => import("./commands/delete.ts") }

const entries = [
  {
    path: "run",
    group: "use",
    summary: "run a program with the secrets of an environment as its variables",
    load: () => import("./commands/run.ts"),
  },
  { path: "set", group: "use", ...set },
  { path: "get", group: "use", ...get },
  { path: "get-many", group: "use", ...getMany },
  { path: "list", group: "use", ...list },
  { path: "delete", group: "use", ...remove },
  { path: "secrets set", group: "use", ...set },
  { path: "secrets get", group: "use", ...get },
  { path: "secrets get-many", group: "use", ...getMany },
  { path: "secrets list", group: "use", ...list },
  { path: "secrets delete", group: "use", ...remove },
  {
    path: "import",
    group: "edit",
    summary: "write many secrets: from a file, a pipe or another environment",
    load: () => import("./commands/import.ts"),
  },
  {
    path: "export",
    group: "edit",
    summary: "print secrets for a shell, dotenv, Docker, JSON or YAML",
    load: () => import("./commands/export.ts"),
  },
  {
    path: "copy",
    group: "edit",
    summary: "write named secrets of an environment to another",
    load: () => import("./commands/copy.ts"),
  },
  {
    path: "promote",
    group: "edit",
    summary: "write all secrets of an environment to another",
    load: () => import("./commands/promote.ts"),
  },
  {
    path: "diff",
    group: "edit",
    summary: "list what is different between environments, versions or a file",
    load: () => import("./commands/diff.ts"),
  },
  {
    path: "inject",
    group: "use",
    summary: "write a template with secrets in their places",
    load: () => import("./commands/inject.ts"),
  },
  {
    path: "watch",
    group: "use",
    summary: "run a program again, or print names, when secrets change",
    load: () => import("./commands/watch.ts"),
  },
  {
    path: "history",
    group: "edit",
    summary: "list the versions of a secret: when, and by whom",
    load: () => import("./commands/history.ts"),
  },
  {
    path: "rollback",
    group: "edit",
    summary: "bring an earlier value back, as a new version",
    load: () => import("./commands/rollback.ts"),
  },
  {
    path: "edit",
    group: "edit",
    summary: "edit a secret, or all of an environment, in your editor",
    load: () => import("./commands/edit.ts"),
  },
  {
    path: "restore",
    group: "edit",
    summary: "take an environment back to a time; `restore accept` is for a restored server",
    load: () => import("./commands/restore.ts"),
  },
  ...administrationEntries,
  {
    path: "up",
    group: "self",
    summary: "start a server here; the first time, with a workspace",
    load: () => import("./commands/up.ts"),
  },
  {
    path: "init",
    group: "self",
    summary: "create a workspace on a server that runs elsewhere",
    load: () => import("./commands/init.ts"),
  },
  {
    path: "login",
    group: "self",
    summary: "make this machine a device of a workspace that is there already",
    load: () => import("./commands/login.ts"),
  },
  {
    path: "logout",
    group: "self",
    summary: "take this device out, and delete its key",
    load: () => import("./commands/logout.ts"),
  },
  {
    path: "recover",
    group: "self",
    summary: "let a new admin in with the recovery kit, when every key is lost",
    load: () => import("./commands/recover.ts"),
  },
  {
    path: "kit verify",
    group: "self",
    summary: "check a recovery kit, without using it",
    load: () => import("./commands/kit-verify.ts"),
  },
  { path: "whoami", group: "self", summary: "who you are for the server", load: () => import("./commands/whoami.ts") },
  {
    path: "doctor",
    group: "self",
    summary: "check files, server, clock, credentials and keys",
    load: () => import("./commands/doctor.ts"),
  },
  {
    path: "config explain",
    group: "self",
    summary: "show each setting and where it came from",
    load: () => import("./commands/config-explain.ts"),
  },
  {
    path: "config profiles",
    group: "self",
    summary: "list the profiles of this machine",
    load: () => import("./commands/config-profiles.ts"),
  },
  {
    path: "config use",
    group: "self",
    summary: "choose the profile that holds where none is named",
    load: () => import("./commands/config-use.ts"),
  },
  {
    path: "config trust",
    group: "self",
    summary: "list and revoke the servers of halfkey.json files that you confirmed",
    load: () => import("./commands/config-trust.ts"),
  },
  {
    path: "completion",
    group: "self",
    summary: "print what bash, zsh or fish needs to complete command lines",
    load: () => import("./commands/completion.ts"),
  },
  {
    path: "version",
    group: "self",
    summary: "print the version of this command, or check it",
    load: () => import("./commands/version.ts"),
  },
] satisfies readonly (Omit<CommandEntry, "load"> & { load(): Promise<unknown> })[]

// Options are a type of each command's own; the table only carries them from `read` to `run`.
export const commandTable = entries as readonly CommandEntry[]
