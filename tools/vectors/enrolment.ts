/** Vectors of S9: the code of a device, and how it may be typed. */
import { enrolmentCode, normalizedEnrolmentCode } from "@halfkey/core/formats/enrolment-code"
import { fixed, fixedClient, fixedRoot, hex } from "./fixed.ts"

export async function enrolmentVectors() {
  const [first, second] = [await fixedRoot("first"), await fixedRoot("second")]
  const one = await fixedClient(first, "one")
  const other = await fixedClient(second, "one")
  const places = [
    { workspaceId: first.workspaceId, clientId: one.clientId },
    { workspaceId: first.workspaceId, clientId: other.clientId },
    { workspaceId: second.workspaceId, clientId: one.clientId },
  ]
  const nonces = [fixed("nonce"), new Uint8Array(32), new Uint8Array(32).fill(0xff)]
  const typed = ["7K2QX-01M4A", "7k2qxoim4a", " 7K2QX 0LM4A "]
  const refused = ["", "7K2QX-01M4", "7K2QX-01M4AA", "7K2QX-01M4U", "7K2QX_01M4A", "7K2QX-01M4\u0661"]
  return {
    description:
      "Codes of devices (S9): scrypt with N = 32768, r = 8, p = 1 and no salt; and codes as people type them.",
    cases: places.flatMap(({ workspaceId, clientId }) =>
      nonces.map((nonce) => ({
        workspaceId,
        clientId,
        nonce: hex(nonce),
        code: enrolmentCode(workspaceId, clientId, nonce),
      })),
    ),
    typed: typed.map((text) => ({ text, code: normalizedEnrolmentCode(text) })),
    refused,
  }
}
