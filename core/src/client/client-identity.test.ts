import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import type { ClientId } from "../formats/ids.ts"
import { toBase64Url, toHex } from "../primitives/bytes.ts"
import { foreseeable, TestWorkspace } from "../testing/workspace.ts"
import { ClientIdentity } from "./client-identity.ts"

const { root, admin } = await TestWorkspace.create()
const text = admin.identity.clientKeyText()

test("an identity is the same again from its text and its id", async () => {
  const again = ClientIdentity.fromConfiguration(root.workspaceId, admin.clientId, text)
  assert.deepEqual(await again.publicKeys(), { clientId: admin.clientId, signPk: admin.signPk, kemPk: admin.kemPk })
  assert.ok(await again.ownsClientId())
})

test("an id of another client, or of the same keys elsewhere, is not the key's own", async () => {
  const other = "00000000-0000-8000-8000-000000000000" as ClientId
  assert.ok(!(await ClientIdentity.fromConfiguration(root.workspaceId, other, text).ownsClientId()))
  const elsewhere = (await TestWorkspace.create(1)).root.workspaceId
  assert.ok(!(await ClientIdentity.fromConfiguration(elsewhere, admin.clientId, text).ownsClientId()))
})

test("a mistyped key is refused before anything is derived", () => {
  const typo = `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`
  assert.throws(() => ClientIdentity.fromConfiguration(root.workspaceId, admin.clientId, typo), {
    code: "invalid_key_text",
  })
})

test("each key has its own purpose: no two are alike", async () => {
  const { identity } = admin
  const keys = [identity.kemPrivateKey(), identity.selfWrapKey(), identity.cacheKey(), identity.signingKey.publicKey]
  const all = keys.map(toHex)
  assert.equal(new Set([...all, toHex(Buffer.from(text.slice(5), "base64url").subarray(0, 32))]).size, 5)
  assert.notEqual(identity.kemPrivateKey(), identity.kemPrivateKey(), "the caller may wipe its own copy")
})

test("an identity prints none of its keys", async () => {
  const identity = await ClientIdentity.create(root.workspaceId, foreseeable(9))
  void identity.signingKey
  const printed = inspect(identity, { depth: 9, showHidden: true }) + JSON.stringify(identity) + String(identity)
  for (const secret of [identity.kemPrivateKey(), identity.selfWrapKey(), identity.cacheKey()]) {
    for (const shown of [toHex(secret), toBase64Url(secret), [...secret.subarray(0, 4)].join(", ")])
      assert.ok(!printed.includes(shown))
  }
  assert.ok(!printed.includes(identity.clientKeyText().slice(5, 20)))
})
