import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { sealGrant } from "@halfkey/core/client/client-half"
import { grantToJson } from "@halfkey/core/formats/grant"
import { systemRandom } from "@halfkey/core/primitives/random"
import { Secrets, unwrap } from "./secrets.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { type MemoryWorkspace, memoryWorkspace } from "./testing/memory-workspace.ts"
import { type Tamper, tampered } from "./testing/tampering.ts"

let place: MemoryWorkspace
let honest: Secrets

before(async () => {
  place = await memoryWorkspace(["production", "staging"])
  honest = new Secrets(place.options)
  unwrap(await honest.set("A", `${canary} old`))
  unwrap(await honest.setMany({ A: canary, B: `${canary} b`, DEAD: "x" }))
  unwrap(await honest.set("A", `${canary} staging`, { environment: "staging" }))
  unwrap(await honest.delete("DEAD"))
})
after(() => honest.close())

const read = "POST /v1/secrets/read"

/** What a fresh client makes of a lie: the failure's code and check. */
async function verdict(
  tamper: Tamper,
  call: (secrets: Secrets) => Promise<{ failure?: unknown }> = (secrets) => secrets.get("A"),
) {
  const secrets = new Secrets({ ...place.options, transport: tampered(place.server.transport, read, tamper) })
  const { failure } = (await call(secrets)) as Awaited<ReturnType<Secrets["get"]>>
  await secrets.close()
  assert.ok(failure, "the lie was believed")
  assertKeepsSecrets(failure, place.options)
  return [failure.code, failure.check]
}

const served = (name: string, version?: number, environment = "production") =>
  place.server.keyset(environment).served(name, version) ?? assert.fail(`no ${name}`)

test("documents that were changed are refused by the check that finds it", async () => {
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
    ["a removed member", ({ keyset }) => keyset.manifests[0].members.pop(), "signature"],
    [
      "another mode",
      ({ keyset }) => {
        keyset.manifests[0].members[0].mode = "read"
      },
      "signature",
    ],
    [
      "an unknown field",
      ({ keyset }) => {
        keyset.manifests[0].extra = 1
      },
      "encoding",
    ],
    [
      "a missing field",
      ({ keyset }) => {
        delete keyset.rosters[0].auditKey
      },
      "encoding",
    ],
    [
      "a padded encoding",
      ({ keyset }) => {
        keyset.grants[0].enc += "="
      },
      "encoding",
    ],
    [
      "another root",
      ({ keyset }) => {
        keyset.root.signPk = keyset.manifests[0].rosterHash
      },
      "root",
    ],
    [
      "a small-order key",
      ({ keyset }) => {
        keyset.rosters[0].granters[0].signPk = "A".repeat(43)
      },
      "roster",
    ],
    [
      "no roster",
      ({ keyset }) => {
        keyset.rosters = []
      },
      "roster",
    ],
    [
      "no manifest",
      ({ keyset }) => {
        keyset.manifests = []
      },
      "manifest",
    ],
    [
      "no grant",
      ({ keyset }) => {
        keyset.grants = []
      },
      "grant",
    ],
    [
      "another environment",
      ({ keyset }) => {
        keyset.manifests = place.server.keyset("staging").bundle("", 1, false).manifests
      },
      "name",
    ],
  ]
  for (const [what, tamper, check] of lies) {
    assert.deepEqual(await verdict(tamper), ["keyset_verification_failed", check], what)
  }
})

test("a half that the server made itself does not match the signed commitment", async () => {
  const { newest } = place.server.keyset("production")
  const [member] = newest.members
  assert.ok(member)
  const half = { workspaceId: newest.workspaceId, keysetId: newest.keysetId, epoch: 1 }
  const grant = grantToJson(await sealGrant(half, member, systemRandom(32)))
  const replaced: Tamper = ({ keyset }) => {
    keyset.grants = [grant]
  }
  assert.deepEqual(await verdict(replaced), ["keyset_verification_failed", "commitment"])
  const forgedWrap: Tamper = ({ keyset }) => {
    keyset.grants = [{ ...grant, selfWrap: "A".repeat(80) }]
  }
  assert.deepEqual(await verdict(forgedWrap), ["keyset_verification_failed", "commitment"])
})

test("a record opens nowhere but where it was sealed", async () => {
  const put =
    (record: object): Tamper =>
    ({ records }) =>
      Object.assign(records[0], record)
  const { keySeed, record } = served("B")
  assert.deepEqual(await verdict(put({ keySeed, record })), ["record_verification_failed", "commit"], "another name's")
  const old = served("A", 1)
  assert.deepEqual(
    await verdict(put({ record: old.record, keySeed: old.keySeed })),
    ["record_verification_failed", "commit"],
    "an older one as the newest",
  )
  assert.deepEqual(
    await verdict(put({ version: 7 })),
    ["record_verification_failed", "commit"],
    "another version number",
  )
  const staging = served("A", undefined, "staging")
  const foreign = { record: staging.record, keySeed: staging.keySeed }
  assert.deepEqual(await verdict(put(foreign)), ["record_verification_failed", "key set"], "another environment's")
  assert.deepEqual(
    await verdict(put({ keySeed: served("B").keySeed })),
    ["record_verification_failed", "commit"],
    "another seed",
  )
  assert.deepEqual(await verdict(put({ keySeed: "AAAA" })), ["invalid_response", undefined], "a short seed")
  assert.deepEqual(await verdict(put({ record: "AAAA" })), ["record_verification_failed", "format"], "a short record")
})

test("every part of a record is bound", async () => {
  const { record } = served("A")
  const bytes = Buffer.from(record, "base64url")
  const parts = {
    magic: 0,
    suite: 3,
    keyset: 4,
    keyId: 24,
    salt: 40,
    commit: 56,
    ciphertext: 88,
    tag: bytes.length - 1,
  }
  for (const [part, at] of Object.entries(parts)) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    const [code] = await verdict(({ records }) => {
      records[0].record = flipped.toString("base64url")
    })
    assert.equal(code, "record_verification_failed", part)
  }
})

test("a record of an epoch that no manifest lists is refused after the documents were fetched once more", async () => {
  const bytes = Buffer.from(served("A").record, "base64url")
  bytes.writeUInt32LE(2, 20)
  let asked = 0
  const known: unknown[] = []
  const lie: Tamper = ({ records }, request) => {
    asked += 1
    known.push(JSON.parse(request.body ?? "").known)
    if (records[0]) records[0].record = bytes.toString("base64url")
  }
  const [code, check] = await verdict(lie)
  assert.deepEqual([code, check], ["record_verification_failed", "epoch"])
  assert.equal(asked, 1, "a cold client has the newest documents")
  asked = 0
  let lying = false
  const later: Tamper = (json, request) => {
    if (lying) lie(json, request)
  }
  assert.deepEqual(
    await verdict(later, async (secrets) => {
      unwrap(await secrets.get("A"))
      lying = true
      return await secrets.get("A")
    }),
    ["record_verification_failed", "epoch"],
  )
  assert.equal(asked, 2)
  assert.deepEqual(known.at(-1), { sinceRevision: 1 }, "the second request asks for the documents")
})

test("the sealed record says whether it is a deletion, not the server", async () => {
  const flip =
    (deleted: boolean): Tamper =>
    ({ records }) => {
      records[0].deleted = deleted
    }
  assert.deepEqual(await verdict(flip(true)), ["record_verification_failed", "type"])
  assert.deepEqual(await verdict(flip(false), (secrets) => secrets.get("DEAD")), ["record_verification_failed", "type"])
})

test("an answer to another question is refused", async () => {
  const b = served("B")
  const lies: [string, Tamper][] = [
    [
      "another name",
      ({ records }) => {
        records[0].name = "B"
      },
    ],
    ["a name that was not asked for", ({ records }) => records.push(b)],
    ["a name twice", ({ records }) => records.push(records[0])],
    ["found and missing", ({ missing }) => missing.push({ name: "A" })],
    [
      "nothing at all",
      (json) => {
        json.records = []
      },
    ],
    [
      "put off for ever",
      (json) => {
        json.rest = [{ name: "A" }]
        json.records = []
      },
    ],
    [
      "documents left out for a client that has none",
      (json) => {
        delete json.keyset
      },
    ],
    [
      "a name that cannot be",
      ({ records }) => {
        records[0].name = "a b"
      },
    ],
  ]
  for (const [what, tamper] of lies) assert.deepEqual(await verdict(tamper), ["invalid_response", undefined], what)
  const wrongVersion: Tamper = (json) => {
    json.records = [served("A", 2)]
  }
  assert.deepEqual(await verdict(wrongVersion, (secrets) => secrets.getVersion("A", 1)), [
    "invalid_response",
    undefined,
  ])
})

test("a page that goes back, repeats or never ends is refused", async () => {
  const all = (secrets: Secrets) => secrets.readAll()
  const lies: [string, Tamper][] = [
    ["out of order", ({ records }) => records.reverse()],
    ["twice", ({ records }) => records.push(records.at(-1))],
    [
      "goes back",
      (json) => {
        json.next = "A"
      },
    ],
    [
      "the same page again",
      (json, request) => {
        if (JSON.parse(request.body ?? "").after) json.records = []
        json.next = "B"
      },
    ],
  ]
  for (const [what, tamper] of lies) assert.deepEqual(await verdict(tamper, all), ["invalid_response", undefined], what)
})

test("a warm client does not accept documents as left out for which it did not send both hashes", async () => {
  const secrets = new Secrets({
    ...place.options,
    transport: tampered(place.server.transport, read, (json, request) => {
      if (JSON.parse(request.body ?? "").environment === "staging") delete json.keyset
    }),
  })
  unwrap(await secrets.get("A"))
  assert.equal((await secrets.get("A", { environment: "staging" })).failure?.code, "invalid_response")
  await secrets.close()
})
