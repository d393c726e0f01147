/** `halfkey audit export`: the whole log as a file of JSON lines, which later runs go on with. */
import { writeFileSync } from "node:fs"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Admin, type AuditCheckpoint, type AuditLogPage, unwrap } from "halfkey/admin"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { ProgressLine } from "../output/progress.ts"
import { ExportFile, exportLine } from "../storage/export-file.ts"

export interface AuditExportOptions {
  readonly file?: string | undefined
  readonly checkpoint?: string | undefined
  readonly roster?: string | undefined
}

export const definition: CommandDefinition<AuditExportOptions> = {
  environments: "none",
  onlyReads: true,
  about: `Each line is { "index": …, "entry": "…" }; the hash of exactly that text is in the log's tree. With --file, what is there
already is not asked for again: interrupted or a day later, the same line goes on. The checkpoint and the roster are
what halfkey audit verify --file needs to prove the export without any server.`,
  examples: [
    { does: "to a file, and a day later what came since", line: "halfkey audit export --file audit.jsonl" },
    {
      does: "with what proves it",
      line: "halfkey audit export --file audit.jsonl --checkpoint audit.checkpoint --roster audit.roster.json",
    },
    { does: "to another program", line: "halfkey audit export | jq -r .entry" },
  ],
  define: (command) => {
    command
      .option("--file <file>", "append to this file; otherwise everything goes to stdout")
      .option("--checkpoint <file>", "write the newest signed checkpoint")
      .option("--roster <file>", "write the roster, which proves the key that signs")
  },
  read: (_, flags) => ({
    file: textFlag(flags, "file"),
    checkpoint: textFlag(flags, "checkpoint"),
    roster: textFlag(flags, "roster"),
  }),
}

export async function run(context: Context, { checkpoint, file, roster }: AuditExportOptions): Promise<undefined> {
  const admin = await context.admin()
  // First, so that the entries that follow cover it.
  const head = unwrap(await admin.audit.checkpoint())
  if (file === undefined) {
    for await (const page of admin.audit.export()) {
      const { archived, entries } = unwrap(page)
      warnOfArchives(context, archived)
      context.streams.out(entries.map(exportLine).join(""))
    }
  } else await toFile(context, admin, head, file)
  if (checkpoint !== undefined) write(checkpoint, head.note)
  if (roster !== undefined) write(roster, `${JSON.stringify(head.roster)}\n`)
  return undefined
}

async function toFile(context: Context, admin: Admin, { size }: AuditCheckpoint, path: string): Promise<void> {
  const file = new ExportFile(path)
  const progress = new ProgressLine(context)
  let { last } = file
  let added = 0
  try {
    for await (const page of admin.audit.export(last === undefined ? {} : { after: last })) {
      progress.end()
      const { archived, entries } = unwrap(page)
      warnOfArchives(context, archived)
      file.add(entries)
      added += entries.length
      last = entries.at(-1)?.index ?? last
      progress.show("audit log: exported", Math.min(size, (last ?? -1) + 1), size)
    }
  } finally {
    progress.end()
    file.close()
  }
  const to = last === undefined ? "" : `, up to entry ${last}`
  context.note(`${added.toLocaleString("en-US")} ${added === 1 ? "entry" : "entries"} added to ${path}${to}`)
}

function warnOfArchives(context: Context, archived: AuditLogPage["archived"]): void {
  for (const { file, first, last } of archived) {
    context.warn(
      `entries ${first} to ${last} are not at the server any more: its operator has them in the file ${file}`,
    )
  }
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 })
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException
    throw new HalfkeyError("invalid_argument", `${path} could not be written: ${code}`)
  }
}
