/** Every attack of `attacks/` against every kind of client that it names. */
import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { attacks } from "./all-attacks.ts"
import { type Attack, aboutManifest, type ClientKind, clientKinds, type Lie } from "./attack.ts"
import { calls } from "./calls.ts"
import { play } from "./play.ts"
import { problem } from "./replies.ts"
import { Scene } from "./scene.ts"

const scene = new Scene()
before(() => scene.open())
after(() => scene.close())

test("each file of attacks/ is an attack that is played, and says what must name it", () => {
  const files = readdirSync(join(import.meta.dirname, "attacks")).map((file) => file.replace(/\.ts$/, ""))
  assert.deepEqual(Object.keys(attacks), files.sort())
  for (const [name, { calls: names, lies, refused, tries }] of Object.entries(attacks)) {
    assert.ok(/^[a-z].{20,}[a-zA-Z]$/.test(tries), name)
    assert.ok(names.length > 0 && names.every((call) => call in calls) && Object.keys(lies).length > 0, name)
    if (refused === "harmless") continue
    const hasCheck = /_verification_failed$/.test(refused.code)
    assert.ok(hasCheck ? refused.check : (refused.says ?? refused.check), `${name} does not say what names it`)
  }
})

/** What the harness makes of an attack on a fresh client. */
async function verdictOn(attack: Partial<Attack> & { readonly lie: Lie; readonly call: string }): Promise<string> {
  const { call: name, lie } = attack
  const call = calls[name]
  assert.ok(call)
  const full = { tries: "", calls: [name], lies: {}, refused: "harmless", ...attack } as const
  return await play(scene, full, lie, call, "fresh").then(
    () => "passed",
    (error: Error) => error.message,
  )
}

test("the harness fails where a lie changes nothing, is believed, is refused by something else, or something was sent", async () => {
  const { lie } = { lie: aboutManifest((manifest) => manifest.members.pop()) }
  const refused = { code: "keyset_verification_failed", check: "signature" } as const
  assert.equal(await verdictOn({ call: "get", lie, refused }), "passed")
  assert.match(await verdictOn({ call: "get", lie, refused: { ...refused, check: "roster" } }), /check signature/)
  assert.match(
    await verdictOn({ call: "get", lie, refused: { code: "invalid_response" } }),
    /keyset_verification_failed/,
  )
  assert.match(await verdictOn({ call: "get", lie: { json: () => undefined }, refused }), /nothing was rewritten/)
  assert.match(
    await verdictOn({ call: "get", lie: { ...lie, to: ["POST /nothing"] }, refused }),
    /nothing was rewritten/,
  )
  assert.match(await verdictOn({ call: "get", lie: aboutManifest(() => assert.fail("no lie")), refused }), /no lie/)
  const harmless = { json: (answer: { more?: number }) => Object.assign(answer, { more: 1 }) }
  assert.match(await verdictOn({ call: "get", lie: harmless, refused }), /the lie was believed/)
  assert.equal(await verdictOn({ call: "get", lie: harmless }), "passed")
  const late: Lie = {
    to: ["POST /v1/secrets/commit"],
    instead: (response) => problem(response, 409, "version_conflict", "no"),
  }
  assert.match(await verdictOn({ call: "set", lie: late, refused: { code: "version_conflict" } }), /something was sent/)
})

/** These take the longest to make, and are the same code behind another door: they get the first lie of each attack. */
const costly: readonly ClientKind[] = ["warm", "cli"]

for (const [name, attack] of Object.entries(attacks)) {
  test(`${name}: ${attack.tries}`, async (context) => {
    for (const callName of attack.calls) {
      const call = calls[callName]
      assert.ok(call, `there is no call ${callName}`)
      for (const kind of attack.clients ?? clientKinds) {
        if (kind === "cli" && call.cli === undefined) continue
        const lies = Object.entries(attack.lies)
        for (const [variant, lie] of costly.includes(kind) ? lies.slice(0, 1) : lies) {
          await context.test(`${variant}, ${callName}, ${kind}`, () => play(scene, attack, lie, call, kind))
        }
      }
    }
  })
}
