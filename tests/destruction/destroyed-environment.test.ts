/**
 * Crypto-shredding: after an environment was destroyed, copies of its ciphertexts, of all documents and of all grants from
 * before open nothing, with the keys of every client, the recovery kit, the server's root key and all that the server still
 * has. Together with the authority keys, which a backup from before would hold, they opened everything.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { openGrant, openRecoveryGrant, openSelfWrap } from "@halfkey/core/client/client-half"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { openRecord } from "@halfkey/core/client/record-crypto"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import type { ClientId, KeysetId, WorkspaceId } from "@halfkey/core/formats/ids"
import { parseRecord } from "@halfkey/core/formats/record"
import { SeedMaker } from "@halfkey/core/key-service/authority-key"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import { Admin, type ClientCredentials, createWorkspace, type NewWorkspace, recoverWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { using } from "../../sdk/src/testing/using.ts"
import { openSqlite } from "../../server/src/store/sqlite/open.ts"

const environment = "production"
const server = new RealServer({ HALFKEY_DESTROY_AFTER_DAYS: "0" })
let workspace: NewWorkspace
let member: ClientCredentials
let workspaceId: WorkspaceId
let early: Copy
let late: Copy

interface Copy {
  readonly keysetId: KeysetId
  readonly records: readonly { readonly name: string; readonly version: number; readonly record: Uint8Array }[]
  /** Of every key set of the workspace. */
  readonly wrapped: readonly { readonly keysetId: KeysetId; readonly epoch: number; readonly bytes: Uint8Array }[]
  /** What the two clients and the recovery kit open of the grants of this environment, by each way there is. */
  readonly halves: readonly Uint8Array[]
  /** Sealed halves and self-wraps of this environment, as stored. */
  readonly sealed: readonly Uint8Array[]
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
  workspaceId = workspace.workspaceCRN.split(":").at(-1) as WorkspaceId
  await using(new Admin(adminOptions()), async (admin) => {
    const environments = [{ name: environment }, { name: "staging" }]
    member = unwrap(await admin.clients.create({ label: "member", environments, apiKey: {} })).credentials
    await using(new Secrets(adminOptions()), async (secrets) => {
      for (let count = 0; count < 20; count++) unwrap(await secrets.set(`SECRET_${count % 10}`, `value ${count}`))
      unwrap(await secrets.set("STAYS", "here", { environment: "staging" }))
    })
    early = await copy()
    unwrap(await admin.environments.destroy(environment))
    for (;;) {
      const listed = unwrap(await admin.environments.list()).find(({ name }) => name === environment)
      if (listed?.purgedAt) break
      await sleep(20)
    }
    late = await copy()
  })
})
after(() => server.stop())

/** Reads as a thief of the whole data directory, who has the keys of every client and the recovery kit besides. */
async function copy(): Promise<Copy> {
  const db = openSqlite(join(server.directory, "halfkey.db"))
  try {
    const { id: keysetId } = db.prepare("select id from keysets where name = ?").get(environment) as { id: KeysetId }
    const all = <Row>(sql: string, ...values: unknown[]) => db.prepare(sql).all(...values) as Row[]
    type Sealed = {
      client_id: ClientId
      epoch: number
      enc: Uint8Array
      sealed_half: Uint8Array
      self_wrap: Uint8Array
    }
    const grants = all<Sealed>("select * from grants where keyset_id = ?", keysetId)
    const recovery = all<Sealed>("select * from recovery_grants where keyset_id = ?", keysetId)
    const halves: Uint8Array[] = []
    for (const { client_id, enc, epoch, sealed_half, self_wrap } of grants) {
      const { clientKey } = client_id === member.clientId ? member : workspace
      const identity = ClientIdentity.fromConfiguration(workspaceId, client_id, clientKey)
      const place = { workspaceId, keysetId, epoch }
      const opened = [
        await openGrant(
          place,
          { keysetId, epoch, clientId: client_id, enc, sealedHalf: sealed_half, selfWrap: undefined },
          identity,
        ),
        openSelfWrap(place, self_wrap, identity),
      ]
      halves.push(...opened.filter((half) => half !== undefined))
    }
    const root = await WorkspaceRoot.fromRecoveryKit(workspace.recoveryKit)
    for (const { enc, epoch, sealed_half } of recovery) {
      const grant = { keysetId, epoch, enc, sealedHalf: sealed_half }
      const half = await openRecoveryGrant({ workspaceId, keysetId, epoch }, grant, root)
      if (half !== undefined) halves.push(half)
    }
    return {
      keysetId,
      records: all(
        `select name, secret_versions.version, record from secret_versions join secrets on secrets.id = secret_id
         where secret_versions.keyset_id = ?`,
        keysetId,
      ),
      wrapped: all("select keyset_id as keysetId, epoch, wrapped as bytes from authority_keys"),
      halves,
      sealed: [
        ...grants.flatMap(({ enc, sealed_half, self_wrap }) => [enc, sealed_half, self_wrap]),
        ...recovery.flatMap(({ enc, sealed_half }) => [enc, sealed_half]),
      ],
    }
  } finally {
    db.close()
  }
}

/** Every authority key of a copy, used as if it were one of this environment. */
function makersOf({ keysetId: own, wrapped }: Copy): SeedMaker[] {
  const text = readFileSync(join(server.directory, "root.key"), "utf8").trim().split(" ")[1] ?? ""
  const rootKey = new RootKey(fromBase64Url(text)?.slice() ?? new Uint8Array(0))
  return wrapped.map(({ bytes, epoch, keysetId }) => {
    const authorityKey = rootKey.unwrap({ kind: "authority-key", workspaceId, keysetId, epoch }, bytes)
    return new SeedMaker(authorityKey, workspaceId, own, epoch)
  })
}

/** How many of the copied records open with any of these authority keys and any of these halves. */
function opened(makers: readonly SeedMaker[], halves: readonly Uint8Array[]): number {
  const { keysetId, records } = early
  return records.filter(({ name, record, version }) => {
    const { keyId } = parseRecord(record).header
    const context = { purpose: "secret", workspaceId, keysetId, name, version } as const
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

test("before, the copy opened whole, by each way to a half: the check itself works", () => {
  assert.equal(early.records.length, 20)
  // Two clients by grant and self-wrap, less the wrap that only a first start makes, and the kit.
  assert.ok(early.halves.length >= 4, `${early.halves.length}`)
  for (const half of early.halves) assert.equal(opened(makersOf(early), [half]), 20)
})

test("afterwards the copy opens nothing: all halves that were ever given out, and all keys that the server has", () => {
  const makers = makersOf(late)
  assert.equal(makers.length, early.wrapped.length - 1)
  assert.equal(opened(makers, early.halves), 0)
  assert.deepEqual([late.halves.length, late.sealed.length], [0, 0])
})

test("neither the database file nor its write-ahead log holds a byte of the keys", () => {
  const files = ["halfkey.db", "halfkey.db-wal"].map((name) => readFileSync(join(server.directory, name)))
  const bytes = Buffer.concat(files)
  const holds = (part: Uint8Array) => bytes.includes(Buffer.from(part))
  const [gone, ...others] = early.wrapped.toSorted((left) => (left.keysetId === early.keysetId ? -1 : 1))
  assert.ok(gone !== undefined && others.length >= 2)
  for (const { bytes: wrapped } of others) assert.ok(holds(wrapped), "the search itself works")
  for (const { record } of early.records) assert.ok(holds(record), "the search itself works")
  // Of the key, in pieces: a piece would be left where a page was put together anew.
  for (let at = 0; at + 16 <= gone.bytes.length; at += 4) assert.ok(!holds(gone.bytes.subarray(at, at + 16)))
  for (const sealed of early.sealed) assert.ok(!holds(sealed.subarray(0, 32)), "a grant, self-wrap or recovery grant")
})

test("no client gets anything of it from the server, and the others are as they were", async () => {
  for (const credentials of [options(member), adminOptions()]) {
    await using(new Secrets(credentials), async (secrets) => {
      const { failure } = await secrets.get("SECRET_1")
      assert.equal(failure?.code, "keyset_disabled")
      assert.match(failure.message, /^production is destroyed for good/)
      assert.equal(unwrap(await secrets.get("STAYS", { environment: "staging" })), "here")
    })
  }
  await using(new Admin(adminOptions()), async (admin) => {
    const { failure } = await admin.environments.undoDestroy(environment)
    assert.equal(failure?.code, "keyset_disabled")
  })
})

test("the recovery kit brings the others back, and says that this one stays shut", async () => {
  const { endpoint = "" } = adminOptions()
  const recovered = unwrap(await recoverWorkspace({ endpoint, recoveryKit: workspace.recoveryKit, label: "rescuer" }))
  assert.deepEqual(recovered.notRecovered, [environment])
  assert.deepEqual(recovered.environments.toSorted(), ["development", "staging"])
  await using(new Secrets(options(recovered)), async (secrets) => {
    assert.equal(unwrap(await secrets.get("STAYS", { environment: "staging" })), "here")
    assert.equal((await secrets.get("SECRET_1")).failure?.code, "keyset_not_found")
  })
})
