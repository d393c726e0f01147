/** Every attack of `attacks/` against every kind of client that it names. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { attacks } from "./all-attacks.ts"
import { type Attack, type ClientKind, clientKinds, clientsWithMemory, type Lie, type Verdict } from "./attack.ts"
import { type Call, calls } from "./calls.ts"
import { victimOf } from "./clients.ts"
import { canary, Scene } from "./scene.ts"

const scene = new Scene()
before(() => scene.open())
after(() => scene.close())

/** Requests that bring something sealed or signed to the server, or change something there. */
const writing = [/^(?:PUT|DELETE) /, /^POST \/v1\/(?!secrets\/(?:read|prepare))/]

/** A token, and five attempts of two requests each: no lie makes a client ask more. */
const requestsMax = 12

for (const [name, attack] of Object.entries(attacks)) {
  test(`${name}: ${attack.tries}`, async (context) => {
    for (const callName of attack.calls) {
      const call = calls[callName]
      assert.ok(call, `there is no call ${callName}`)
      for (const kind of attack.clients ?? clientKinds) {
        if (kind === "cli" && call.cli === undefined) continue
        const lies = Object.entries(attack.lies)
        // The command is the same code behind another door, and takes the longest: it gets the first lie of each attack.
        for (const [variant, lie] of kind === "cli" ? lies.slice(0, 1) : lies) {
          await context.test(`${variant}, ${callName}, ${kind}`, () => run(attack, lie, call, kind))
        }
      }
    }
  })
}

async function run(attack: Attack, lie: Lie, call: Call, kind: ClientKind): Promise<void> {
  let victim = await victimOf(kind, scene, attack.timeoutMs)
  try {
    await call.before?.(scene)
    if (call.withoutToken) victim.forgetToken()
    const stateBefore = victim.state()
    scene.proxy.listen({ lie, scene, to: call.about })
    const outcome = await victim.run(call)
    if (scene.proxy.problem !== undefined) throw scene.proxy.problem
    assert.ok(scene.proxy.lies > 0, "nothing was rewritten, so nothing is proved")
    assertSaysNothing(outcome.said)
    assert.ok(scene.proxy.asked.length <= (call.requestsMax ?? requestsMax), `${scene.proxy.asked.length} requests`)
    assert.equal(scene.elsewhere.requests, 0, "a request went to another host")
    const verdict = verdictFor(attack, kind)
    if (verdict === "harmless") outcome.requireTruth()
    else {
      assert.equal(outcome.mismatch(verdict), undefined)
      assert.deepEqual(victim.state(), stateBefore, "a refused answer changed what the client keeps")
      assertSentNothing(attack.sends ?? [])
    }
    // The same call of the same client succeeds as soon as the server is honest: so it was the lie that was refused.
    scene.proxy.listen()
    if (attack.signedNews) {
      await victim.close()
      victim = await victimOf(kind, scene, attack.timeoutMs)
    }
    await call.before?.(scene)
    ;(await victim.run(call)).requireTruth()
    call.after?.(scene)
  } finally {
    scene.proxy.listen()
    await victim.close()
  }
}

function verdictFor({ refused, refusedByMemory }: Attack, kind: ClientKind): Verdict | "harmless" {
  return refusedByMemory !== undefined && clientsWithMemory.includes(kind) ? refusedByMemory : refused
}

function assertSentNothing(expected: readonly string[]): void {
  const sent = scene.proxy.asked.map(({ method, path }) => `${method} ${path}`)
  const written = sent.filter((line) => writing.some((pattern) => pattern.test(line)))
  const unexpected = written.filter((line) => !expected.some((beginning) => line.startsWith(beginning)))
  assert.deepEqual(unexpected, [], "something was sent in spite of the lie")
}

/** A refusal shows no value, no key, no token, and moves no cursor. */
function assertSaysNothing(said: string): void {
  const { apiKey, clientKey } = scene.admin
  const hidden = [canary, apiKey.slice(22), clientKey.slice(5), "eyJ"]
  for (const text of hidden) assert.ok(!said.includes(text), `it says ${said}`)
  assert.doesNotMatch(said.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u)
}
