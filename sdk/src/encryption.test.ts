/** `halfkey/encryption` against a real server: two tenants, every type, and every way to move or change a value. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { type EncryptedPayload, encryptedPayload } from "@halfkey/core/formats/field-payload"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import fc from "fast-check"
import { Admin, createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import {
  Encryption,
  type EncryptionClient,
  type EncryptionConfig,
  encryptedColumn,
  encryptedTable,
  type Failure,
  UNBOUND,
  unwrap,
} from "./encryption.ts"
import { assertKeepsSecrets, canary } from "./testing/canaries.ts"
import { RealServer } from "./testing/real-server.ts"
import { type Tamper, tampered } from "./testing/tampering.ts"
import { fetchTransport } from "./transport-fetch.ts"

const everything = encryptedTable("everything", {
  text: encryptedColumn("text"),
  number: encryptedColumn("number", "number"),
  boolean: encryptedColumn("boolean", "boolean"),
  date: encryptedColumn("date", "date"),
  bigint: encryptedColumn("bigint", "bigint"),
  json: encryptedColumn("json", "json"),
  bytes: encryptedColumn("bytes", "bytes"),
})
const users = encryptedTable("users", { email: encryptedColumn("email"), phone: encryptedColumn("phone") })
const admins = encryptedTable("admins", { email: encryptedColumn("email") })
const schemas = [everything, users, admins]

const server = new RealServer()
const open: { close(): Promise<void> }[] = []
let workspace: NewWorkspace
let admin: Admin
let acme: EncryptionClient
let globex: EncryptionClient
/** Every request to the server, as "METHOD /path". */
const requests: string[] = []

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  admin = new Admin({ ...settings("-"), timeoutMs: 30_000 })
  open.push(admin)
  for (const name of ["tenant-acme", "tenant-globex"]) {
    unwrap(await admin.environments.create(name, { kind: "tenant" }))
  }
  acme = await encryption("tenant-acme")
  globex = await encryption("tenant-globex")
})
after(async () => {
  for (const each of open) await each.close()
  await server.stop()
})

function settings(name: string): EncryptionConfig {
  const { apiKey, clientId, clientKey, workspaceCRN } = workspace
  const transport: EncryptionConfig["transport"] = (request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`)
    return fetchTransport(request)
  }
  const keyset = { name }
  return {
    workspaceCRN,
    clientId,
    clientKey,
    apiKey,
    keyset,
    endpoint: server.url,
    transport,
    timeoutMs: 30_000,
    env: {},
  }
}

async function encryption(name: string, more: Partial<EncryptionConfig> = {}): Promise<EncryptionClient> {
  const made = await Encryption({ schemas, config: { ...settings(name), ...more } })
  open.push(made)
  return made
}

/** The requests that `work` causes. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const start = requests.length
  await work()
  return requests.slice(start)
}

/** The same payload with one bit of its record turned. */
function turned({ c }: EncryptedPayload, at: number): EncryptedPayload {
  const record = fromBase64Url(c) ?? assert.fail()
  record[at] = (record[at] ?? 0) ^ 4
  return encryptedPayload(record)
}

const email = (row: number | string) => ({ column: users.email, row })

test("every type comes back as it was, whatever the value, and null stays null", async () => {
  const model = fc.record({
    text: fc.option(fc.string({ unit: "binary" }).filter((text) => text.isWellFormed())),
    number: fc.option(fc.double()),
    boolean: fc.option(fc.boolean()),
    date: fc.option(fc.date({ noInvalidDate: true })),
    bigint: fc.option(fc.bigInt()),
    json: fc.option(
      fc.oneof(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), fc.array(fc.jsonValue())),
    ),
    bytes: fc.option(fc.uint8Array()),
    plain: fc.string(),
  })
  const models = fc.sample(model, { seed: 20_260_131, numRuns: 200 }).map((each, id) => ({ id, ...each }))
  const place = { table: everything, row: ({ id }: { id: number }) => id }
  const rows = unwrap(await acme.bulkEncryptModels(models as never[], place as never)) as typeof models
  // As a database has them: JSON in a jsonb column.
  const stored: typeof models = rows.map((row) => JSON.parse(JSON.stringify(row)))
  for (const [index, row] of stored.entries()) {
    for (const [key, value] of Object.entries(models[index] ?? {})) {
      const is = row[key as keyof typeof row] as unknown
      if (key === "id" || key === "plain") assert.deepEqual(is, value)
      else if (value === null) assert.equal(is, null)
      else assert.deepEqual(Object.keys(is as object), ["v", "e", "c"])
    }
  }
  const back = unwrap(await acme.bulkDecryptModels(stored, place))
  assert.deepStrictEqual(back as unknown, models)
})

test("single values, lists and models, as objects and as text", async () => {
  const sealed = unwrap(await acme.encrypt("ada@example.com", email(1)))
  assert.equal(unwrap(await acme.decrypt(sealed, email("1"))), "ada@example.com")
  assert.equal(unwrap(await acme.decrypt(JSON.stringify(sealed), email(1))), "ada@example.com")
  assert.notDeepEqual(unwrap(await acme.encrypt("ada@example.com", email(1))), sealed)
  assert.equal(unwrap(await acme.encrypt(null, email(1))), null)
  assert.equal(unwrap(await acme.decrypt(null, email(1))), null)

  const column = { column: users.email }
  const list = unwrap(
    await acme.bulkEncrypt(
      [
        { value: "a", row: 1 },
        { value: null, row: 2 },
        { value: "c", row: 3 },
      ],
      column,
    ),
  )
  const back = await acme.bulkDecrypt(
    list.map((payload, index) => ({ payload, row: index + 1 })),
    column,
  )
  assert.deepEqual(unwrap(back), ["a", null, "c"])

  const ada = { id: 7n, email: "ada@example.com", city: "London" }
  const row = unwrap(await acme.encryptModel(ada, { table: users, row: ada.id }))
  assert.deepEqual([row.id, row.city, row.email.v], [7n, "London", 1])
  assert.deepEqual(unwrap(await acme.decryptModel(row, { table: users, row: row.id })), ada)
  assert.deepEqual(unwrap(await acme.bulkEncryptModels([], { table: users, row: UNBOUND })), [])
})

test("what one client encrypts another one decrypts, by the id of the key set too", async () => {
  const sealed = unwrap(await acme.encrypt("ada@example.com", email(1)))
  const found = unwrap(await admin.environments.list()).find(({ name }) => name === "tenant-acme")
  const { credentials } = unwrap(
    await admin.clients.create({ label: "reader", environments: [{ name: "tenant-acme", mode: "read" }], apiKey: {} }),
  )
  const { clientId, clientKey, apiKey } = credentials
  const reader = await encryption("", { clientId, clientKey, apiKey, keyset: { id: found?.keysetId ?? "" } })
  assert.equal(unwrap(await reader.decrypt(sealed, email(1))), "ada@example.com")
  assert.equal((await reader.encrypt("x", email(1))).failure?.code, "mode_not_allowed")
  const stranger = await encryption("tenant-globex", { clientId, clientKey, apiKey })
  assert.equal((await stranger.encrypt("x", email(1))).failure?.code, "keyset_not_found")
})

test("a tenant's rows never decrypt with another tenant's key set, and the server is not asked about them", async () => {
  const sealed = unwrap(await acme.encrypt(canary, email(1)))
  unwrap(await globex.encrypt("warm", email(1)))
  const asked = await requestsOf(async () => {
    const { failure } = await globex.decrypt(sealed, email(1))
    assert.deepEqual(
      [failure?.code, failure?.check, failure?.type],
      ["record_verification_failed", "key set", "DecryptionError"],
    )
  })
  assert.deepEqual(asked, [])

  // As if it were of the other tenant: its id in the header.
  const own = unwrap(await globex.encrypt("own", email(1)))
  const record = fromBase64Url(sealed.c) ?? assert.fail()
  record.set((fromBase64Url(own.c) ?? assert.fail()).subarray(4, 20), 4)
  const relabelled = encryptedPayload(record)
  assert.equal((await globex.decrypt(relabelled, email(1))).failure?.check, "commit")

  // And with a server that gives the seed of the first tenant.
  const answers: string[] = []
  const watched = await encryption("tenant-acme", {
    transport: tampered(fetchTransport, "POST /v1/keysets/", (json) => answers.push(json.groups?.[0]?.keySeeds)),
  })
  assert.equal(unwrap(await watched.decrypt(sealed, email(1))), canary)
  const lying = await encryption("tenant-globex", {
    transport: tampered(fetchTransport, "POST /v1/keysets/", (json) => {
      if (json.groups) json.groups[0].keySeeds = answers.at(-1)
    }),
  })
  const { failure } = await lying.decrypt(relabelled, email(1))
  assert.equal(failure?.check, "commit")
  assertKeepsSecrets(failure, settings("tenant-globex"))
})

test("a value that was moved to another row, column or table does not decrypt, an unbound one in its column only", async () => {
  const sealed = unwrap(await acme.encrypt(canary, email(1)))
  const unbound = unwrap(await acme.encrypt("anywhere", { column: users.email, row: UNBOUND }))
  assert.equal(unwrap(await acme.decrypt(unbound, { column: users.email, row: UNBOUND })), "anywhere")
  const moves = [
    acme.decrypt(sealed, email(2)),
    acme.decrypt(sealed, { column: users.phone, row: 1 }),
    acme.decrypt(sealed, { column: admins.email, row: 1 }),
    acme.decrypt(sealed, { column: users.email, row: UNBOUND }),
    acme.decrypt(unbound, email(1)),
    acme.decrypt(unbound, { column: users.phone, row: UNBOUND }),
    acme.bulkDecrypt([{ payload: sealed, row: 2 }], { column: users.email }),
    acme.decryptModel({ email: sealed }, { table: users, row: 2 }),
    acme.decryptModel({ phone: sealed }, { table: users, row: 1 }),
  ]
  for (const { failure } of await Promise.all<{ failure?: unknown }>(moves)) {
    const { check, code } = failure as { check: string; code: string }
    assert.deepEqual([code, check], ["record_verification_failed", "commit"])
  }
  // Of a list nothing is given, and it is said which one it was.
  const both = [
    { payload: sealed, row: 1 },
    { payload: sealed, row: 2 },
  ]
  const { data, failure } = await acme.bulkDecrypt(both, { column: users.email })
  assert.equal(data, undefined)
  assert.deepEqual(failure?.facts, { table: "users", column: "email", index: 1 })
  assertKeepsSecrets(failure, settings("tenant-acme"))
})

test("a value that was changed does not decrypt, wherever it was changed", async () => {
  const sealed = unwrap(await acme.encrypt(canary, email(1)))
  const lengthOf = fromBase64Url(sealed.c)?.length ?? 0
  const changes: [unknown, string][] = [
    [turned(sealed, 5), "key set"],
    [{ ...turned(sealed, 20) }, "epoch"],
    [turned(sealed, 30), "commit"],
    [turned(sealed, 50), "commit"],
    [turned(sealed, 60), "commit"],
    [turned(sealed, 100), "ciphertext"],
    [turned(sealed, lengthOf - 1), "ciphertext"],
    [{ ...sealed, e: 2 }, "format"],
    [{ ...sealed, v: 2 }, "format"],
    [{ ...sealed, c: sealed.c.slice(0, -4) }, "format"],
    [{ ...sealed, c: sealed.c.slice(0, 100) }, "format"],
    [canary, "format"],
    [7, "format"],
    [undefined, "format"],
  ]
  for (const [payload, check] of changes) {
    const { failure } = await acme.decrypt(payload, email(1))
    assert.deepEqual([failure?.code, failure?.check], ["record_verification_failed", check])
    assertKeepsSecrets(failure ?? assert.fail(), settings("tenant-acme"))
  }
})

test("another declared type than the one that was written is told, and nothing is made of it", async () => {
  const later = encryptedTable("users", { email: encryptedColumn("email", "bytes") })
  const changed = await Encryption({ schemas: [later], config: settings("tenant-acme") })
  open.push(changed)
  const sealed = unwrap(await acme.encrypt("ada@example.com", email(1)))
  assert.equal((await changed.decrypt(sealed, { column: later.email, row: 1 })).failure?.check, "type")
})

test("lists are one request, and a key id that is there twice is asked for once", async () => {
  const items = Array.from({ length: 1200 }, (_, row) => ({ value: `${row}@example.com`, row }))
  const column = { column: users.email }
  const fresh = await encryption("tenant-acme")
  const asked = await requestsOf(async () => {
    const sealed = unwrap(await fresh.bulkEncrypt(items, column))
    const keyIds = new Set(sealed.map((payload) => payload?.c.slice(32, 53)))
    assert.equal(keyIds.size, items.length, "a seed seals one record")
    const rows = sealed.map((payload, row) => ({ payload, row }))
    const first = rows[0] ?? assert.fail()
    const values = unwrap(await fresh.bulkDecrypt([...rows, first], column))
    assert.deepEqual(values, [...items.map(({ value }) => value), items[0]?.value])
  })
  assert.deepEqual(
    asked.map((request) => request.replace(/[0-9a-f-]{36}/, "ID")).filter((request) => !request.endsWith("self-wraps")),
    [
      "POST /oauth/token",
      "GET /v1/keysets/tenant-acme",
      "POST /v1/keysets/ID/data-keys/generate",
      "POST /v1/keysets/ID/data-keys/retrieve",
    ],
  )
})

test("a rotation is noticed: new values are of the new epoch, and old ones open as before", async () => {
  unwrap(await admin.environments.create("tenant-rotated", { kind: "tenant" }))
  const before = await encryption("tenant-rotated")
  const old = unwrap(await before.encrypt("old", email(1)))
  const [idle, reader] = [await encryption("tenant-rotated"), await encryption("tenant-rotated")]
  for (const client of [idle, reader]) assert.equal(unwrap(await client.decrypt(old, email(1))), "old")
  unwrap(await admin.environments.rotate("tenant-rotated"))
  const fresh = unwrap(await before.encrypt("new", email(2)))
  assert.deepEqual([old.e, fresh.e], [1, 2])
  const after = await encryption("tenant-rotated")
  assert.equal(unwrap(await after.decrypt(fresh, email(2))), "new")
  // Whoever knew the key set before the rotation finds out by either value.
  assert.equal(unwrap(await reader.decrypt(fresh, email(2))), "new")
  for (const client of [after, idle, reader]) {
    assert.equal(unwrap(await client.decrypt(old, email(1))), "old")
  }
  const { environment, epoch } = unwrap(await admin.environments.rotate("tenant-rotated"))
  assert.deepEqual([environment, epoch], ["tenant-rotated", 3])
  assert.equal(unwrap(await idle.decrypt(old, email(1))), "old")
  assert.equal(unwrap(await idle.encrypt("newest", email(3))).e, 3)
})

test("nothing is sealed under an environment, whose old keys a rotation destroys", async () => {
  const { failure } = await (await encryption("production")).encrypt("a", email(1))
  assert.equal(failure?.code, "invalid_argument")
  assert.match(failure?.message ?? "", /^production is an environment: fields sealed under it would be lost/)
  const kind = "vault" as "tenant"
  assert.equal((await admin.environments.create("tenant-odd", { kind })).failure?.code, "invalid_argument")
})

test("lies of a server about seeds and documents are refused", async () => {
  const sealed = unwrap(await acme.encrypt(canary, email(1)))
  const other = unwrap(await acme.encrypt("other", email(2)))
  const items = [
    { payload: sealed, row: 1 },
    { payload: other, row: 2 },
  ]
  const lies: [
    string,
    string,
    Tamper,
    (client: EncryptionClient) => Promise<{ failure?: Failure | undefined }>,
    string,
  ][] = [
    [
      "POST /v1/keysets/",
      "another seed",
      (json) => {
        json.groups[0].keySeeds = "A".repeat(86)
      },
      (client) => client.bulkDecrypt(items, { column: users.email }),
      "commit",
    ],
    [
      "POST /v1/keysets/",
      "a seed too few",
      (json) => {
        json.groups[0].keySeeds = "A".repeat(43)
      },
      (client) => client.bulkDecrypt(items, { column: users.email }),
      "invalid_response",
    ],
    [
      "POST /v1/keysets/",
      "another epoch",
      (json) => {
        json.groups[0].epoch = 2
      },
      (client) => client.decrypt(sealed, email(1)),
      "invalid_response",
    ],
    [
      "POST /v1/keysets/",
      "an epoch that nobody signed",
      (json) => {
        json.epoch = 9
      },
      (client) => client.encrypt("x", email(1)),
      "epoch",
    ],
    [
      "POST /v1/keysets/",
      "a key id twice",
      (json) => {
        json.keyIds = "A".repeat(43)
      },
      (client) =>
        client.bulkEncrypt(
          [
            { value: "a", row: 1 },
            { value: "b", row: 2 },
          ],
          { column: users.email },
        ),
      "invalid_response",
    ],
    [
      "GET /v1/keysets/",
      "another member",
      (json) => {
        json.manifests[0].members[0].label = "another"
      },
      (client) => client.encrypt("x", email(1)),
      "signature",
    ],
    [
      "GET /v1/keysets/",
      "no grant",
      (json) => {
        json.grants = []
      },
      (client) => client.encrypt("x", email(1)),
      "grant",
    ],
  ]
  for (const [route, lie, tamper, call, expected] of lies) {
    const client = await encryption("tenant-acme", { transport: tampered(fetchTransport, route, tamper) })
    const { failure } = await call(client)
    assert.equal(failure?.check ?? failure?.code, expected, lie)
  }
  // The documents of another tenant, under the name of this one.
  const swapped = await encryption("tenant-globex", {
    transport: (request) => fetchTransport({ ...request, url: request.url.replace("tenant-globex", "tenant-acme") }),
  })
  assert.equal((await swapped.encrypt("x", email(1))).failure?.check, "name")
})

test("what cannot come back, and what is no place, is refused before anything is sent", async () => {
  const asked = await requestsOf(async () => {
    const refused = [
      acme.encrypt("\ud800", email(1)),
      acme.encrypt(new Date(Number.NaN), { column: everything.date, row: 1 }),
      acme.encrypt({ a: undefined } as never, { column: everything.json, row: 1 }),
      acme.encrypt("x", email("")),
      acme.encrypt("x", email(1.5)),
      acme.encrypt("x", email("\ud800")),
    ]
    for (const { failure } of await Promise.all(refused)) assert.equal(failure?.code, "invalid_argument")
    const wrong: (() => Promise<unknown>)[] = [
      () => acme.encrypt(7 as never, email(1)),
      () => acme.encrypt(undefined as never, email(1)),
      () => acme.encrypt("x", { column: users.email, row: undefined as never }),
      () => acme.encrypt("x", { column: encryptedColumn("email") as never, row: 1 }),
      () => acme.encrypt("x", undefined as never),
      () => acme.bulkEncrypt("x" as never, { column: users.email }),
      () => acme.encryptModel(null as never, { table: users, row: 1 }),
      () => acme.bulkEncryptModels([{ email: "x" }], { table: users, row: 1 as never }),
      () => Encryption({ schemas, config: {} as never }),
      () => Encryption({ schemas, config: { keyset: { id: "x", name: "y" } as never } }),
      () =>
        Encryption({ schemas: [users, encryptedTable("users", { x: encryptedColumn("x") })], config: settings("a") }),
      async () => encryptedColumn(""),
      async () => encryptedColumn("x", "float" as never),
      async () => encryptedTable("x", { a: encryptedColumn("same"), b: encryptedColumn("same") }),
    ]
    for (const call of wrong) await assert.rejects(call, TypeError)
  })
  assert.deepEqual(asked, [])
  for (const keyset of [
    { name: "Not A Name" },
    { id: "tenant-acme" },
    { name: "1f0e3dad-9990-4345-8b6a-5b7d5c1f2a3b" },
  ]) {
    const client = await encryption("", { keyset })
    assert.equal((await client.encrypt("x", email(1))).failure?.code, "invalid_argument")
  }
})

test("a reason goes into the audit log, and a closed client is closed", async () => {
  const client = await encryption("tenant-acme")
  unwrap(await client.encrypt("x", email(1), { audit: { reason: "sign-up of Ada" } }))
  await client.close()
  assert.equal((await client.encrypt("x", email(1))).failure?.code, "invalid_argument")
  const entries = unwrap(
    await admin.audit.entries({ action: "data-key.generate" }, { order: "desc", limit: 100 }),
  ).entries
  assert.ok(entries.some(({ entry }) => entry.includes("sign-up of Ada")))
})
