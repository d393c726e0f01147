/** `halfkey login`: makes this machine a device of a workspace. Its key is made here and never leaves. */
import { hostname, userInfo } from "node:os"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isProblemCode } from "@halfkey/core/formats/problem-codes"
import { fileDevice, newDevice, unwrap } from "halfkey/admin"
import { type CommandDefinition, textFlag } from "../command.ts"
import { userAgent } from "../connect.ts"
import type { Context } from "../context.ts"
import { nodeTransport } from "../http/node-transport.ts"
import { type Approved, awaitApproval } from "../login/approval.ts"
import { type PendingLogin, PendingLogins } from "../login/pending-logins.ts"
import { type LoginTarget, loginTarget, requireRoom } from "../login/target.ts"
import { renderTable } from "../output/table.ts"
import { Profiles } from "../settings/profiles.ts"
import { variables } from "../settings/resolve.ts"

export interface LoginOptions {
  readonly workspaceCRN?: string | undefined
  readonly label?: string | undefined
}

export const definition: CommandDefinition<LoginOptions> = {
  environments: "none",
  about: `Makes a key on this device, shows a code, and waits until an admin has approved it: halfkey devices approve. The admin sees
a code too, and approves only if both are the same. After that no variable is needed: the key is stored as a profile of this
device. Interrupted with Ctrl-C? halfkey login goes on, with the same code.`,
  examples: [
    {
      does: "a workspace on your team's server",
      line: "halfkey login crn:eu-1.acme:7Q4FJ3VJ2XKQW5Y6Z7A2B3C4D5 --endpoint https://halfkey.example.com",
    },
    { does: "the workspace that halfkey.json names", line: "halfkey login --endpoint https://halfkey.example.com" },
  ],
  define: (command) => {
    command
      .argument("[workspace]", "its CRN; else that of halfkey.json")
      .option("--label <label>", "how admins see this device; else your and its name")
  },
  read: ([workspaceCRN], flags) => ({
    workspaceCRN: typeof workspaceCRN === "string" ? workspaceCRN : undefined,
    label: textFlag(flags, "label"),
  }),
}

export async function run(context: Context, { label, workspaceCRN }: LoginOptions): Promise<undefined> {
  const profiles = new Profiles(context.configDirectory)
  const logins = new PendingLogins(context.configDirectory)
  const target = loginTarget(context, workspaceCRN, logins)
  requireRoom(profiles, target)
  const login = await pendingLogin(logins, target, label)
  const { clientId, clientKey, endpoint } = login
  const device = { endpoint, workspaceCRN: login.workspaceCRN, clientId, clientKey }
  try {
    await file(context, login)
    const approved = await awaitApproval(context, target.profile, device)
    profiles.save(target.profile, device)
    logins.remove(target.profile)
    report(context, profiles, target, clientId, approved)
  } catch (error) {
    // Such a key is of no use any more: the next login makes another.
    if (["device_rejected", "client_revoked"].includes((error as { code?: string }).code ?? "")) {
      logins.remove(target.profile)
      context.note("the key that this device had made for it is deleted")
      throw error
    }
    throw logins.list().includes(target.profile) ? withKeptKey(error, target.profile) : error
  }
  return undefined
}

/** The same failure, and how to go on with the key that waits, or to be rid of it. */
function withKeptKey(error: unknown, profile: string): unknown {
  const { check, code, facts, hint = "halfkey login   (goes on with the same key)", message } = error as HalfkeyError
  if (!isProblemCode(String(code))) return error
  const drop = `halfkey logout --profile ${profile}   (deletes the key that this device made for it)`
  return new HalfkeyError(code, message, { check, facts, hint: `${hint}\n${drop}` })
}

/** The login that was interrupted, or a new one; in either case it is stored before anything is sent. */
async function pendingLogin(
  logins: PendingLogins,
  target: LoginTarget,
  label: string | undefined,
): Promise<PendingLogin> {
  const { endpoint, profile, workspaceCRN } = target
  const earlier = logins.find(profile)
  const fits = earlier?.endpoint === endpoint && earlier.workspaceCRN === workspaceCRN
  if (earlier !== undefined && fits && (label === undefined || label === earlier.label)) return earlier
  const keys = unwrap(await newDevice(workspaceCRN))
  const login = { ...keys, endpoint, label: label ?? `${userName()} on ${hostname().slice(0, 60) || "a device"}` }
  logins.save(profile, login)
  return login
}

function userName(): string {
  try {
    return userInfo().username.slice(0, 30) || "somebody"
  } catch {
    return "somebody"
  }
}

/** Shows what an admin compares; even with -q, since nothing goes on without it. */
async function file(context: Context, login: PendingLogin): Promise<void> {
  const { clientId, endpoint, label, workspaceCRN } = login
  const filed = await fileDevice({ endpoint, device: login, label, transport: nodeTransport(), userAgent })
  // Approved while nobody waited here.
  if (filed.failure?.code === "already_exists") return
  const { code, expiresAt } = unwrap(filed)
  const rows = [
    ["label", label],
    ["id", clientId],
    ["code", code],
  ]
  const table = renderTable(rows).replace(/^/gm, "  ").trimEnd()
  context.streams.err(`halfkey: this device asks to be let into ${workspaceCRN}\n${table}\n`)
  context.note(`tell an admin the code, who types: halfkey devices approve ${code} -e NAME`)
  context.note(`waiting until ${expiresAt.slice(11, 16)} UTC; Ctrl-C stops waiting, and halfkey login goes on`)
}

function report(context: Context, profiles: Profiles, target: LoginTarget, clientId: string, approved: Approved): void {
  const { profile, workspaceCRN } = target
  const use = profiles.default() === profile ? "" : `; use --profile ${profile}`
  context.note(`logged in to ${workspaceCRN} as ${approved.role}, stored as profile ${profile}${use}`)
  const environments = approved.environments.map(({ mode, name }) => (mode === "read-write" ? name : `${name}:${mode}`))
  if (environments.length > 0) context.note(`you can use ${environments.join(", ")}`)
  else context.warn(`it is in no environment\n  try: ask an admin to type: halfkey grants add ${clientId} -e NAME`)
  const names = [variables.clientId, variables.clientKey, variables.apiKey].filter((name) => context.env[name])
  if (names.length === 0) return
  context.warn(
    `${names.join(", ")} of this shell come before the profile\n  try: unset ${names.join(" ")}   (or --profile ${profile})`,
  )
}
