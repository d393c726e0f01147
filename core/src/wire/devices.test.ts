import { test } from "node:test"
import { toBase64Url } from "../primitives/bytes.ts"
import { assertSchema } from "../testing/schema.ts"
import { DeviceList, FiledDevice, NewDevice, PendingDevice, RemovedDevice } from "./devices.ts"

const clientId = "0b7d1f2c-6f4e-8a57-9a57-0e0c9b0f7a11"
const nonce = toBase64Url(new Uint8Array(32))
const time = "2026-01-31T00:00:00.000Z"
const keys = {
  clientId,
  signPk: toBase64Url(new Uint8Array(32)),
  kemPk: toBase64Url(new Uint8Array(1216)),
  label: "Ada's laptop",
}
const waiting = { ...keys, nonce, status: "pending", filedAt: time, expiresAt: time, address: "127.0.0.1" }

test("a device is filed with its workspace, its keys and a nonce", () => {
  const request = { workspaceCRN: "crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ", ...keys, nonce }
  const refused = [{ nonce: "" }, { nonce: toBase64Url(new Uint8Array(31)) }, { label: "" }, { clientId: "x" }]
  assertSchema(NewDevice, request, Object.keys(request), [...refused, { workspaceCRN: "x".repeat(121) }])
  assertSchema(FiledDevice, { clientId, nonce, expiresAt: time }, ["clientId", "nonce", "expiresAt"], [{ nonce: 1 }])
})

test("a list shows who waits, waited or was rejected, and who is in", () => {
  assertSchema(PendingDevice, waiting, Object.keys(waiting), [{ status: "approved" }, { status: null }])
  assertSchema(DeviceList, { pending: [waiting], devices: [] }, ["pending", "devices"], [{ pending: [{}] }])
  const removed = { clientId, status: "rejected" }
  assertSchema(RemovedDevice, removed, Object.keys(removed), [{ status: "pending" }])
})
