import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Secrets, unwrap } from "./secrets.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { type Tamper, tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace

beforeEach(async () => {
  place = await memoryWorkspace(["production", "staging"])
})

const prepare = "POST /v1/secrets/prepare"
const commit = "POST /v1/secrets/commit"

/** The failure of a write through a lie; nothing may have been sealed or sent. */
async function refused(tamper: Tamper, prepared?: (secrets: Secrets) => Promise<void>) {
  let lying = prepared === undefined
  const transport = tampered(place.server.transport, prepare, (json, request) => {
    if (lying) tamper(json, request)
  })
  const drawn: number[] = []
  const random = (length: number) => {
    drawn.push(length)
    return crypto.getRandomValues(new Uint8Array(length))
  }
  const secrets = new Secrets({ ...place.options, transport, random })
  await prepared?.(secrets)
  lying = true
  drawn.length = 0
  const commits = place.server.requests.filter((request) => request === commit).length
  const { failure } = await secrets.set("A", canary)
  await secrets.close()
  assert.ok(failure, "the lie was believed")
  assertKeepsSecrets(failure, place.options)
  assert.ok(!drawn.includes(32), "something was sealed")
  assert.equal(place.server.requests.filter((request) => request === commit).length, commits, "something was sent")
  return [failure.code, failure.check]
}

test("nothing is sealed under documents that do not pass every check", async () => {
  const lies: [string, Tamper, string][] = [
    [
      "an extra member",
      ({ keyset }) =>
        keyset.manifests[0].members.push({
          ...keyset.manifests[0].members[0],
          clientId: "ffffffff-ffff-8fff-8fff-ffffffffffff",
        }),
      "signature",
    ],
    [
      "another commitment",
      ({ keyset }) => {
        keyset.manifests[0].epochs[0].clientHalfCommitment = keyset.manifests[0].rosterHash
      },
      "signature",
    ],
    [
      "an epoch more",
      ({ keyset }) => keyset.manifests[0].epochs.push({ ...keyset.manifests[0].epochs[0], epoch: 2 }),
      "signature",
    ],
    [
      "another environment",
      ({ keyset }) => {
        keyset.manifests = place.server.keyset("staging").bundle("", 1, false).manifests
      },
      "name",
    ],
    [
      "an epoch that is not signed",
      (json) => {
        json.epoch = 2
      },
      "epoch",
    ],
  ]
  for (const [what, tamper, check] of lies) {
    assert.deepEqual(await refused(tamper), ["keyset_verification_failed", check], what)
  }
})

test("nothing is sealed when the offer does not fit the question", async () => {
  const lies: [string, Tamper][] = [
    [
      "another name",
      ({ secrets }) => {
        secrets[0].name = "B"
      },
    ],
    ["one more", ({ secrets }) => secrets.push(secrets[0])],
    [
      "none",
      (json) => {
        json.secrets = []
      },
    ],
    [
      "a short key id",
      ({ secrets }) => {
        secrets[0].keyId = "AAAA"
      },
    ],
    [
      "a long seed",
      ({ secrets }) => {
        secrets[0].keySeed += "AAAA"
      },
    ],
    [
      "version 0",
      ({ secrets }) => {
        secrets[0].nextVersion = 0
      },
    ],
    [
      "no documents",
      (json) => {
        delete json.keyset
      },
    ],
  ]
  for (const [what, tamper] of lies) assert.deepEqual(await refused(tamper), ["invalid_response", undefined], what)
})

test("a version may neither go back nor jump out of nowhere", async () => {
  const writeTwice = async (secrets: Secrets) => {
    unwrap(await secrets.set("A", "1"))
    unwrap(await secrets.set("A", "2"))
  }
  const offer =
    (fields: object): Tamper =>
    ({ secrets }) =>
      Object.assign(secrets[0], fields)
  const stale = ["record_verification_failed", "freshness"]
  assert.deepEqual(await refused(offer({ currentVersion: 3, nextVersion: 3 })), stale, "not above the current one")
  assert.deepEqual(await refused(offer({ currentVersion: 1, nextVersion: 2 }), writeTwice), stale, "an old current one")
  assert.deepEqual(
    await refused(offer({ currentVersion: 0, nextVersion: 1 }), writeTwice),
    stale,
    "as if never written",
  )
  const far = 4 + 2 ** 32 + 1
  assert.deepEqual(await refused(offer({ currentVersion: 4, nextVersion: far }), writeTwice), stale, "far above")
})

test("an epoch that the held documents do not list makes the client fetch them once, then refuse", async () => {
  let asked = 0
  const verdict = await refused(
    (json) => {
      asked += 1
      json.epoch = 2
    },
    async (secrets) => {
      unwrap(await secrets.set("A", "1"))
    },
  )
  assert.deepEqual(verdict, ["keyset_verification_failed", "epoch"])
  assert.equal(asked, 2)
})

test("a confirmation of something else than was written is refused", async () => {
  const lies: Tamper[] = [
    ({ secrets }) => {
      secrets[0].version += 1
    },
    ({ secrets }) => {
      secrets[0].name = "B"
    },
    ({ secrets }) => {
      secrets[0].deleted = true
    },
    (json) => {
      json.secrets = []
    },
    (json) => {
      delete json.secrets
    },
  ]
  for (const lie of lies) {
    const secrets = new Secrets({ ...place.options, transport: tampered(place.server.transport, commit, lie) })
    const { failure } = await secrets.set("A", canary)
    assert.equal(failure?.code, "invalid_response")
    assertKeepsSecrets(failure, place.options)
    await secrets.close()
  }
})
