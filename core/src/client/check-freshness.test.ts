import assert from "node:assert/strict"
import { test } from "node:test"
import { manifestFormat } from "../formats/manifest.ts"
import { rosterFormat } from "../formats/roster.ts"
import { TestWorkspace } from "../testing/workspace.ts"
import { checkFreshness, type KeysetFloors } from "./check-freshness.ts"

const workspace = await TestWorkspace.create()
const made = await workspace.keyset()
const bundle = workspace.bundle(made)
const manifestHash = manifestFormat.hash(made.manifest)
const rosterHash = rosterFormat.hash(workspace.roster)
const check = (floors: KeysetFloors) => checkFreshness(bundle, workspace.roster, made.manifest, floors)
const stale = (message: RegExp) => ({ code: "keyset_verification_failed", check: "freshness", message })

test("what was seen before, or nothing, is fresh", () => {
  check({})
  check({
    roster: { seq: 1, hash: rosterHash },
    keyset: { incarnation: 1, revision: 1, hash: manifestHash },
    minimumRevision: 1,
  })
})

test("nothing goes back, and nothing differs from what was seen", () => {
  const other = new Uint8Array(32)
  const keyset = { incarnation: 1, revision: 1, hash: manifestHash }
  assert.throws(() => check({ roster: { seq: 2, hash: rosterHash } }), stale(/roster 1 is older than roster 2/))
  assert.throws(() => check({ roster: { seq: 0, hash: rosterHash } }), stale(/older/))
  assert.throws(() => check({ roster: { seq: 1, hash: other } }), stale(/roster 1 is not the one seen/))
  assert.throws(() => check({ keyset: { ...keyset, revision: 2 } }), stale(/revision 1 is older than revision 2/))
  assert.throws(() => check({ keyset: { ...keyset, incarnation: 2 } }), stale(/older/))
  assert.throws(() => check({ keyset: { ...keyset, hash: other } }), stale(/revision 1 is not the one seen/))
  assert.throws(() => check({ minimumRevision: 2 }), stale(/below 2, pinned in halfkey\.json/))
})

test("a newer incarnation starts afresh, since only a granter can sign one", () => {
  check({ keyset: { incarnation: 0, revision: 99, hash: new Uint8Array(32) } })
  check({ keyset: { incarnation: 0, revision: 99, hash: new Uint8Array(32), version: 0 } })
})

test("a newer incarnation that gives versions again which were seen is refused", () => {
  const keyset = { incarnation: 0, revision: 1, hash: new Uint8Array(32), version: 1 }
  assert.throws(() => check({ keyset }), stale(/gives versions above 0 again, version 1 was seen before/))
})
