/** `halfkey audit list`: who did what, when and from where. */
import { setTimeout as wait } from "node:timers/promises"
import { Option } from "commander"
import { type Admin, type AuditFilter, type AuditLogEntry, unwrap } from "halfkey/admin"
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { auditFilterFrom } from "../input/audit-filter.ts"
import { wholeNumberFlag } from "../input/number.ts"
import { auditColumns, auditLine, auditRecord, auditRow, fieldsOf } from "../output/audit-entries.ts"
import { printData, printRows } from "../output/formats.ts"

export interface AuditListOptions {
  readonly filter: AuditFilter
  readonly limit: number
  readonly follow: boolean
}

const usualLimit = 50
const pageSize = 1000
/** `--follow` asks this often; each question is an entry, too. */
const followEveryMs = 2000

export const definition: CommandDefinition<AuditListOptions> = {
  environments: "one",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `The newest entries that fit every option, oldest first. This is the server's word: halfkey audit verify proves it.
Reading the log is an entry of its own; --follow does not show those of its own questions.`,
  examples: [
    { does: "the last 50 entries", line: "halfkey audit list" },
    { does: "who read a secret today", line: "halfkey audit list -e production --name DATABASE_URL --since 24h" },
    {
      does: "what was refused to a client",
      line: "halfkey audit list --denied --client 6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10",
    },
    {
      does: "all of January as JSON",
      line: "halfkey audit list --since 2026-01-01 --until 2026-02-01 --limit 0 -o json",
    },
    { does: "what happens from now on", line: "halfkey audit list --follow" },
  ],
  define: (command) => {
    command
      .option("--since <time>", "from this time on: 2h, 7d or a date")
      .option("--until <time>", "before this time")
      .option("--client <client-id>", "by this client")
      .option("--key <key-id>", "with this API key")
      .option("--name <name>", "about this secret")
      .option("--action <action>", "of this kind, as secret.read")
      .addOption(new Option("--outcome <outcome>", "allowed or denied").choices(["allowed", "denied"]))
      .option("--denied", "the same as --outcome denied")
      .option("--limit <count>", "at most so many, 0 for all (50)")
      .option("-f, --follow", "go on with what comes, until Ctrl-C")
  },
  read: (_, flags) => {
    const filter = auditFilterFrom(flags, Date.now())
    const follow = flags["follow"] === true
    if (follow && filter.until !== undefined)
      throw usageError("--follow has no end, but --until was given", "one of them")
    return { filter, follow, limit: wholeNumberFlag(flags, "limit", "--limit") ?? usualLimit }
  },
}

export async function run(context: Context, { follow, limit, ...options }: AuditListOptions): Promise<undefined> {
  const admin = await context.admin()
  // Only what was typed: the environment of a profile is for secrets.
  const filter = { ...options.filter, environment: context.options.environment }
  // Before what fits is looked for, so that nothing falls between the two questions.
  const end = follow ? (await newest(admin, {}, 1))[0]?.index : undefined
  const found = await newest(admin, filter, limit === 0 ? Number.POSITIVE_INFINITY : limit)
  if (!follow) {
    if (found.length === 0) context.note("no entry of the audit log fits")
    await print(context, found)
    return undefined
  }
  await followFrom(context, admin, filter, found, end)
  return undefined
}

/** The newest ones that fit, oldest first. */
async function newest(admin: Admin, filter: AuditFilter, limit: number): Promise<AuditLogEntry[]> {
  const found: AuditLogEntry[] = []
  let after: number | undefined
  do {
    const wanted = Math.min(limit - found.length, pageSize)
    const { entries, next } = unwrap(await admin.audit.entries(filter, { after, order: "desc", limit: wanted }))
    found.push(...entries)
    after = next
  } while (after !== undefined && found.length < limit)
  return found.reverse()
}

async function print(context: Context, entries: readonly AuditLogEntry[]): Promise<void> {
  const { output } = context.options
  if (output === "json" || output === "yaml") await printData(context, entries.map(auditRecord))
  else await printRows(context, auditColumns, entries.map(auditRow), "log")
}

async function followFrom(
  context: Context,
  admin: Admin,
  filter: AuditFilter,
  first: readonly AuditLogEntry[],
  end: number | undefined,
): Promise<never> {
  const { clientId } = context.connection()
  const isOwnQuestion = (entry: AuditLogEntry) => {
    const fields = fieldsOf(entry)
    return fields["action"] === "audit.read" && (fields["clientId"] ?? undefined) === clientId
  }
  for (const entry of first) context.streams.out(auditLine(context, entry))
  let after = first.at(-1)?.index ?? end
  for (;;) {
    const page = unwrap(await admin.audit.entries(filter, { after, limit: pageSize }))
    for (const entry of page.entries) if (!isOwnQuestion(entry)) context.streams.out(auditLine(context, entry))
    after = page.next ?? page.entries.at(-1)?.index ?? after
    if (page.next === undefined) await wait(followEveryMs)
  }
}
