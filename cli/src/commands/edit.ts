/** `halfkey edit`: a secret, or all of an environment, in the person's editor. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireSecretName } from "@halfkey/core/formats/secret-name"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { type Secret, unwrap } from "halfkey/secrets"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { type Edit, editsOf, type Held, withoutAddedNewline } from "../edit/changes.ts"
import { documentOf, readDocument } from "../edit/document.ts"
import { type Editing, reportEdits, saveEdits } from "../edit/edit-secrets.ts"
import { editorCommand, runEditor } from "../edit/editor.ts"
import { keepingTyped, type Typed } from "../edit/kept-text.ts"
import { editPrivately } from "../edit/private-file.ts"
import { Told, usageError } from "../failure.ts"
import { requireConfirmation } from "../input/confirm.ts"
import { memoryCandidates } from "../storage/memory-directory.ts"

export interface EditOptions {
  /** `undefined`: all secrets of the environment. */
  readonly name: string | undefined
}

export const definition: CommandDefinition<EditOptions> = {
  environments: "one",
  about: `Opens $VISUAL or $EDITOR on a file in memory (tmpfs) that only you can read, and overwrites and removes it afterwards,
also when the editor fails or a signal comes. With NAME the file is the value; without, YAML of all names and values, in which
every value is text. What was changed is saved in one commit. If somebody else wrote meanwhile, it asks for each such secret:
theirs, mine, or edit again; where nobody can be asked nothing is written (exit 5). What was typed at a terminal and could not be
saved stays in memory, and the failure says where.

An editor that is set up to keep copies elsewhere does so. vim and nvim are started without swap files, backups and viminfo.`,
  examples: [
    { does: "one value", line: "halfkey edit TLS_KEY -e production" },
    { does: "all of an environment", line: "halfkey edit -e development" },
  ],
  define: (command) => {
    command.argument("[name]", "name of the secret").option("-n, --name <name>", "the name, as an option")
  },
  read: ([argument], flags) => {
    const name = textFlag(flags, "name")
    if (name !== undefined && argument !== undefined) throw usageError("name the secret once: as NAME or by --name")
    return { name: argument === undefined ? name : String(argument) }
  },
}

export async function run(context: Context, { name }: EditOptions): Promise<undefined> {
  if (name !== undefined) requireSecretName(name)
  const environment = context.environment()
  const command = editorCommand(context.env, context.streams.stdinIsTerminal)
  const secrets = await context.secrets()
  const edit = (file: string, content: Uint8Array) =>
    editPrivately(memoryCandidates(context.env), { name: file, content }, (path, onSignal) =>
      runEditor(command, path, context.env, onSignal),
    )
  const editing: Editing = {
    context,
    secrets,
    environment,
    look: async () => {
      if (name === undefined) return byName(unwrap(await secrets.readAll({ environment })))
      const found = await secrets.readMany([name], { environment })
      return found.failure?.code === "secret_not_found" ? new Map() : byName(unwrap(found))
    },
    editValue: async (content) => await edit("value", content),
  }
  // What a person typed is not lost because it could not be saved.
  let typed: Typed | undefined
  const typing = (next: Typed) => {
    typed = context.streams.stdinIsTerminal ? next : undefined
  }
  try {
    const base = await editing.look()
    const edited =
      name === undefined
        ? await editAll(editing, base, edit, typing)
        : await editOne(editing, name, base.get(name)?.value, typing)
    reportEdits(context, environment, await save(editing, base, edited))
  } catch (error) {
    throw keepingTyped(error, typed, memoryCandidates(context.env))
  }
  return undefined
}

async function save(
  editing: Editing,
  base: ReadonlyMap<string, Held>,
  edited: ReadonlyMap<string, Uint8Array> | undefined,
): Promise<readonly Edit[]> {
  const { context, environment } = editing
  const edits = edited === undefined ? [] : editsOf(base, edited)
  const deleted = edits.filter(({ value }) => value === null).map((each) => each.name)
  if (deleted.length > 0) {
    const question = `Delete ${deleted.join(", ")} from ${environment}?`
    await requireConfirmation(context, question, `${environment} was not changed`)
  }
  return await saveEdits(editing, edits)
}

/** `undefined`: nothing is to be changed. */
async function editOne(
  { editValue, environment }: Editing,
  name: string,
  before: Uint8Array | undefined,
  typing: (typed: Typed) => void,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const value = withoutAddedNewline(await editValue(before ?? new Uint8Array(0)), [before])
  typing({
    name: "value",
    content: value,
    saveBy: (path) => `halfkey set ${name} -e ${environment} --value-file ${path}`,
  })
  if (value.length > 0) return new Map([[name, value]])
  if (before === undefined || before.length === 0) return undefined
  throw usageError(
    `the file is empty, so ${name} was not changed`,
    `halfkey set ${name} -e ${environment} --allow-empty, or halfkey delete ${name} -e ${environment}`,
  )
}

async function editAll(
  { context, environment }: Editing,
  base: ReadonlyMap<string, Held>,
  edit: (file: string, content: Uint8Array) => Promise<Uint8Array>,
  typing: (typed: Typed) => void,
): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const before = new Map([...base].map(([name, { value }]) => [name, value]))
  const { leftOut, text } = await documentOf(environment, before)
  for (let content = utf8(text); ; ) {
    content = await edit("secrets.yaml", content)
    typing({ name: "secrets.yaml", content, saveBy: (path) => `halfkey import ${path} -e ${environment}` })
    try {
      const found = await readDocument(content)
      return found.size === 0 ? undefined : new Map([...leftOut, ...found])
    } catch (error) {
      if (!(error instanceof HalfkeyError)) throw error
      const { code, message } = error
      if (!context.prompts.allowed) throw new HalfkeyError(code, message, { hint: `halfkey edit -e ${environment}` })
      context.streams.err(`halfkey: ${message}\n`)
      if (await context.prompts.confirm("Edit again?")) continue
      context.streams.err(`halfkey: ${environment} was not changed\n`)
      throw new Told(1)
    }
  }
}

function byName(secrets: readonly Secret[]): ReadonlyMap<string, Held> {
  return new Map(secrets.map(({ name, value, version }) => [name, { value, version }]))
}
