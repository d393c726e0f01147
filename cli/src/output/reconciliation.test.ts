import assert from "node:assert/strict"
import { test } from "node:test"
import type { ComparedEnvironment, ComparedSecret, Reconciliation } from "halfkey/admin"
import { testContext } from "../testing/test-context.ts"
import { differenceRows } from "./reconciliation.ts"
import { showRestorePlan } from "./restore-plan.ts"

const same: ComparedEnvironment = {
  environment: "production",
  keysetId: "k",
  standing: "current",
  refused: false,
  here: { incarnation: 1, revision: 5 },
  there: { incarnation: 1, revision: 5 },
  documentKept: true,
  state: { here: "enabled", there: "enabled" },
  members: [],
  lostEpoch: null,
  secrets: [],
  secretsUnknown: null,
}
const secret: ComparedSecret = {
  name: "A",
  here: 3,
  deletedHere: false,
  there: 1,
  deletedThere: false,
  refused: true,
  remedy: "write",
}

/** Without the environment's name. */
const lines = (found: Partial<Reconciliation>) =>
  differenceRows({ differs: true, roster: null, environments: [], ...found }).map(
    ({ what, name, here, there, remedy }) => [what, name, here, there, remedy].join(" | "),
  )
const environment = (found: Partial<ComparedEnvironment>) => lines({ environments: [{ ...same, ...found }] })

test("rosters: what is kept can be uploaded, what has parted cannot", () => {
  const roster = { standing: "behind", here: 4, there: 2, canUpload: [3, 4] } as const
  assert.deepEqual(lines({ roster }), ["roster |  | 4 | 2 | restore accept, or --apply, uploads 3, 4"])
  assert.deepEqual(lines({ roster: { ...roster, canUpload: [] } }), ["roster |  | 4 | 2 | not kept here"])
  assert.deepEqual(lines({ roster: { ...roster, standing: "parted", canUpload: [] } }), [
    "roster |  | 4 | 2 | halfkey recover, with the kit",
  ])
  assert.deepEqual(lines({ roster: { ...roster, standing: "current", canUpload: [] }, environments: [same] }), [])
})

test("an environment that is gone, shut, or whose keys are lost", () => {
  assert.deepEqual(
    environment({ standing: "gone", there: null, state: { here: "enabled", there: null }, lostEpoch: 2 }),
    [
      "manifest | gone | revision 5 | not there | restore accept",
      "keys |  | epoch 2 | lost | restore accept begins new ones",
    ],
  )
  const shut = {
    standing: "behind",
    there: { incarnation: 1, revision: 4 },
    state: { here: "disabled", there: "enabled" },
  } as const
  assert.deepEqual(environment(shut), [
    "manifest | behind | revision 5 | revision 4 | restore accept",
    "state |  | disabled | enabled | restore accept: disabled",
  ])
  assert.deepEqual(environment({ ...shut, documentKept: false, secretsUnknown: "keyset_not_found" }), [
    "manifest | behind | revision 5 | revision 4 | restore accept, on a machine that keeps its members",
    "secrets |  |  | unknown | this client may not look (keyset_not_found)",
  ])
  assert.deepEqual(environment({ standing: "parted", here: { incarnation: 2, revision: 5 } }), [
    "manifest | parted | revision 5 of incarnation 2 | revision 5 | restore accept",
  ])
})

test("secrets: what can be done, before and after the restore was accepted", () => {
  const shown = (found: Partial<ComparedSecret>, refused = true) =>
    environment({ refused, secrets: [{ ...secret, ...found }] })[0]
      ?.split(" | ")
      .slice(2)
      .join(" | ")
  assert.equal(shown({}), "version 3 | version 1 | restore accept, then --apply writes it again")
  assert.equal(shown({}, false), "version 3 | version 1 | --apply writes it again")
  assert.equal(
    shown({ deletedHere: true, remedy: "delete" }, false),
    "version 3 (deleted) | version 1 | --apply deletes it again",
  )
  assert.equal(
    shown({ there: 0, remedy: "lost-keys" }),
    "version 3 | not there | lost: sealed under keys that are in no backup",
  )
  assert.equal(shown({ remedy: "not-kept" }), "version 3 | version 1 | lost: its record is not kept here")
  assert.equal(
    shown({ deletedHere: true, there: 2, deletedThere: true, remedy: "none" }),
    "version 3 (deleted) | version 2 (deleted) | restore accept, and no more: it is deleted anyway",
  )
})

test("the plan names who stays out, who cannot come in, and what stays shut", () => {
  const { context, stderr } = testContext()
  showRestorePlan(context.streams, {
    rosters: [3, 4],
    environments: [
      {
        environment: "production",
        incarnation: 2,
        versionFloor: 2000,
        state: "disabled",
        members: [{ clientId: "a", label: "admin\u{1b}[31m", mode: "read-write", again: false }],
        staysOut: [{ clientId: "b", label: "left" }],
        notLetIn: [
          { clientId: "c", label: "late", why: "not-registered" },
          { clientId: "d", label: "other", why: "no-half" },
        ],
        newEpoch: 3,
        madeAgain: false,
      },
    ],
  })
  assert.equal(
    stderr(),
    [
      "halfkey: uploaded as they were signed: roster 3, 4",
      "halfkey: production is accepted as it is there, as incarnation 2; versions go on above 2000; its members are",
      "  admin\u{fffd}[31m  a  read-write",
      "  left        b  stays out",
      "  late        c  not let in: its registration is lost, create it anew",
      "  other       d  not let in: you hold no half to seal; grant it later",
      "halfkey: production stays disabled",
      "halfkey: production gets new keys (epoch 3), since those after the backup are lost",
      "",
    ].join("\n"),
  )
})
