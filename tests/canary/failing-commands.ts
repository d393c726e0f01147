/** Commands that fail while they hold a secret: by a person's mistake, by a limit, by what is not there. */
import type { Invocation } from "./household.ts"
import { production, type Story, text, values } from "./story.ts"

export interface FailingCommand {
  readonly exit: number
  readonly args: readonly string[]
  readonly invocation?: Invocation
}

export function failingCommands({ admin, household, keys }: Story): FailingCommand[] {
  const value = values.STDIN.bytes
  const set = ["set", "STDIN", ...production]
  const init = ["init", "--endpoint", household.wire.url, "--save-profile", "again", "--setup-token-file", "-"]
  const inject = ["inject", "-i", "-", ...production]
  const setupToken = text(keys.setupToken[0]?.bytes ?? value)
  return [
    { exit: 3, args: ["set", "STDIN", "-e", "produktion"], invocation: { stdin: value } },
    { exit: 5, args: [...set, "--if-version", "9"], invocation: { stdin: value } },
    { exit: 2, args: set, invocation: { stdin: Buffer.concat(Array.from({ length: 1500 }, () => value)) } },
    { exit: 2, args: ["set", "not a name", ...production], invocation: { stdin: value } },
    // Nobody listens there.
    { exit: 6, args: [...set, "--endpoint", "http://127.0.0.1:9"], invocation: { stdin: value } },
    { exit: 7, args: ["get-many", "FILE", "-e", "staging", "-o", "json"] },
    { exit: 7, args: ["get-many", "FILE", "-e", "staging", "-o", "yaml"] },
    { exit: 7, args: ["export", "-e", "staging", "--format", "dotenv"] },
    { exit: 7, args: ["diff", "staging", "production", "--show"] },
    ...["dotenv", "json", "yaml"].map((format) => ({
      exit: 2,
      args: ["import", "--format", format, ...production, "-y"],
      invocation: { stdin: `[ STDIN: "${text(value)}\n${text(value)}: {` },
    })),
    {
      exit: 6,
      args: ["import", "--format", "json", ...production, "-y", "--endpoint", "http://127.0.0.1:9"],
      invocation: { stdin: JSON.stringify({ STDIN: text(value) }) },
    },
    { exit: 3, args: ["get", "ABSENT", ...production] },
    { exit: 3, args: inject, invocation: { stdin: Buffer.concat([value, Buffer.from("{{ STDIN }}{{ ABSENT }}")]) } },
    { exit: 2, args: inject, invocation: { stdin: Buffer.concat([Buffer.from("{{"), value]) } },
    { exit: 2, args: [...inject, "-o", "/nowhere/file"], invocation: { stdin: "{{ STDIN }}" } },
    { exit: 125, args: ["run", "-e", "staging", "--", "true"] },
    { exit: 125, args: ["run", "-e", "nowhere", "--", "true"] },
    { exit: 125, args: ["run", ...production, "--only", "STDIN", "--only", text(value), "--", "true"] },
    { exit: 125, args: ["run", ...production, "-e", "staging", "--expand", "--", "true"] },
    { exit: 127, args: ["run", ...production, "--", "no-such-program"] },
    { exit: 2, args: set, invocation: { stdin: value, env: { CS_CLIENT_KEY: `${admin.clientKey}x` } } },
    { exit: 2, args: set, invocation: { stdin: value, env: { CS_CLIENT_ACCESS_KEY: admin.apiKey.slice(0, -1) } } },
    { exit: 2, args: init, invocation: { stdin: `${setupToken}x` } },
    { exit: 4, args: init, invocation: { stdin: setupToken } },
    { exit: 2, args: ["set", "STDIN", text(value), ...production] },
    { exit: 2, args: ["set", "STDIN", "--valeu", text(value), ...production] },
    { exit: 2, args: ["get", text(value), ...production] },
    { exit: 2, args: ["list", "--environment", admin.clientKey] },
    { exit: 2, args: ["list", "--profile", admin.apiKey] },
    { exit: 2, args: ["audit", "list", "--key", admin.apiKey] },
  ]
}
