import assert from "node:assert/strict"
import { test } from "node:test"
import { TestWorkspace } from "../testing/workspace.ts"
import { enrolmentCode, normalizedEnrolmentCode } from "./enrolment-code.ts"

const workspace = await TestWorkspace.create()
const other = await TestWorkspace.create(1)
const { workspaceId } = workspace.root
const { clientId } = workspace.admin
const nonce = new Uint8Array(32).fill(7)
const code = enrolmentCode(workspaceId, clientId, nonce)

test("a code has ten characters that cannot be taken for others", () => {
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
})

test("another workspace, client or nonce has another code", () => {
  const codes = [
    code,
    enrolmentCode(other.root.workspaceId, clientId, nonce),
    enrolmentCode(workspaceId, other.admin.clientId, nonce),
    enrolmentCode(workspaceId, clientId, nonce.with(31, 6)),
    enrolmentCode(workspaceId, clientId, nonce.with(0, 6)),
  ]
  assert.equal(new Set(codes).size, codes.length)
})

test("a nonce of another length is refused", () => {
  assert.throws(() => enrolmentCode(workspaceId, clientId, nonce.slice(1)), RangeError)
})

test("a typed code may be in small letters, without the hyphen, with blanks and with letters that look like digits", () => {
  for (const typed of ["7K2QX-01M4A", "7k2qx-01m4a", "7K2QX01M4A", " 7K2QX 01M4A\n", "7k2qx-oim4a", "7K2QX-OlM4A"]) {
    assert.equal(normalizedEnrolmentCode(typed), "7K2QX-01M4A", typed)
  }
})

test("anything else is no code", () => {
  for (const typed of ["", "7K2QX", "7K2QX-01M4", "7K2QX-01M4AA", "7K2QX-01M4U", "7K2QX-01M4é", clientId]) {
    assert.equal(normalizedEnrolmentCode(typed), undefined, typed)
  }
})
