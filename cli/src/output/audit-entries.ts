/** Entries of the audit log for people and programs. Their texts are the server's: whatever does not fit shows as nothing. */
import type { AuditLogEntry } from "halfkey/admin"
import type { Context } from "../context.ts"
import { type Cell, type Column, isPlain, type Row, separated, visible } from "./formats.ts"

type Fields = Readonly<Record<string, unknown>>

export const auditColumns: readonly Column[] = [
  { key: "index", title: "ENTRY" },
  { key: "time", title: "TIME" },
  { key: "action", title: "ACTION" },
  { key: "result", title: "OUTCOME" },
  { key: "environment", title: "ENVIRONMENT" },
  { key: "about", title: "ABOUT" },
  { key: "clientId", title: "CLIENT" },
  { key: "apiKeyId", title: "KEY" },
  { key: "address", title: "FROM" },
]

/** Names that a line shows; the others are counted. */
const namesShown = 3

/** The members of an entry; none where the text is no JSON object. */
export function fieldsOf({ entry }: AuditLogEntry): Fields {
  try {
    const fields: unknown = JSON.parse(entry)
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) return fields as Fields
  } catch {
    // Whoever verifies the log will hear of it.
  }
  return {}
}

/** A line of the table. */
export function auditRow(entry: AuditLogEntry): Row {
  const fields = fieldsOf(entry)
  const text = (name: string): Cell => (typeof fields[name] === "string" ? fields[name] : null)
  const code = text("code")
  return {
    index: entry.index,
    time: text("time"),
    action: text("action"),
    result: code === null ? text("outcome") : `${text("outcome")}: ${code}`,
    environment: text("environment"),
    about: about(fields),
    clientId: text("clientId"),
    apiKeyId: text("apiKeyId"),
    address: text("address"),
  }
}

function about({ audit, count, names, subject }: Fields): string {
  const texts = Array.isArray(names) ? names.filter(isText) : []
  const more = texts.length > namesShown ? [`and ${texts.length - namesShown} more`] : []
  const said = typeof audit === "object" && audit !== null ? Object.values(audit).filter(isText) : []
  return [
    ...texts.slice(0, namesShown),
    ...more,
    ...(isText(subject) ? [subject] : []),
    ...(typeof count === "number" ? [`${count} times`] : []),
    ...said.map((text) => `"${text}"`),
  ].join(" ")
}

const isText = (value: unknown): value is string => typeof value === "string"

/** Everything, for JSON and YAML. */
export function auditRecord(entry: AuditLogEntry): Fields {
  return { index: entry.index, ...fieldsOf(entry) }
}

/** Widths that usual texts fit, since what comes later is not known. */
const widths = [8, 24, 18, 10, 12, 30, 36, 16, 0]

/** One entry as a line, for what goes on for ever: aligned on a terminal, JSON for programs that ask for it. */
export function auditLine(context: Context, entry: AuditLogEntry): string {
  const { output } = context.options
  if (output === "json" || output === "yaml") return `${JSON.stringify(auditRecord(entry))}\n`
  const row = auditRow(entry)
  const cells = auditColumns.map(({ key }) => String(row[key] ?? ""))
  if (output === "tsv" || isPlain(context)) return separated([cells])
  const aligned = cells.map((cell, at) => visible(cell).padEnd(widths[at] ?? 0))
  return `${aligned.join("  ").trimEnd()}\n`
}
