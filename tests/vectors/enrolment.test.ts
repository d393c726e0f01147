import assert from "node:assert/strict"
import { scryptSync } from "node:crypto"
import { test } from "node:test"
import { enrolmentCode, normalizedEnrolmentCode } from "@halfkey/core/formats/enrolment-code"
import type { ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import * as spec from "./independent.ts"
import { vectors } from "./vector-file.ts"

interface EnrolmentVectors {
  cases: { workspaceId: WorkspaceId; clientId: ClientId; nonce: string; code: string }[]
  typed: { text: string; code: string }[]
  refused: string[]
}

const { cases, refused, typed } = vectors<EnrolmentVectors>("enrolment.json")

/** S9 once more: 50 bits of scrypt, five a character. */
function codeBySpecification(workspaceId: string, clientId: string, nonce: string): string {
  const message = spec.pae("enrol", workspaceId, spec.uuid(clientId), spec.unhex(nonce))
  const hash = scryptSync(message, "", 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 27 })
  const bits = [...hash].map((byte) => byte.toString(2).padStart(8, "0")).join("")
  const characters = Array.from({ length: 10 }, (_, at) => {
    return "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)]
  })
  return `${characters.slice(0, 5).join("")}-${characters.slice(5).join("")}`
}

test("codes are those of the vectors, also when computed from the specification", () => {
  for (const { workspaceId, clientId, nonce, code } of cases) {
    assert.equal(enrolmentCode(workspaceId, clientId, spec.unhex(nonce)), code)
    assert.equal(codeBySpecification(workspaceId, clientId, nonce), code)
  }
  assert.equal(new Set(cases.map(({ code }) => code)).size, cases.length)
})

test("codes are read as people type them, and nothing else is", () => {
  for (const { text, code } of typed) assert.equal(normalizedEnrolmentCode(text), code)
  for (const text of refused) assert.equal(normalizedEnrolmentCode(text), undefined, JSON.stringify(text))
})
