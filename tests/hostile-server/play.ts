/** Plays one lie of one attack to one client, and checks all that must follow from it. */
import assert from "node:assert/strict"
import { type Attack, type ClientKind, clientsWithMemory, type Lie, type Verdict } from "./attack.ts"
import type { Call } from "./call.ts"
import { type State, victimOf } from "./clients.ts"
import { canary, type Scene } from "./scene.ts"

/** Requests that bring something sealed or signed to the server, or change something there. */
const writing = [/^(?:PUT|DELETE) /, /^POST \/v1\/(?!secrets\/(?:read|prepare|stale))/]

/** A token, and five attempts of two requests each: no lie makes a client ask more, unless the call says so. */
const requestsMax = 12

/** Calls that the command was seen to do with an honest server. */
const honestCommands = new Set<Call>()

/** Throws unless the lie is refused as the attack says, and has changed and sent nothing. */
export async function play(scene: Scene, attack: Attack, lie: Lie, call: Call, kind: ClientKind): Promise<void> {
  let victim = await victimOf(kind, scene, attack.timeoutMs)
  try {
    await call.before?.(scene)
    if (call.withoutToken) victim.forgetToken()
    const stateBefore = victim.state()
    scene.proxy.listen({ lie, scene, to: call.about })
    const outcome = await victim.run(call)
    if (scene.proxy.problem !== undefined) throw scene.proxy.problem
    assert.ok(scene.proxy.lies > 0, "nothing was rewritten, so nothing is proved")
    assertSaysNothing(scene, outcome.said)
    assert.ok(scene.proxy.asked.length <= (call.requestsMax ?? requestsMax), `${scene.proxy.asked.length} requests`)
    assert.equal(scene.elsewhere.requests, 0, "a request went to another host")
    const verdict = verdictFor(attack, kind)
    if (verdict === "harmless") outcome.requireTruth()
    else {
      assert.equal(outcome.mismatch(verdict), undefined)
      const kept = (state: State) => (call.learns ? withoutDocuments(state) : state)
      const [before, after] = [kept(stateBefore), kept(victim.state())]
      const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) =>
        isChanged(path, before[path], after[path]),
      )
      assert.deepEqual(changed, [], "a refused answer changed what the client keeps")
      assertSentNothing(scene, [...(attack.sends ?? []), ...(call.sends ?? [])])
    }
    // The same call of the same client succeeds as soon as the server is honest: so it was the lie that was refused.
    scene.proxy.listen()
    if (kind === "cli" && call.notHonestly) return
    // Every command starts from a copy of the same state: once for each call is enough.
    if (kind === "cli" && honestCommands.has(call)) return
    if (kind === "cli") honestCommands.add(call)
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

/**
 * Receipts are evidence of what a server has answered, believed or not (S12): they are added to, and decide nothing. They
 * may be new, too.
 */
function isChanged(path: string, before: State[string] | undefined, after: State[string] | undefined): boolean {
  const isKept = path.endsWith(".receipts") ? after?.text.startsWith(before?.text ?? "") : before?.text === after?.text
  return !isKept || (before !== undefined && before.mode !== after?.mode)
}

/** What is kept of secrets, and every file that is none of what was seen. */
function withoutDocuments(state: State): State {
  return Object.fromEntries(
    Object.entries(state).flatMap(([path, { mode, text }]) => {
      if (!/^(?:config\/state\/|freshness\.json$)/.test(path)) return [[path, { mode, text }]]
      if (!path.endsWith(".json")) return []
      return [[path, { mode, text: JSON.stringify(JSON.parse(text).secrets) }]]
    }),
  )
}

function verdictFor({ refused, refusedByMemory }: Attack, kind: ClientKind): Verdict | "harmless" {
  return refusedByMemory !== undefined && clientsWithMemory.includes(kind) ? refusedByMemory : refused
}

function assertSentNothing(scene: Scene, expected: readonly string[]): void {
  const sent = scene.proxy.asked.map(({ method, path }) => `${method} ${path}`)
  const written = sent.filter((line) => writing.some((pattern) => pattern.test(line)))
  const unexpected = written.filter((line) => !expected.some((beginning) => line.startsWith(beginning)))
  assert.deepEqual(unexpected, [], "something was sent in spite of the lie")
}

/** A refusal shows no value, no key, no token, and moves no cursor. */
function assertSaysNothing(scene: Scene, said: string): void {
  const { apiKey, clientKey } = scene.admin
  const hidden = [canary, apiKey.slice(22), clientKey.slice(5), "eyJ"]
  for (const text of hidden) assert.ok(!said.includes(text), `it says ${said}`)
  assert.doesNotMatch(said.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u)
}
