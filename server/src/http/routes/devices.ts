/** People's devices. One is let in by `POST /v1/clients`. */

import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { DeviceList, FiledDevice, NewDevice, RemovedDevice } from "@halfkey/core/wire/devices"
import { receiptHeader } from "@halfkey/core/wire/problem"
import { answered } from "../callers.ts"
import type { App } from "../http-server.ts"
import { IdParams, refusals } from "../route-parts.ts"
import { plain } from "../schemas.ts"
import type { Services } from "../services.ts"

/** Two public keys, a nonce and a label. */
const filingBodyLimit = 8 * 1024

export function deviceRoutes(app: App, { devices }: Services): void {
  app.post("/v1/devices", {
    schema: {
      summary: "Ask to let a device in, with an assertion of the key that is filed",
      tags: ["devices"],
      body: NewDevice,
      response: { 201: plain(FiledDevice), ...refusals },
    },
    bodyLimit: filingBodyLimit,
    config: { access: { kind: "client-key" } },
    handler: async (request, reply) => {
      const { receipt, value } = await devices.file(request.caller, request.body)
      // Filing the same again decides nothing.
      if (receipt !== undefined) reply.header(receiptHeader, toBase64Url(receipt))
      return reply.code(201).send(value)
    },
  })

  app.get("/v1/devices", {
    schema: {
      summary: "Devices that ask to be let in, and those that were",
      tags: ["devices"],
      response: { 200: plain(DeviceList), ...refusals },
    },
    config: { access: { kind: "access-token", action: "device.list" } },
    handler: async (request, reply) => answered(reply, await devices.list(request.caller)),
  })

  app.delete("/v1/devices/:id", {
    schema: {
      summary: "Reject a device that waits, or revoke one that was let in, at once; every device may remove itself",
      tags: ["devices"],
      params: IdParams,
      response: { 200: plain(RemovedDevice), ...refusals },
    },
    config: { access: { kind: "access-token", action: "device.remove" } },
    handler: async (request, reply) => answered(reply, await devices.remove(request.caller, request.params.id)),
  })
}
