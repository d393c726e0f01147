/** People's devices: who asks to be let in, letting one in, taking one out. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireOptionalText, wrongType } from "../argument-types.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { DeviceAdministration } from "./administration.ts"
import { revokeClient } from "./client-grants.ts"
import { checkedClientId, checkedGrants } from "./clients.ts"
import { findDevice, letDeviceIn, listDevices, publicDevice } from "./device-approval.ts"
import type { ComparingOptions, DeviceApproval, DeviceList, RemovedDevice } from "./device-types.ts"
import { revokeAndRotate } from "./revocation.ts"
import type { RevokeClientOptions } from "./rotation-types.ts"
import type { Client, SealingOptions } from "./types.ts"

export class Devices implements DeviceAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  list(options: CallOptions = {}): Promise<Result<DeviceList>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const { devices, pending } = await listDevices(session, scope)
        return { pending: pending.map(publicDevice), devices }
      })
    })
  }

  approve(approval: DeviceApproval, options: CallOptions & SealingOptions & ComparingOptions): Promise<Result<Client>> {
    return toResult(async () => {
      const { environments, role } = checkedApproval(approval, options)
      const { session } = this.#holder
      const found = await session.run(options, async (scope) => await findDevice(session, scope, approval))
      const device = publicDevice(found.device)
      const codeWasTyped = approval.code !== undefined
      // Without a deadline: a person looks at another screen.
      if ((await options.compare({ device, code: found.code, codeWasTyped, environments, role })) !== true) {
        throw new HalfkeyError("aborted", "the caller stopped before anything was signed")
      }
      return await session.run(
        options,
        async (scope) => await letDeviceIn(session, scope, found, { environments, role }, options),
      )
    })
  }

  revoke(clientId: string, options: CallOptions & RevokeClientOptions = {}): Promise<Result<RemovedDevice>> {
    return toResult(async () => {
      const id = checkedClientId(clientId)
      const { session } = this.#holder
      const { stopped: status, ...done } = options.rotate
        ? await revokeAndRotate(session, id, options, "devices")
        : await session.run(options, async (scope) => await revokeClient(session, scope, id, "devices"))
      return { clientId: id, status, ...done }
    })
  }

  leave(options: CallOptions = {}): Promise<Result<{ readonly clientId: string }>> {
    return toResult(async () => {
      const { session } = this.#holder
      const { clientId } = session.client.identity
      return await session.run(options, async (scope) => {
        await session.api.call(scope, { method: "DELETE", path: `/v1/devices/${clientId}`, repetition: "repeatable" })
        return { clientId }
      })
    })
  }
}

function checkedApproval(approval: DeviceApproval, { compare }: ComparingOptions) {
  if (typeof approval !== "object" || approval === null) throw wrongType("approval", "an object", approval)
  if (typeof compare !== "function") throw wrongType("compare", "a function", compare)
  const { code, device, environments, role = "member" } = approval
  requireOptionalText(code, "code")
  requireOptionalText(device, "device")
  if (device !== undefined) checkedClientId(device)
  if (role !== "admin" && role !== "member") {
    throw new HalfkeyError("invalid_argument", "not a role of a device: expected member or admin")
  }
  return { environments: checkedGrants(environments), role }
}
