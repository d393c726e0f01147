/**
 * After a rotation the old keys are gone: whoever has the data directory, root key included, and the halves of every former
 * member opens nothing that was sealed before it with what is left, and nothing of what is there now with what was before.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { openSelfWrap } from "@halfkey/core/client/client-half"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { openRecord } from "@halfkey/core/client/record-crypto"
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { parseRecord } from "@halfkey/core/formats/record"
import { SeedMaker } from "@halfkey/core/key-service/authority-key"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import { Admin, type ClientCredentials, createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { using } from "../../sdk/src/testing/using.ts"
import { openSqlite } from "../../server/src/store/sqlite/open.ts"

const environment = "production"
const server = new RealServer()
let workspace: NewWorkspace
let leaver: ClientCredentials
let early: Stored
let late: Stored

interface StoredRecord {
  readonly name: string
  readonly version: number
  readonly record: Uint8Array
}

/** What the database holds of the environment. */
interface Stored {
  readonly keysetId: KeysetId
  readonly records: readonly StoredRecord[]
  readonly wrapped: readonly { readonly epoch: number; readonly bytes: Uint8Array }[]
  readonly makers: readonly SeedMaker[]
  /** What each of both clients opens of its grants. */
  readonly halves: readonly { readonly clientId: string; readonly epoch: number; readonly half: Uint8Array }[]
  readonly recoveryEpochs: readonly number[]
}

function options(credentials: ClientCredentials): SecretsOptions {
  return { ...credentials, environment, endpoint: server.url, timeoutMs: 30_000, env: {} }
}

function adminOptions(): SecretsOptions {
  const { recoveryKit: _, ...credentials } = workspace
  return options(credentials)
}

before(async () => {
  await server.start()
  workspace = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin", timeoutMs: 30_000 }),
  )
  await using(new Admin(adminOptions()), async (admin) => {
    await using(new Secrets(adminOptions()), async (secrets) => {
      const label = "leaver"
      leaver = unwrap(
        await admin.clients.create({ label, environments: [{ name: environment }], apiKey: {} }),
      ).credentials
      for (let count = 0; count < 40; count++) unwrap(await secrets.set(`SECRET_${count % 20}`, `value ${count}`))
      unwrap(await secrets.delete("SECRET_0"))
      early = look()
      unwrap(await admin.clients.revoke(leaver.clientId, { rotate: true }))
      late = look()
    })
  })
})
after(() => server.stop())

/** Reads as a thief of the whole data directory would, who has the keys of both clients besides. */
function look(): Stored {
  const rootKeyText = readFileSync(join(server.directory, "root.key"), "utf8").trim().split(" ")[1] ?? ""
  const rootKey = new RootKey(fromBase64Url(rootKeyText)?.slice() ?? new Uint8Array(0))
  const db = openSqlite(join(server.directory, "halfkey.db"))
  try {
    const { id: keysetId, workspace_id: workspaceId } = db
      .prepare("select id, workspace_id from keysets where name = ?")
      .get(environment) as { id: KeysetId; workspace_id: WorkspaceId }
    const all = <Row>(sql: string) => db.prepare(sql).all(keysetId) as Row[]
    const wrapped = all<{ epoch: number; bytes: Uint8Array }>(
      "select epoch, wrapped as bytes from authority_keys where keyset_id = ? order by epoch",
    )
    const makers = wrapped.map(({ epoch, bytes }) => {
      const authorityKey = rootKey.unwrap({ kind: "authority-key", workspaceId, keysetId, epoch }, bytes)
      return new SeedMaker(authorityKey, workspaceId, keysetId, epoch)
    })
    const identities = [leaver, workspace].map(({ clientId, clientKey }) =>
      ClientIdentity.fromConfiguration(workspaceId, clientId as ClientId, clientKey),
    )
    const grants = all<{ client_id: string; epoch: number; self_wrap: Uint8Array }>(
      "select client_id, epoch, self_wrap from grants where keyset_id = ?",
    )
    return {
      keysetId,
      records: all<StoredRecord>(
        `select name, secret_versions.version, record from secret_versions join secrets on secrets.id = secret_id
         where secret_versions.keyset_id = ?`,
      ),
      wrapped,
      makers,
      halves: grants.map(({ client_id: clientId, epoch, self_wrap: selfWrap }) => {
        const identity = identities.find((each) => each.clientId === clientId)
        const half = identity && openSelfWrap({ workspaceId, keysetId, epoch }, selfWrap, identity)
        assert.ok(half, `the grant of ${clientId} for epoch ${epoch} opens`)
        return { clientId, epoch, half }
      }),
      recoveryEpochs: all<{ epoch: number }>("select epoch from recovery_grants where keyset_id = ?").map(
        ({ epoch }) => epoch,
      ),
    }
  } finally {
    db.close()
  }
}

/** How many of these records open with any of these authority keys and any of these halves. */
function opened(records: Stored["records"], makers: Stored["makers"], halves: readonly Uint8Array[]): number {
  const workspaceId = workspace.workspaceCRN.split(":").at(-1) as WorkspaceId
  return records.filter(({ name, record, version }) => {
    const { keyId } = parseRecord(record).header
    const context = { purpose: "secret", workspaceId, keysetId: early.keysetId, name, version } as const
    return makers.some((maker) =>
      halves.some((clientHalf) => {
        try {
          openRecord(record, context, { clientHalf, keySeed: maker.seed(keyId) })
          return true
        } catch {
          return false
        }
      }),
    )
  }).length
}

const halvesOf = ({ halves }: Stored) => halves.map(({ half }) => half)

test("before, the thief with everything opens everything: the check itself works", () => {
  assert.equal(early.records.length, 41)
  assert.deepEqual(
    early.wrapped.map(({ epoch }) => epoch),
    [1],
  )
  assert.equal(early.halves.length, 2)
  assert.equal(opened(early.records, early.makers, halvesOf(early)), 41)
  assert.equal(opened(late.records, late.makers, halvesOf(late)), 41)
})

test("afterwards the old epoch has no authority key, no grant, no recovery grant and no record", () => {
  assert.deepEqual(
    late.wrapped.map(({ epoch }) => epoch),
    [2],
  )
  assert.deepEqual(
    late.halves.map(({ clientId, epoch }) => [clientId, epoch]),
    [[workspace.clientId, 2]],
  )
  assert.deepEqual(late.recoveryEpochs, [2])
  assert.ok(late.records.every(({ record }) => parseRecord(record).header.epoch === 2))
})

test("records from a copy of the old database open with no key that is left", () => {
  const halves = [...halvesOf(early), ...halvesOf(late)]
  assert.equal(opened(early.records, late.makers, halves), 0)
})

test("what is there now opens for nobody who left, with all that the server has", () => {
  assert.equal(opened(late.records, [...early.makers, ...late.makers], halvesOf(early)), 0)
})

test("not even the bytes of the files hold the old key, or a record under it", () => {
  const files = ["halfkey.db", "halfkey.db-wal"].map((name) => readFileSync(join(server.directory, name)))
  const bytes = Buffer.concat(files)
  for (const { bytes: wrapped } of late.wrapped)
    assert.ok(bytes.includes(Buffer.from(wrapped)), "the search itself works")
  for (const { record } of late.records) assert.ok(bytes.includes(Buffer.from(record)), "the search itself works")
  for (const { bytes: wrapped } of early.wrapped)
    assert.ok(!bytes.includes(Buffer.from(wrapped)), "the old authority key")
  for (const { name, record, version } of early.records) {
    assert.ok(!bytes.includes(Buffer.from(record.subarray(24, 88))), `version ${version} of ${name}`)
  }
})
