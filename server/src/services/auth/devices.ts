/** People's devices (S9): filed by the device itself, let in by an admin's signature, taken away by an admin or by itself. */
import { parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId } from "@halfkey/core/formats/ids"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import {
  type DeviceList,
  type FiledDevice,
  type NewDevice,
  type PendingDevice,
  pendingDeviceMinutes,
  pendingDevicesMax,
  type RemovedDevice,
} from "@halfkey/core/wire/devices"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { PendingDeviceRow } from "../../domain/rows.ts"
import { StaleStateError, type Store } from "../../domain/store.ts"
import type { AuditEntries } from "../audit/entries.ts"
import type { Refusals } from "../audit/refusals.ts"
import { newestRoster } from "../keys/keyset-changes.ts"
import { timeText } from "../time-text.ts"
import type { Access } from "./access.ts"
import { verifyClientAssertion } from "./client-assertion.ts"
import { clientView, deviceNotFound, newClientRow, requireNoGranter } from "./clients.ts"
import { stillOutside } from "./device-identity.ts"
import type { Gate } from "./gate.ts"
import type { LastUses } from "./last-uses.ts"
import type { WorkspaceState, WorkspaceStates } from "./workspace-state.ts"

/** How long those that waited in vain are shown. */
const shownForMs = 24 * 3_600_000

export interface DevicesParts {
  readonly gate: Gate
  readonly store: Store
  readonly states: WorkspaceStates
  readonly entries: AuditEntries
  readonly refusals: Refusals
  readonly counters: Counters
  readonly uses: LastUses
  readonly now: () => number
}

export class Devices {
  readonly #parts: DevicesParts

  constructor(parts: DevicesParts) {
    this.#parts = parts
  }

  /**
   * A device asks to be let in. Anybody may who knows the workspace and holds the key that is filed: so what is refused is
   * noted as strangers are, in no more than a few entries, and no more than a few wait at once. Throws `invalid_client`, `already_exists`, `device_rejected`,
   * `rate_limited`.
   */
  async file(
    caller: Caller,
    request: NewDevice,
  ): Promise<{ readonly value: FiledDevice; readonly receipt?: Uint8Array }> {
    const { counters, refusals, states } = this.#parts
    let workspace: WorkspaceState | undefined
    try {
      for (let attempt = 0; attempt < 8; attempt++) {
        workspace = await states.get(parseCrn(request.workspaceCRN).workspaceId)
        if (workspace === undefined || workspace.row.crn !== request.workspaceCRN) {
          throw new HalfkeyError("invalid_client", "this server has no such workspace", {
            hint: "check the CRN and the endpoint",
          })
        }
        try {
          return await this.#fileIn(workspace, caller, request)
        } catch (error) {
          if (!(error instanceof StaleStateError)) throw error
          states.drop(workspace)
        }
      }
      throw new HalfkeyError("unavailable", "the workspace changes too quickly to decide", { hint: "try again" })
    } catch (error) {
      if (error instanceof HalfkeyError && !["storage_full", "unavailable"].includes(error.code)) {
        counters.unauthenticated(error.code)
        const workspaceId = workspace?.row.id
        if (workspaceId !== undefined)
          void refusals.note(caller, { workspaceId, action: "device.file", code: error.code })
      }
      throw error
    }
  }

  async #fileIn(workspace: WorkspaceState, caller: Caller, request: NewDevice) {
    const { counters, entries, now, store } = this.#parts
    const device = await this.#provenDevice(workspace, caller, request)
    if ((await workspace.client(device.id)) !== undefined) {
      throw new HalfkeyError("already_exists", `the client ${device.id} is registered already`)
    }
    const present = await store.pendingDevice(device.workspaceId, device.id)
    if (present?.rejectedAt != null) throw stillOutside(present, now())
    if (present !== undefined && present.expiresAt > now()) {
      if (!isSame(present, device)) {
        throw new HalfkeyError("already_exists", `the device ${device.id} waits already, with another nonce or label`)
      }
      return { value: filed(present) }
    }
    const { generation, id: workspaceId } = workspace.row
    const details = { subject: device.id }
    const audit = entries.record(caller, { workspaceId, action: "device.file", details })
    const input = { device, most: pendingDevicesMax, forgetBefore: now() - shownForMs }
    await store.fileDevice({ generation, audit }, input)
    counters.auditEntry("allowed")
    return { value: filed(device), receipt: audit.leafHash }
  }

  /** Whoever files a key holds it, and its id is the key's. */
  async #provenDevice({ row }: WorkspaceState, caller: Caller, request: NewDevice): Promise<PendingDeviceRow> {
    const now = this.#parts.now()
    const { id, kemPk, label, signPk } = newClientRow(row.id, request, now)
    const nonce = fromBase64Url(request.nonce)
    if (nonce === undefined) throw new HalfkeyError("invalid_request", "the nonce is not canonical base64url")
    if (caller.credential === undefined) {
      throw new HalfkeyError("invalid_client", "no assertion of the device's key was sent", { hint: "halfkey login" })
    }
    await verifyClientAssertion(caller.credential, { id, signPk }, row.crn, now)
    const expiresAt = now + pendingDeviceMinutes * 60_000
    const keys = { id, workspaceId: row.id, label, signPk, kemPk, nonce }
    return { ...keys, address: caller.address, filedAt: now, expiresAt, rejectedAt: null }
  }

  list(caller: Caller): Promise<Answer<DeviceList>> {
    const { gate, now, store, uses } = this.#parts
    return gate.decide(caller, "device.list", async (access) => {
      const workspaceId = access.workspace.row.id
      const pending = await store.pendingDevices(workspaceId)
      const devices = (await store.clients(workspaceId)).filter(({ deviceRole }) => deviceRole !== null)
      const view = await clientView(access, store, uses)
      await gate.append(access)
      const shown = pending.filter(({ expiresAt }) => expiresAt > now() - shownForMs)
      return { pending: shown.map((row) => pendingToWire(row, now())), devices: devices.map(view) }
    })
  }

  /** Rejects one that waits, or revokes one that is in: at once, also by the device itself. Repeating changes nothing. */
  remove(caller: Caller, ref: string): Promise<Answer<RemovedDevice>> {
    const { gate } = this.#parts
    return gate.decide(caller, "device.remove", async (access) => {
      const own = access.requireClient()
      const id = isClientId(ref) ? ref : undefined
      // A read-only key changes nothing, not even for its own device.
      if (id !== own || access.apiKey.readOnly) access.requireAny(["client:revoke"])
      if (id === undefined) throw deviceNotFound("there is no such device in this workspace")
      access.details.subject = id
      return { clientId: id, status: await this.#removeIn(access, id) }
    })
  }

  async #removeIn(access: Access, id: ClientId): Promise<RemovedDevice["status"]> {
    const { now, store } = this.#parts
    const client = await access.workspace.client(id)
    if (client === undefined) {
      if ((await store.pendingDevice(access.workspace.row.id, id)) === undefined) {
        throw deviceNotFound("there is no such device in this workspace")
      }
      await store.rejectDevice(access.guard(), { clientId: id, rejectedAt: now() })
      return "rejected"
    }
    if (client.deviceRole === null) {
      throw new HalfkeyError("device_not_found", `the client ${id} is no device`, {
        hint: await revokingOf(access, id),
      })
    }
    await requireNoGranter(access, id)
    await store.revokeClient(access.guard(), { clientId: id, revokedAt: client.revokedAt ?? now() })
    return "revoked"
  }
}

/** What to type in place of it: a granter is revoked once it is none any more, and the last one never. */
async function revokingOf(access: Access, id: ClientId): Promise<string> {
  const { granters } = await newestRoster(access.workspace)
  if (!granters.some(({ clientId }) => clientId === id)) return `halfkey clients revoke ${id}`
  const first =
    granters.length === 1 ? "it is the only granter, so let another one in first: halfkey granters add ID; then " : ""
  return `${first}halfkey granters remove ${id} (as another granter), then halfkey clients revoke ${id}`
}

function isSame(left: PendingDeviceRow, right: PendingDeviceRow): boolean {
  return left.label === right.label && equalBytes(left.nonce, right.nonce)
}

function filed({ expiresAt, id, nonce }: PendingDeviceRow): FiledDevice {
  return { clientId: id, nonce: toBase64Url(nonce), expiresAt: timeText(expiresAt) }
}

function pendingToWire(row: PendingDeviceRow, now: number): PendingDevice {
  const expired = row.expiresAt <= now ? "expired" : "pending"
  return {
    clientId: row.id,
    signPk: toBase64Url(row.signPk),
    kemPk: toBase64Url(row.kemPk),
    label: row.label,
    nonce: toBase64Url(row.nonce),
    status: row.rejectedAt === null ? expired : "rejected",
    filedAt: timeText(row.filedAt),
    expiresAt: timeText(row.expiresAt),
    address: row.address,
  }
}
