/** Writes `docs/errors.md` from the one table of failures: node tools/generate-errors.ts. A test holds both together. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ExitCode, type ProblemRow, problemCodes } from "@halfkey/core/formats/problem-codes"

export const errorsPath = join(import.meta.dirname, "../docs/errors.md")

/** What each exit code tells a shell script. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: "success",
  1: "an unexpected failure",
  2: "wrong usage: an argument, a setting or a request is not usable",
  3: "something does not exist, or is not visible to you",
  4: "you may not do this",
  5: "somebody else changed it first",
  6: "the network or the server, or what is known is stale; it may pass",
  7: "integrity: a check failed, data is damaged, or a format would lose something",
  8: "differences were found (by commands that compare)",
}

const typeMeanings: Readonly<Record<ProblemRow["type"], string>> = {
  ApiError: "the server refused, or answered wrongly",
  NetworkError: "no answer arrived",
  ClientError: "it was refused on this machine, before or without a request",
  EncryptionError: "a value could not be sealed",
  DecryptionError: "what the server sent is not what a member signed or sealed",
}

export function errorsPage(): string {
  const rows = Object.entries(problemCodes).map(([code, { status, type, exit, title, retryable }]) => [
    `\`${code}\``,
    title,
    status === 0 ? "" : `${status}`,
    `\`${type}\``,
    `${exit}`,
    retryable ? "yes" : "",
  ])
  return [
    "# Errors",
    "Written by `tools/generate-errors.ts` from `core/src/formats/problem-codes.ts`: do not edit.",
    "Every failure has a stable code. It is `code` of a problem document (RFC 9457, `type: urn:halfkey:problem:<code>`), `failure.code` in the\nSDK, and decides the CLI's exit code. Texts may be improved at any time; codes are never renamed.",
    table(["Code", "Meaning", "HTTP", "SDK type", "Exit", "May pass"], rows),
    "Without an HTTP status a failure arises on the client's machine, or when a server starts. `May pass`: the same request, sent\nagain later, can succeed (`failure.retryable`). Failures of `keyset_verification_failed`, `record_verification_failed` and `audit_verification_failed` name the\nfailed check in `check`; the checks are listed in [the protocol](../spec/protocol.md), S4, S7 and S12.",
    "## Exit codes of the CLI",
    table(["Exit", "Meaning"], Object.entries(exitMeanings)),
    "`halfkey run` passes the exit code of the program that it ran, and 128 + n when signal n ended it. Its own failures before that are 125 (not\nstarted), 126 (not executable) and 127 (not found).",
    "## Types of the SDK",
    table(
      ["Type", "Meaning"],
      Object.entries(typeMeanings).map(([type, meaning]) => [`\`${type}\``, meaning]),
    ),
  ]
    .join("\n\n")
    .concat("\n")
}

/** A table as the formatter writes it, so that it does not change the file. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return [line(header), rule, ...rows.map(line)].join("\n")
}

if (import.meta.main) writeFileSync(errorsPath, errorsPage())
