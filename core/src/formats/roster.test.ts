// Each link's refusals are in spec/vectors/load-keyset.json; here is the function's own answer, and what JSON keeps.
import assert from "node:assert/strict"
import { test } from "node:test"
import { now, TestWorkspace } from "../testing/workspace.ts"
import type { SignerId } from "./ids.ts"
import { linksTo, type RosterFields, rosterFormat, rosterLinkProblem, signerKey } from "./roster.ts"

const { root, admin, roster, client } = await workspace()
const { workspaceId, publicKeys: rootKeys } = root

async function workspace() {
  const made = await TestWorkspace.create()
  return { root: made.root, admin: made.admin, roster: made.roster, client: await made.client() }
}

function next(changes: Partial<RosterFields> = {}, by = admin.signer) {
  const { signature: _, ...fields } = roster
  const previousHash = rosterFormat.hash(roster)
  return rosterFormat.sign(
    { ...fields, seq: 2, previousHash, createdAt: now, signerId: by.signerId, ...changes },
    by.signingKey,
  )
}

const problem = (document = next()) => rosterLinkProblem(workspaceId, rootKeys, roster, document)

test("a roster is read back from its JSON", () => {
  assert.deepEqual(rosterFormat.parse(JSON.parse(JSON.stringify(rosterFormat.toJson(roster)))), roster)
})

test("the first roster is the root's, the next may be a listed granter's", () => {
  assert.equal(rosterLinkProblem(workspaceId, rootKeys, undefined, roster), undefined)
  assert.equal(problem(), undefined)
  assert.equal(problem(next({}, { signerId: workspaceId, signingKey: root.signingKey, now })), undefined)
})

test("a link that does not fit says what is wrong with it", () => {
  const cases = [
    [next({ seq: 3 }), /its seq is 3, expected 2/],
    [next({ previousHash: undefined }), /previousHash/],
    [next({ auditKey: new Uint8Array(32) }), /audit key/],
    [next({ granters: [{ ...admin.granter, signPk: client.signPk }] }), /do not hash to its id/],
    [next({}, client.signer), /signer may not sign/],
    [next({ signerId: admin.clientId }, client.signer), /signature is wrong/],
  ] as const
  for (const [document, expected] of cases) assert.match(problem(document) ?? "", expected)
})

test("only the root and the granters listed have a key that counts", () => {
  assert.deepEqual(signerKey(workspaceId, rootKeys, roster), rootKeys.signPk)
  assert.deepEqual(signerKey(admin.clientId, rootKeys, roster), admin.signPk)
  assert.equal(signerKey(client.clientId, rootKeys, roster), undefined)
  assert.equal(signerKey("A".repeat(26) as SignerId, rootKeys, roster), undefined)
})

test("a previous hash must be there exactly when there is something before", () => {
  const hash = new Uint8Array(32)
  assert.ok(linksTo(undefined, undefined) && linksTo(hash, new Uint8Array(32)))
  assert.ok(!linksTo(hash, undefined) && !linksTo(undefined, hash) && !linksTo(hash, new Uint8Array(32).fill(1)))
})
