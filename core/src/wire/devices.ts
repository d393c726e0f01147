/**
 * People's devices (S9). `POST /v1/devices` files a device that wants in: `Authorization: Bearer` carries an assertion of
 * its own client key (S8), so nobody files a key that is not theirs. It is let in by `POST /v1/clients` with `device`.
 */
import { type Static, Type } from "typebox"
import { Client, NewClient } from "./clients.ts"
import { Bytes, Time, Uuid } from "./encodings.ts"

/** Most devices of a workspace that may wait at once. */
export const pendingDevicesMax = 20
/** How long a device waits for an admin. */
export const pendingDeviceMinutes = 60

/** `POST /v1/devices`. Filing the identical device again while it waits changes nothing. */
export const NewDevice = Type.Object({
  workspaceCRN: Type.String({ maxLength: 120 }),
  ...NewClient.properties,
  nonce: Bytes(32, "Random; part of the code that is compared on both screens"),
})
export type NewDevice = Static<typeof NewDevice>

export const PendingDevice = Type.Object(
  {
    ...NewClient.properties,
    nonce: NewDevice.properties.nonce,
    status: Type.Union([Type.Literal("pending"), Type.Literal("expired"), Type.Literal("rejected")]),
    filedAt: Time,
    expiresAt: Time,
    address: Type.String({ description: "Where it was filed from, as the server saw it" }),
  },
  { $id: "PendingDevice" },
)
export type PendingDevice = Static<typeof PendingDevice>

/** `POST /v1/devices` answers 201 with what the device knows already, and until when it waits. */
export const FiledDevice = Type.Object({ clientId: Uuid, nonce: NewDevice.properties.nonce, expiresAt: Time })
export type FiledDevice = Static<typeof FiledDevice>

/** `GET /v1/devices`: those that wait or waited during the last day, and those that were let in, revoked ones too. */
export const DeviceList = Type.Object({ pending: Type.Array(PendingDevice), devices: Type.Array(Client) })
export type DeviceList = Static<typeof DeviceList>

/** `DELETE /v1/devices/{id}` rejects one that waits, or revokes one that was let in. It may be repeated. */
export const RemovedDevice = Type.Object({
  clientId: Uuid,
  status: Type.Union([Type.Literal("rejected"), Type.Literal("revoked")]),
})
export type RemovedDevice = Static<typeof RemovedDevice>
