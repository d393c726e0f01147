/** `halfkey devices approve`: a person compares the code of two screens; only then anything is signed. */
import { normalizedEnrolmentCode } from "@halfkey/core/formats/enrolment-code"
import { isClientId } from "@halfkey/core/formats/ids"
import { Option } from "commander"
import { type DeviceComparison, type DeviceRole, type MemberMode, unwrap } from "halfkey/admin"
import { type CommandDefinition, textFlag } from "../command.ts"
import type { Context } from "../context.ts"
import { Told, usageError } from "../failure.ts"
import { environmentsFrom, memberModes, modeFrom } from "../input/grants.ts"
import { visible } from "../output/formats.ts"
import { showSealingPlan } from "../output/sealing-plan.ts"
import { renderTable } from "../output/table.ts"

export interface DevicesApproveOptions {
  readonly device?: string | undefined
  readonly code?: string | undefined
  readonly environments: readonly string[]
  readonly mode: MemberMode
  readonly role: DeviceRole
}

export const definition: CommandDefinition<DevicesApproveOptions> = {
  environments: "many",
  about: `Shows the code that this machine computes for the device, and asks whether the device shows the same: look at it, or let its
owner read it to you. Or type the code that the device shows; then nothing is asked, and any other device is refused. -y does
not stand for a comparison. Needs a granter.`,
  examples: [
    { does: "the code as its owner reads it", line: "halfkey devices approve 7K2QX-01M4A -e development -e staging" },
    { does: "the only one that waits, after a look at it", line: "halfkey devices approve -e production --mode read" },
  ],
  define: (command) => {
    command
      .argument("[code-or-id]", "the code that the device shows, or its whole id; else the only one that waits")
      .option("--code <code>", "the code that the device shows")
      .addOption(new Option("--mode <mode>", "what it may do there").choices([...memberModes]))
      .addOption(new Option("--role <role>", "member, or admin for administration").choices(["member", "admin"]))
  },
  read: ([named], flags) => {
    const option = textFlag(flags, "code")
    const id = typeof named === "string" && isClientId(named.toLowerCase()) ? named.toLowerCase() : undefined
    const code = typeof named === "string" && id === undefined ? named : option
    if (code !== undefined && code !== option && option !== undefined)
      throw usageError("the code was given twice", "once")
    if (code !== undefined && normalizedEnrolmentCode(code) === undefined) {
      throw usageError(
        "not a code, and not a whole id: a code has ten characters, as in 7K2QX-01M4A",
        "halfkey devices list",
      )
    }
    return {
      device: id,
      code,
      environments: environmentsFrom(flags),
      mode: modeFrom(flags),
      role: (textFlag(flags, "role") ?? "member") as DeviceRole,
    }
  },
}

export async function run(context: Context, options: DevicesApproveOptions): Promise<undefined> {
  const { code, device, environments, mode, role } = options
  if (code === undefined && !context.prompts.allowed) {
    throw usageError(
      "nothing was approved: nobody can compare the code here",
      "--code XXXXX-XXXXX, as the device shows it",
    )
  }
  const admin = await context.admin()
  let unanswered: unknown
  const compare = async (comparison: DeviceComparison): Promise<boolean> => {
    show(context, comparison)
    try {
      return comparison.codeWasTyped || (await context.prompts.confirm(`Does the device show ${comparison.code}?`))
    } catch (error) {
      // Ctrl-C must stay what it is: the SDK would make a failure of it.
      unanswered = error
      return false
    }
  }
  const result = await admin.devices.approve(
    { device, code, environments: environments.map((name) => ({ name, mode })), role },
    { compare, beforeSealing: (plan) => void showSealingPlan(context.streams, plan) },
  )
  if (unanswered !== undefined) throw unanswered
  if (result.failure?.code === "aborted") {
    context.streams.err("halfkey: nothing was approved\n")
    throw new Told(1)
  }
  const { clientId, label } = unwrap(result)
  context.note(`${visible(label)} (${clientId}) is let into ${environments.join(", ")}`)
  return undefined
}

/** Printed even with -q: it is what a person decides by. */
function show({ streams }: Context, { code, device, environments, role }: DeviceComparison): void {
  const rows = [
    ["label", `${visible(device.label)}   (as its owner typed it)`],
    ["id", device.clientId],
    ["asked", `${device.filedAt}, from ${visible(device.address)}`],
    ["role", role],
    ["lets into", environments.map(({ mode, name }) => (mode === "read-write" ? name : `${name}:${mode}`)).join(", ")],
    ["code", code],
  ]
  streams.err(`halfkey: a device asks to be let in\n${renderTable(rows).replace(/^/gm, "  ").trimEnd()}\n`)
}
