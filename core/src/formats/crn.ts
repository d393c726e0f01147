/** Workspace CRNs (S3): `crn:<region>.<provider>:<workspace id>`. */
import { HalfkeyError } from "./errors.ts"
import { isWorkspaceId, type WorkspaceId } from "./ids.ts"

export interface WorkspaceCrn {
  /** As it is written: `crn:local.self:…`. */
  readonly text: string
  /** `<region>.<provider>`: `local.self`, `us-east-1.aws`. */
  readonly region: string
  readonly workspaceId: WorkspaceId
}

/** The region of a self-hosted server, unless configured. */
export const defaultRegion = "local.self"

const regionPattern = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/

export function isRegion(text: string): boolean {
  return regionPattern.test(text)
}

export function formatCrn(region: string, workspaceId: WorkspaceId): string {
  return `crn:${region}:${workspaceId}`
}

/** Reads a CRN. Throws `invalid_crn`, saying which part is wrong. */
export function parseCrn(text: string): WorkspaceCrn {
  const [prefix, region, workspaceId, ...rest] = text.split(":")
  if (prefix !== "crn" || region === undefined || workspaceId === undefined || rest.length > 0) {
    throw invalid("it must have three parts joined by colons")
  }
  if (!isRegion(region)) throw invalid("the second part must be <region>.<provider>, as local.self or us-east-1.aws")
  if (!isWorkspaceId(workspaceId)) {
    throw invalid(`the workspace id must be 26 characters of A-Z and 2-7, got ${workspaceId.length} characters`)
  }
  return { text, region, workspaceId }
}

function invalid(why: string): HalfkeyError {
  return new HalfkeyError("invalid_crn", `not a workspace CRN: ${why}`, {
    hint: "a CRN looks like crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ; `halfkey whoami` prints yours",
  })
}
