/** `halfkey audit verify`: was the log changed since this machine last looked, or since an export was made? */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type AuditProgress, unwrap, type VerifiedAudit, verifyAuditExport } from "halfkey/admin"
import { type CommandDefinition, listFlag, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"
import { checkpointFile, rosterFile } from "../input/audit-proof.ts"
import { ProgressLine } from "../output/progress.ts"
import { printVerified, requireAllRead } from "../output/verified-audit.ts"
import { readExports } from "../storage/export-file.ts"
import { loadFreshness } from "../storage/freshness-file.ts"
import { fileReceipts } from "../storage/receipts-file.ts"

export interface AuditVerifyOptions {
  /** Without one, the log of the server is read. */
  readonly offline?:
    | {
        readonly files: readonly string[]
        readonly checkpoint: string
        readonly roster?: string
        readonly auditKey?: string
      }
    | undefined
  readonly archives: readonly string[]
  /** Entries that nobody read are a failure. */
  readonly requireArchives: boolean
  readonly workspace?: string | undefined
}

export const definition: CommandDefinition<AuditVerifyOptions> = {
  environments: "none",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Reads the whole log and computes its tree again: the signature is that of the key in the roster your team signed, the
log goes on from the last checkpoint that this machine saw, and every receipt that this machine got from the server has its
entry. Exit code 7 says that one of this is not so, and where. With --file, all of it without any server.`,
  examples: [
    { does: "the log of the server", line: "halfkey audit verify" },
    {
      does: "an export, without the server",
      line: "halfkey audit verify --file audit.jsonl --checkpoint audit.checkpoint --roster audit.roster.json",
    },
    {
      does: "a log whose beginning is in archive files of the operator",
      line: "halfkey audit verify --archive audit-0.jsonl --archive audit-512.jsonl",
    },
    {
      does: "on a machine that knows nothing but the CRN and the key",
      line: "halfkey audit verify --file audit.jsonl --checkpoint audit.checkpoint --audit-key q1… --workspace crn:local.self:7Q4FJ3VJ2XKQW5Y6Z7A2B3C4D5",
    },
  ],
  define: (command) => {
    command
      .option("--archive <file>", "entries that the operator moved into a file; may be repeated, in order", inOrder)
      .option("--require-archives", "fail where entries in archive files were not read")
      .option("--file <file>", "entries that halfkey audit export wrote; may be repeated, in order", inOrder)
      .option("--checkpoint <file>", "the signed checkpoint to verify them against")
      .option("--roster <file>", "the roster that was exported with them: the CRN proves it")
      .option("--audit-key <key>", "instead: the key that must have signed, base64url, from whom you trust")
      .option("--workspace <crn>", "the workspace, where no profile or variable says it")
  },
  read: (_, flags) => {
    const archives = listFlag(flags, "archive")
    const offline = offlineFrom(flags)
    const requireArchives = flags["requireArchives"] === true
    if (offline !== undefined && (archives.length > 0 || requireArchives)) {
      const option = archives.length > 0 ? "--archive" : "--require-archives"
      throw usageError(`${option} is for verifying the log of the server`, "--file archive.jsonl --file audit.jsonl")
    }
    return { offline, archives, requireArchives, workspace: textFlag(flags, "workspace") }
  },
}

/** For commander: a comma may be a part of a file's name. */
function inOrder(file: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, file]
}

function offlineFrom(flags: Readonly<Record<string, unknown>>): AuditVerifyOptions["offline"] {
  const files = listFlag(flags, "file")
  const checkpoint = textFlag(flags, "checkpoint")
  const [roster, auditKey] = [textFlag(flags, "roster"), textFlag(flags, "auditKey")]
  if (files.length === 0) {
    const other = { checkpoint, roster, "audit-key": auditKey, workspace: textFlag(flags, "workspace") }
    const alone = Object.entries(other).find(([, value]) => value !== undefined)?.[0]
    if (alone === undefined) return undefined
    throw usageError(`--${alone} is for verifying an export, and no --file was given`, "--file audit.jsonl")
  }
  if (checkpoint === undefined) throw usageError("an export needs its checkpoint", "--checkpoint audit.checkpoint")
  if ((roster === undefined) === (auditKey === undefined)) {
    throw usageError("an export needs --roster or --audit-key, and not both", "--roster audit.roster.json")
  }
  return { files, checkpoint, ...(roster !== undefined && { roster }), ...(auditKey !== undefined && { auditKey }) }
}

export async function run(context: Context, options: AuditVerifyOptions): Promise<undefined> {
  const { archives, offline, requireArchives, workspace } = options
  const progress = new ProgressLine(context)
  const onProgress = ({ done, total }: AuditProgress) => progress.show("audit log: verified", done, total)
  try {
    const verified =
      offline === undefined
        ? unwrap(
            await (await context.admin()).audit.verify({
              onProgress,
              archives: archives.length === 0 ? undefined : readExports(archives),
            }),
          )
        : await verifyFiles(context, offline, workspace, onProgress)
    progress.end()
    if (requireArchives) requireAllRead(verified)
    await printVerified(context, verified)
  } finally {
    progress.end()
  }
  return undefined
}

async function verifyFiles(
  context: Context,
  { files, checkpoint, roster, auditKey }: NonNullable<AuditVerifyOptions["offline"]>,
  workspace: string | undefined,
  onProgress: (progress: AuditProgress) => void,
): Promise<VerifiedAudit> {
  const workspaceCRN = workspace ?? context.settings().workspaceCRN?.value
  if (workspaceCRN === undefined) {
    throw new HalfkeyError("missing_configuration", "no workspace is known that the log should belong to", {
      hint: "--workspace crn:…   (or --profile NAME)",
    })
  }
  const workspaceId = workspaceCRN.split(":")[2] ?? ""
  return unwrap(
    await verifyAuditExport({
      entries: readExports(files),
      checkpoint: checkpointFile(checkpoint),
      workspaceCRN,
      roster: roster === undefined ? undefined : rosterFile(roster),
      auditKey,
      seen: loadFreshness(context.configDirectory, workspaceId).audit,
      receipts: await fileReceipts(context.configDirectory, workspaceId).load(),
      onProgress,
    }),
  )
}
