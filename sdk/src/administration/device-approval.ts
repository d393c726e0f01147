/** The admin's side of S9: which device it is, the code that this machine computes for it, and the signatures that let it in. */
import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { enrolmentCode, enrolmentNonceLength, normalizedEnrolmentCode } from "@halfkey/core/formats/enrolment-code"
import { HalfkeyError, keysetCheckFailed } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId } from "@halfkey/core/formats/ids"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { type AnswerReader, invalidResponse, malformedAnswer } from "../answer-reader.ts"
import { largeAnswerMaxBytes } from "../api-client.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { publicClient, readClient } from "./answers.ts"
import { signMemberships } from "./client-creation.ts"
import type { DeviceApproval, DeviceRole, PendingDevice } from "./device-types.ts"
import { rememberOwn, untilNoConflict } from "./keyset-changes.ts"
import type { Client, SealingOptions } from "./types.ts"

/** A device that waits, with its public keys and its nonce, as the server sent them. */
interface ServedDevice extends PendingDevice {
  readonly clientId: ClientId
  /** 32 bytes. */
  readonly signPk: Uint8Array
  /** 1,216 bytes. */
  readonly kemPk: Uint8Array
  /** 32 bytes. */
  readonly nonce: Uint8Array
}

/** One that may be let in, with the code that it must show. Its keys are those that its id commits to. */
export interface FoundDevice {
  readonly device: ServedDevice
  readonly code: string
}

export async function listDevices(session: Session, scope: CallScope) {
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/devices",
    repetition: "repeatable",
    maxBytes: largeAnswerMaxBytes,
  })
  return {
    pending: answer.field("pending").list().map(readPendingDevice),
    devices: answer.field("devices").list().map(readClient).map(publicClient),
  }
}

/** Without what only the comparison needs. */
export function publicDevice({ signPk: _, kemPk: __, nonce: ___, ...device }: ServedDevice): PendingDevice {
  return device
}

function readPendingDevice(answer: AnswerReader): ServedDevice {
  const clientId = answer.field("clientId").uuid()
  if (!isClientId(clientId)) throw malformedAnswer("clientId", "a client id (UUIDv8)")
  return {
    clientId,
    signPk: answer.field("signPk").bytes(32),
    kemPk: answer.field("kemPk").bytes(1216),
    nonce: answer.field("nonce").bytes(enrolmentNonceLength),
    label: answer.field("label").shown(100),
    status: answer.field("status").oneOf("pending", "expired", "rejected"),
    filedAt: answer.field("filedAt").time(),
    expiresAt: answer.field("expiresAt").time(),
    address: answer.field("address").shown(100),
  }
}

/**
 * The device that is meant, once its keys were hashed to its id and, where a code was typed, its code is that one. Throws
 * `keyset_verification_failed` (checks "client" and "code"), `device_not_found`, `already_exists`, `client_revoked`.
 */
export async function findDevice(
  session: Session,
  scope: CallScope,
  { code: typed, device: id }: DeviceApproval,
): Promise<FoundDevice> {
  const { devices, pending } = await listDevices(session, scope)
  const { workspaceId } = session.configuration.crn
  const code = typed === undefined ? undefined : checkedCode(typed)
  const waiting = pending.filter(({ status }) => status === "pending")
  const candidates = id === undefined ? waiting : [named(id, pending, devices)]
  if (candidates.length === 0) throw notFound("no device waits", "halfkey login on the device")
  if (code === undefined && candidates.length > 1) {
    throw new HalfkeyError("invalid_argument", `${candidates.length} devices wait: say which`, {
      hint: "halfkey devices approve XXXXX-XXXXX, with the code that the device shows",
    })
  }
  for (const device of candidates) {
    const problem = clientKeysProblem(workspaceId, device)
    if (problem !== undefined) throw keysetCheckFailed("client", problem)
    const own = enrolmentCode(workspaceId, device.clientId, device.nonce)
    if (code === undefined || code === own) return { device, code: own }
  }
  throw wrongCode(id)
}

function checkedCode(typed: string): string {
  const code = normalizedEnrolmentCode(typed)
  if (code !== undefined) return code
  throw new HalfkeyError("invalid_argument", "not the code of a device: it has ten characters, as in 7K2QX-01M4A", {
    hint: "copy it again from the device",
  })
}

/** One that can still be approved. */
function named(id: string, pending: readonly ServedDevice[], devices: readonly Client[]): ServedDevice {
  const client = devices.find(({ clientId }) => clientId === id)
  if (client?.revokedAt) {
    throw new HalfkeyError("client_revoked", `the device ${id} was revoked at ${client.revokedAt}`, {
      hint: "a revoked device stays revoked: halfkey logout and halfkey login on it make another key",
    })
  }
  if (client !== undefined) {
    throw new HalfkeyError("already_exists", `the device ${id} is in already`, {
      hint: `halfkey grants add ${id} -e NAME, for another environment`,
    })
  }
  const device = pending.find(({ clientId }) => clientId === id)
  if (device === undefined) throw notFound(`no device ${id} waits`, "halfkey devices list shows which wait")
  if (device.status === "rejected") throw notFound(`the device ${id} was rejected`, "halfkey login on the device")
  if (device.status === "expired") {
    throw notFound(`the device ${id} waited until ${device.expiresAt}`, "halfkey login on the device")
  }
  return device
}

function notFound(why: string, hint: string): HalfkeyError {
  return new HalfkeyError("device_not_found", why, { hint })
}

function wrongCode(id: string | undefined): HalfkeyError {
  const what = id === undefined ? "no device that waits has" : `the device ${id} does not have`
  return new HalfkeyError("keyset_verification_failed", `check "code" failed: ${what} the code that was typed`, {
    check: "code",
    hint: "look at the device again; if the code is right, the server shows another key than the device's: approve nothing",
  })
}

/** Signs and seals for exactly this device, and registers it. Throws what signing and registering throw. */
export async function letDeviceIn(
  session: Session,
  scope: CallScope,
  { device }: FoundDevice,
  { environments, role }: { readonly environments: DeviceApproval["environments"]; readonly role: DeviceRole },
  sealing: SealingOptions,
): Promise<Client> {
  const { clientId, kemPk, label, signPk } = device
  return await untilNoConflict(scope, async () => {
    const changes = await signMemberships(session, scope, { keys: device, label, environments }, sealing)
    const client = { clientId, signPk: toBase64Url(signPk), kemPk: toBase64Url(kemPk), label }
    const body = { client, device: { role }, keysets: changes.map(({ json }) => json) }
    const answer = await session.api
      .call(scope, { method: "POST", path: "/v1/clients", body, repetition: "once" })
      .catch((error: unknown) => {
        throw perhapsApproved(error)
      })
    const made = readClient(answer.field("client"))
    if (made.clientId !== clientId || made.device !== role) throw invalidResponse("it confirms another device")
    for (const { manifest } of changes) rememberOwn(session, manifest)
    return publicClient(made)
  })
}

function perhapsApproved(error: unknown): unknown {
  if (!(error instanceof HalfkeyError) || error.type !== "NetworkError") return error
  return new HalfkeyError(error.code, `${error.message}; the device may or may not have been approved`, {
    hint: "halfkey devices list shows whether it was; then approve it again if it was not",
  })
}
