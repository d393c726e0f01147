/** Looking for changes: when it reads, what it tells, and what ends it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"
import { follow } from "./follow.ts"

const pace = { intervalMs: 1, quietMs: 1 }
const failure = (code: ProblemCode, text: string = code) => new HalfkeyError(code, text)

/** Answers one after the other, then ends. An error is thrown. */
async function told(
  answers: readonly (string | Error)[],
  looks: readonly (Error | undefined)[] = [],
): Promise<{ looks: number; told: string[] }> {
  const over = new AbortController()
  const rest = [...answers]
  const outcomes = [...looks]
  const seen = { looks: 0, told: [] as string[] }
  await follow(
    "start",
    {
      versions: async () => {
        const answer = rest.shift()
        if (rest.length === 0) over.abort()
        if (answer instanceof Error) throw answer
        return answer ?? "end"
      },
      look: async () => {
        seen.looks += 1
        const outcome = outcomes.shift()
        if (outcome !== undefined) throw outcome
      },
      tell: (text) => void seen.told.push(text),
    },
    pace,
    over.signal,
  )
  return seen
}

test("it reads where versions are others, once they are the same for a while", async () => {
  assert.deepEqual(await told(["start", "start", "start"]), { looks: 0, told: [] })
  // Several writes, one by one, are one change.
  assert.deepEqual(await told(["start", "a", "b", "c", "c", "c", "c"]), { looks: 1, told: [] })
  assert.equal((await told(["a", "a", "a", "b", "b", "b"])).looks, 2)
})

test("who writes all the time does not keep a change back for ever", async () => {
  const always = Array.from({ length: 30 }, (_, n) => `v${n}`)
  assert.ok((await told(always)).looks >= 2)
})

test("an outage is told once, and its end", async () => {
  const down = failure("server_unreachable", "the server cannot be reached")
  const seen = await told([down, down, down, "a", "a", "a"])
  assert.deepEqual(seen, {
    looks: 1,
    told: ["the server cannot be reached; halfkey goes on looking for changes", "the server answers again"],
  })
  // Also in the middle of acting: then the same change is read again.
  const later = await told(["a", "a", "a", "a", "a", "a"], [failure("timeout", "no answer")])
  assert.equal(later.looks, 2)
})

test("an answer that fails its checks is survived; a change that cannot be used is told, and not read again", async () => {
  const seen = await told(["a", "a", "a", "a", "b", "b", "b"], [failure("lossy_format", "B is no text")])
  assert.deepEqual(seen, { looks: 2, told: ["the change is not used: B is no text"] })
  const lied = await told([failure("invalid_response", "malformed"), "a", "a", "a"])
  assert.equal(lied.looks, 1)
})

test("a refusal ends it, and so does what is none of ours", async () => {
  for (const code of [
    "client_revoked",
    "api_key_revoked",
    "keyset_disabled",
    "keyset_not_found",
    "insufficient_scope",
  ] as const) {
    await assert.rejects(told([failure(code), "a"]), { code })
    await assert.rejects(told(["a", "a", "a"], [failure(code)]), { code })
  }
  await assert.rejects(told([new RangeError("a bug"), "a"]), RangeError)
})
