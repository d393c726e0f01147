/** The device's side of S9: its key is made here and stays here; the server gets the public halves and a nonce. */
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { parseCrn } from "@halfkey/core/formats/crn"
import { enrolmentCode, enrolmentNonceLength } from "@halfkey/core/formats/enrolment-code"
import { requireLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isClientId } from "@halfkey/core/formats/ids"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { type RandomSource, systemRandom } from "@halfkey/core/primitives/random"
import type { NewDevice } from "@halfkey/core/wire/devices"
import { invalidResponse } from "../answer-reader.ts"
import { requireOptionalText, requireText, wrongType } from "../argument-types.ts"
import { CallScope } from "../call-scope.ts"
import { checkedTimeout, defaultTimeoutMs } from "../configuration.ts"
import { checkedEndpoint } from "../endpoint.ts"
import { HttpCaller } from "../http-caller.ts"
import { allowInsecureEndpoint } from "../options.ts"
import { fetchTransport } from "../transport-fetch.ts"
import { defaultUserAgent } from "../version.ts"
import type { DeviceKeys, FileDeviceOptions, FiledDevice } from "./device-types.ts"

/** Sends nothing. */
export async function makeDeviceKeys(workspaceCRN: string, random: RandomSource = systemRandom): Promise<DeviceKeys> {
  requireText(workspaceCRN, "workspaceCRN")
  const crn = parseCrn(workspaceCRN)
  const identity = await ClientIdentity.create(crn.workspaceId, random)
  try {
    const nonce = toBase64Url(random(enrolmentNonceLength))
    return { workspaceCRN: crn.text, clientId: identity.clientId, clientKey: identity.clientKeyText(), nonce }
  } finally {
    identity.destroy()
  }
}

/** Asks the server to let a device in. Repeating it with the same keys and label changes nothing. */
export async function fileDeviceKeys(options: FileDeviceOptions): Promise<FiledDevice> {
  const { device } = options
  if (typeof device !== "object" || device === null) throw wrongType("device", "an object", device)
  requireText(options.endpoint, "endpoint")
  requireText(options.label, "label")
  requireOptionalText(options.userAgent, "userAgent")
  requireLabel(options.label)
  const crn = parseCrn(device.workspaceCRN)
  const nonce = fromBase64Url(device.nonce)
  if (!isClientId(device.clientId) || nonce?.length !== enrolmentNonceLength) {
    throw new HalfkeyError("invalid_argument", "not the keys of a device: its client id or its nonce is damaged")
  }
  const identity = ClientIdentity.fromConfiguration(crn.workspaceId, device.clientId, device.clientKey)
  const scope = new CallScope(checkedTimeout(options.timeoutMs ?? defaultTimeoutMs), undefined)
  try {
    const { clientId, kemPk, signPk } = await identity.publicKeys()
    if (clientKeysProblem(crn.workspaceId, { clientId, kemPk, signPk }) !== undefined) {
      throw new HalfkeyError(
        "invalid_argument",
        "not the keys of a device: its client id is not that of its client key",
      )
    }
    const keys = { clientId, signPk: toBase64Url(signPk), kemPk: toBase64Url(kemPk) }
    const request = { workspaceCRN: crn.text, ...keys, label: options.label, nonce: device.nonce }
    const expiresAt = await send(options, scope, identity, request)
    return { code: enrolmentCode(crn.workspaceId, clientId, nonce), expiresAt }
  } finally {
    scope.end()
    identity.destroy()
  }
}

async function send(
  options: FileDeviceOptions,
  scope: CallScope,
  identity: ClientIdentity,
  request: NewDevice,
): Promise<string> {
  const { random = systemRandom, now = Date.now } = options
  const http = new HttpCaller({
    endpoint: checkedEndpoint(options.endpoint, options[allowInsecureEndpoint] === true),
    transport: options.transport ?? fetchTransport,
    userAgent: options.userAgent ?? defaultUserAgent,
    now,
  })
  const { json } = await http.call(scope, {
    method: "POST",
    path: "/v1/devices",
    repetition: "repeatable",
    authorization: `Bearer ${signClientAssertion(identity, request.workspaceCRN, now(), random)}`,
    contentType: "application/json",
    body: JSON.stringify(request),
  })
  // Whoever compares codes would find it, too; here nobody has to wait for that.
  if (json.field("clientId").uuid() !== request.clientId || json.field("nonce").text(100) !== request.nonce) {
    throw invalidResponse("it holds another device than was filed")
  }
  return json.field("expiresAt").time()
}
