/** Checks that ask the server: reachable, same protocol, same time, credentials accepted, every environment as its team signed it. */
import { parseCrn } from "@halfkey/core/formats/crn"
import { type Admin, type ServerHealth, unwrap, type WorkspaceInfo } from "halfkey/admin"
import type { Secrets } from "halfkey/secrets"
import type { Context } from "../context.ts"
import { limitsOf } from "../output/api-key-limits.ts"
import type { Settings } from "../settings/resolve.ts"
import { version as ownVersion, protocol } from "../version.ts"
import { checkConnection } from "./connection.ts"
import { type Finding, fail, failed, ok, warn } from "./finding.ts"
import { checkPins } from "./repository.ts"

/** Assertions are accepted within 60 s (S8). */
const skewFailsAboveMs = 60_000
const skewWarnsAboveMs = 30_000
const keyWarnsBelowMs = 7 * 86_400_000
/** Nobody needs to have written it: the key set is verified before the answer says that it is missing. */
const probeName = "HALFKEY_DOCTOR_PROBE"

export async function checkTheServer(context: Context): Promise<Finding[]> {
  let admin: Admin
  try {
    admin = await context.admin()
  } catch (error) {
    return [failed("settings", error)]
  }
  const settings = context.settings()
  const findings: Finding[] = [
    ok("settings", credentialsOf(settings)),
    ...(await checkConnection(context.connection().endpoint, settings.endpoint?.from ?? "", context.now())),
  ]
  if (findings.some(({ status }) => status === "fail")) return findings
  try {
    findings.push(...checkHealth(unwrap(await admin.health()), context.connection().workspaceCRN))
  } catch (error) {
    return [...findings, failed("server", error)]
  }
  try {
    const { caller } = unwrap(await admin.workspace())
    const kind = caller.apiKeyId === null ? "device" : "client"
    findings.push(ok("credentials", `role ${caller.role}, ${kind} ${caller.clientId ?? "none"}`))
    findings.push(...checkApiKey(caller, context.now()))
    findings.push(...(await checkAuditKey(admin)), ...(await checkEnvironments(context, admin)))
  } catch (error) {
    findings.push(failed("credentials", error))
  }
  return [...findings, ...checkPins(context)]
}

/** What narrows it, and whether its end is near. */
function checkApiKey({ apiKeyId, narrowing }: WorkspaceInfo["caller"], now: number): Finding[] {
  if (apiKeyId === null || narrowing === null) return []
  const { expiresAt } = narrowing
  const limits = limitsOf(narrowing)
  const text = [apiKeyId, ...(limits.length === 0 ? ["not narrowed, without an end"] : limits)].join(", ")
  if (expiresAt === null || Date.parse(expiresAt) - now > keyWarnsBelowMs) return [ok("API key", text)]
  return [warn("API key", `${text}: that is soon`, `halfkey keys rotate ${apiKeyId}   (as an admin)`)]
}

/** Says something only where a granter has something to do. */
async function checkAuditKey(admin: Admin): Promise<Finding[]> {
  const { current, offered } = unwrap(await admin.auditKey.compare())
  if (current === offered) return []
  return [warn("audit key", `the server has a new one: ${offered}`, "as a granter: halfkey audit-key update")]
}

function credentialsOf({ apiKey, clientKey }: Settings): string {
  return apiKey === undefined ? `device key of ${clientKey?.from}` : `client and API key of ${apiKey.from}`
}

function checkHealth(health: ServerHealth, workspaceCRN: string): Finding[] {
  const { endpoint, version, protocols, region, clockSkewMs, roundTripMs } = health
  const findings = [
    protocols.includes(protocol)
      ? ok("server", `${endpoint}, version ${version}, ${Math.round(roundTripMs)} ms away`)
      : fail(
          "server",
          `${endpoint} does not speak ${protocol}`,
          "install a version of halfkey that fits the server",
          2,
        ),
  ]
  findings.push(checkVersions(version))
  const own = parseCrn(workspaceCRN).region
  if (region !== own) {
    findings.push(fail("region", `the workspace is in ${own}, the server in ${region}`, "check CS_ENDPOINT", 2))
  }
  if (clockSkewMs === undefined) return findings
  const seconds = `${Math.round(Math.abs(clockSkewMs) / 1000)} s ${clockSkewMs < 0 ? "ahead of" : "behind"} the server`
  const hint = "set the clock of this machine or the server's (NTP)"
  if (Math.abs(clockSkewMs) > skewFailsAboveMs) findings.push(fail("clock", `this machine is ${seconds}`, hint, 6))
  else if (Math.abs(clockSkewMs) > skewWarnsAboveMs) findings.push(warn("clock", `this machine is ${seconds}`, hint))
  else findings.push(ok("clock", "agrees with the server"))
  return findings
}

/** A newer server may do what this command does not know; the protocol decides whether they understand each other. */
function checkVersions(server: string): Finding {
  const text = `halfkey ${ownVersion}, server ${server}, ${protocol}, Node ${process.versions.node}`
  if (server === ownVersion) return ok("versions", text)
  return warn("versions", text, "install the version of halfkey that the server has   (or ask its operator)")
}

async function checkEnvironments(context: Context, admin: Admin): Promise<Finding[]> {
  const keysets = unwrap(await admin.environments.list()).filter(
    ({ kind, mode, state }) => kind === "environment" && mode !== null && state !== "destroyed",
  )
  if (keysets.length === 0 || context.connection().clientId === undefined) {
    return [warn("environments", "this client is a member of none", "an admin's halfkey clients grant")]
  }
  const secrets = await context.secrets()
  const findings: Finding[] = []
  for (const { name, mode, state } of keysets) findings.push(await checkEnvironment(secrets, name, mode, state))
  return findings
}

async function checkEnvironment(secrets: Secrets, name: string, mode: string | null, state: string): Promise<Finding> {
  const check = `environment ${name}`
  if (state !== "enabled") return warn(check, `it is ${state}`, `as a granter: halfkey environments enable ${name}`)
  if (mode === "write") return ok(check, "member in mode write; only a write verifies it")
  const { failure } = await secrets.readMany([probeName], { environment: name })
  if (failure !== undefined && failure.code !== "secret_not_found") return failed(check, failure)
  return ok(check, `verified, mode ${mode}`)
}
