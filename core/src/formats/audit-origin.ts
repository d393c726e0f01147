/** Which audit log (S12): the first line of its checkpoints. */
import { isWorkspaceId, type WorkspaceId } from "./ids.ts"

/** The log of a workspace; after a restore that was accepted it goes on under a new incarnation (S10). */
export interface AuditOrigin {
  readonly workspaceId: WorkspaceId
  /** 1 or more. */
  readonly incarnation: number
}

export function auditOrigin(workspaceId: WorkspaceId, incarnation: number): string {
  return `halfkey/${workspaceId}/${incarnation}`
}

/** What an origin says, or `undefined` when it is none of an audit log. */
export function parseAuditOrigin(origin: string): AuditOrigin | undefined {
  const [, workspaceId = "", digits = ""] = /^halfkey\/([^/]*)\/([1-9][0-9]{0,15})$/.exec(origin) ?? []
  const incarnation = Number(digits)
  return isWorkspaceId(workspaceId) && Number.isSafeInteger(incarnation) ? { workspaceId, incarnation } : undefined
}
