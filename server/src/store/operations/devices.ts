/** Devices that ask to be let in (S9). */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import type { Guard } from "../../domain/store.ts"
import type { FileDeviceInput } from "../../domain/store-inputs.ts"
import * as queries from "../device-queries.ts"
import type { Transaction } from "../query.ts"
import { appendChange, appendGuarded } from "./guarded.ts"

export async function fileDevice(tx: Transaction, guard: Guard, input: FileDeviceInput): Promise<void> {
  const { device, most, forgetBefore } = input
  const { id, workspaceId, filedAt: now } = device
  await appendGuarded(tx, guard)
  await tx.run(queries.deletePendingDevices, { workspaceId, expiredBefore: forgetBefore })
  // What is in the way was looked at before: it expired, or is the same.
  await tx.run(queries.deletePendingDevice, { workspaceId, id })
  const waiting = await tx.first(queries.countWaitingDevices, { workspaceId, now })
  if (Number(waiting?.count ?? 0) >= most) throw tooManyDevices(most)
  await tx.run(queries.insertPendingDevice, {
    id,
    workspace_id: workspaceId,
    label: device.label,
    sign_pk: device.signPk,
    kem_pk: device.kemPk,
    nonce: device.nonce,
    address: device.address,
    filed_at: device.filedAt,
    expires_at: device.expiresAt,
    rejected_at: device.rejectedAt,
  })
}

/** Everybody is authorized anew: an approval that is under way must not overtake it. */
export async function rejectDevice(
  tx: Transaction,
  guard: Guard,
  input: { readonly clientId: ClientId; readonly rejectedAt: number },
): Promise<void> {
  const workspaceId = await appendChange(tx, guard)
  await tx.run(queries.rejectPendingDevice, { workspaceId, id: input.clientId, rejectedAt: input.rejectedAt })
}

function tooManyDevices(most: number): HalfkeyError {
  return new HalfkeyError("rate_limited", `${most} devices of this workspace wait already`, {
    hint: "ask an admin to approve or reject some: halfkey devices list",
  })
}
