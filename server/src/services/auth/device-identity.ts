/** A device that asks for a token by its assertion alone (S9): who it is, and why it gets none yet. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { pendingDeviceMinutes } from "@halfkey/core/wire/devices"
import type { ClientRow, DeviceRole, PendingDeviceRow } from "../../domain/rows.ts"
import type { Store } from "../../domain/store.ts"
import { type AssertionUse, claimedClient, claimedCrn, verifyClientAssertion } from "./client-assertion.ts"
import type { WorkspaceState, WorkspaceStates } from "./workspace-state.ts"

export interface IdentifiedDevice {
  readonly workspace: WorkspaceState
  /** It may be revoked: that is for whoever decides to see. */
  readonly client: ClientRow
  readonly role: DeviceRole
  readonly use: AssertionUse
}

/**
 * The device that proves itself, approved. Throws `device_pending` or `device_rejected` for one that waits or was
 * turned away, and `invalid_client` for everybody else.
 */
export async function identifyDevice(
  { states, store, now }: { readonly states: WorkspaceStates; readonly store: Store; readonly now: () => number },
  assertion: string,
): Promise<IdentifiedDevice> {
  const clientId = claimedClient(assertion)
  const crn = claimedCrn(assertion)
  const workspace = await states.get(crn.workspaceId)
  if (workspace === undefined) throw unknown("this server has no such workspace", "check the CRN and the endpoint")
  const client = await workspace.client(clientId)
  if (client === undefined) {
    const pending = await store.pendingDevice(workspace.row.id, clientId)
    if (pending === undefined) throw notWaiting(clientId)
    await verifyClientAssertion(assertion, pending, workspace.row.crn, now())
    throw stillOutside(pending, now())
  }
  const use = await verifyClientAssertion(assertion, client, workspace.row.crn, now())
  if (client.deviceRole !== null) return { workspace, client, role: client.deviceRole, use }
  throw unknown(`the client ${clientId} is no device: it needs an API key`, "set CS_CLIENT_ACCESS_KEY")
}

/** Why a device that was filed has no access. */
export function stillOutside({ id, expiresAt, rejectedAt }: PendingDeviceRow, now: number): HalfkeyError {
  if (rejectedAt !== null) {
    return new HalfkeyError("device_rejected", `the device ${id} was rejected by an admin`, {
      hint: "halfkey login, for another try",
    })
  }
  if (expiresAt <= now) return notWaiting(id)
  return new HalfkeyError("device_pending", `the device ${id} was not approved yet`, {
    hint: "ask an admin to run: halfkey devices approve",
  })
}

function notWaiting(id: string): HalfkeyError {
  return unknown(
    `the client ${id} is not registered in this workspace, and no device of that id waits`,
    `halfkey login   (a device waits ${pendingDeviceMinutes} minutes for an admin)`,
  )
}

function unknown(why: string, hint: string): HalfkeyError {
  return new HalfkeyError("invalid_client", why, { hint })
}
