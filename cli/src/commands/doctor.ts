/** `halfkey doctor`: one line for each check, and the exit code of the worst. */
import type { CommandDefinition } from "../command.ts"
import type { Context } from "../context.ts"
import type { Finding, Status } from "../doctor/finding.ts"
import { checkTheServer } from "../doctor/the-server.ts"
import { checkThisMachine } from "../doctor/this-machine.ts"
import { isPlain, printData, separated, visible } from "../output/formats.ts"

export const definition: CommandDefinition<undefined> = {
  environments: "one",
  onlyReads: true,
  formats: ["table", "json", "yaml", "tsv"],
  about: `Changes nothing, and asks nobody but the server of the settings. Checks Node, profiles, modes and owners of everything that is kept, damaged
state, logins that wait, what a crash left, what halfkey.json pins and demands; then name, port and certificate of the server, versions, clock, API
key, and each environment as its team signed it. The exit code is 0 when nothing failed, else that of the worst failure.`,
  examples: [
    { does: "check everything", line: "halfkey doctor" },
    { does: "for a monitor", line: "halfkey doctor -o json" },
  ],
  define: () => {},
  read: () => undefined,
}

const marks: Readonly<Record<Status, string>> = { ok: "ok  ", warn: "warn", fail: "FAIL" }
const colors: Readonly<Record<Status, string>> = { ok: "32", warn: "33", fail: "31" }

export async function run(context: Context): Promise<number> {
  const findings = [...checkThisMachine(context), ...(await checkTheServer(context))]
  const { output } = context.options
  if (output === "json" || output === "yaml")
    await printData(
      context,
      findings.map(({ exit: _, ...shown }) => shown),
    )
  else if (output === "tsv" || (isPlain(context) && context.options.plain)) {
    context.streams.out(separated(findings.map(({ check, status, text, hint = "" }) => [status, check, text, hint])))
  } else context.streams.out(findings.map((finding) => line(finding, context.streams.colors)).join(""))
  return Math.max(0, ...findings.map(({ status, exit = 1 }) => (status === "fail" ? exit : 0)))
}

function line({ check, status, text, hint }: Finding, colored: boolean): string {
  const mark = colored ? `\u{1b}[${colors[status]}m${marks[status]}\u{1b}[39m` : marks[status]
  const hints = (hint ?? "").split("\n").filter((each) => each !== "")
  return [`${mark}  ${check}: ${visible(text)}`, ...hints.map((each) => `        try: ${visible(each)}`)]
    .join("\n")
    .concat("\n")
}
