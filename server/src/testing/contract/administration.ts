/** The contract of the store: the server, workspaces, clients, keys and key sets. */
import assert from "node:assert/strict"
import type { ClientId } from "@halfkey/core/formats/ids"
import type { Store } from "../../domain/store.ts"
import { clientId, guard, keysetId, workspaceId, workspaceInput } from "../workspace-database.ts"
import {
  anotherClient,
  anotherKey,
  type Contract,
  firstKeyset,
  found,
  hash,
  hex,
  nextManifest,
  refusedWith,
  stale,
} from "./parts.ts"

export const administration: Contract = [
  [
    "the server's row and keys are made once, and are what was kept",
    async ([store, other]) => {
      assert.equal(await store.server(), undefined)
      const server = {
        rootKeyId: new Uint8Array(8).fill(200),
        rootKeyDerivation: '{"n":1}',
        createdAt: 1_700_000_000_000,
      }
      const key = { kid: "b", kind: "token-key", wrapped: hash(255), createdAt: 5 } as const
      await store.initialize({ server, signingKeys: [key, { ...key, kid: "a", kind: "checkpoint-key" }] })
      const kept = await other.server()
      assert.equal(hex(kept?.rootKeyId), "c8".repeat(8))
      assert.equal(kept?.rootKeyDerivation, '{"n":1}')
      assert.equal(kept?.createdAt, 1_700_000_000_000)
      assert.deepEqual(
        (await other.signingKeys()).map(({ kid, kind, createdAt }) => [kid, kind, createdAt]),
        [
          ["a", "checkpoint-key", 5],
          ["b", "token-key", 5],
        ],
      )
      const added = await other.addSigningKey({
        key: { ...key, kid: "c", createdAt: 4 },
        rootKeyId: server.rootKeyId,
        deleteOthers: true,
      })
      assert.equal(added.createdAt, 6, "the newest signs, whatever the clock says")
      assert.deepEqual(
        (await store.signingKeys()).map(({ kid }) => kid),
        ["a", "c"],
      )
      const wrong = store.addSigningKey({ key, rootKeyId: new Uint8Array(8), deleteOthers: false })
      await assert.rejects(wrong, refusedWith("root_key_mismatch"))
      assert.deepEqual(await store.deleteSigningKeys({ kids: ["c", "never"] }), ["c"])
    },
  ],
  [
    "of two revisions of a key set one is stored, with its members and grants",
    async ([store, other]) => {
      await found(store)
      await store.createClient(guard(1), { client: anotherClient("client-b"), apiKey: undefined, keysets: [] })
      const grant = { keysetId, epoch: 1, enc: hash(1), sealedHalf: hash(2), selfWrap: null }
      const members = [
        { keysetId, clientId, mode: "read-write" as const },
        { keysetId, clientId: "client-b" as ClientId, mode: "read" as const },
      ]
      const grants = members.map((each) => ({ ...grant, clientId: each.clientId }))
      const input = nextManifest(2, {
        members,
        grants,
        recoveryGrants: [{ keysetId, epoch: 1, enc: hash(3), sealedHalf: hash(4) }],
      })
      const outcomes = await Promise.allSettled([
        store.updateKeyset(guard(2), input),
        other.updateKeyset(guard(2), input),
      ])
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1)
      assert.equal((await other.keysetByName(workspaceId, "production"))?.memberCount, 2)
      assert.equal(await other.mode(keysetId, "client-b" as ClientId), "read")
      assert.equal((await store.grants(keysetId)).length, 2)
      const selfWraps = [
        { epoch: 1, selfWrap: hash(8) },
        { epoch: 7, selfWrap: hash(9) },
      ]
      await other.saveSelfWraps(guard(3), { keysetId, clientId: "client-b" as ClientId, selfWraps })
      const [kept] = await store.grants(keysetId, "client-b" as ClientId)
      assert.equal(hex(kept?.selfWrap ?? undefined), hex(hash(8)))
      assert.equal((await store.recoveryGrants(keysetId)).length, 1)
      assert.equal((await store.memberships(workspaceId, "client-b" as ClientId)).length, 1)
      await store.updateKeyset(guard(3), nextManifest(3))
      assert.deepEqual(
        (await other.grants(keysetId)).map((each) => each.clientId),
        [clientId],
        "a member that left takes its grants along",
      )
      const taken = { ...firstKeyset, keyset: { ...firstKeyset.keyset, id: "another" as never } }
      await assert.rejects(store.createKeyset(guard(4), taken), refusedWith("already_exists"))
    },
  ],
  [
    "clients and API keys are kept in every column, revoked once, and rotated once",
    async ([store, other]) => {
      await found(store)
      const client = anotherClient("client-c")
      const apiKey = anotherKey("key-c", {
        clientId: client.id,
        role: "member",
        readOnly: true,
        keysetIds: [keysetId],
        networks: ["10.0.0.0/8"],
        expiresAt: 1_800_000_000_000,
        secretHash: hash(77),
      })
      await store.createClient(guard(1), { client, apiKey, keysets: [] })
      const kept = await other.apiKey(apiKey.id)
      assert.deepEqual(
        { ...kept, secretHash: hex(kept?.secretHash) },
        { ...apiKey, secretHash: hex(apiKey.secretHash) },
      )
      const keptClient = await other.client(workspaceId, client.id)
      assert.equal(keptClient?.deviceRole, "member")
      assert.equal(keptClient?.createdAt, client.createdAt)
      const again = other.createClient(guard(2), { client, apiKey: undefined, keysets: [] })
      await assert.rejects(again, refusedWith("already_exists"))
      await other.revokeClient(guard(2), { clientId: client.id, revokedAt: 5 })
      await other.revokeClient(guard(3), { clientId: client.id, revokedAt: 6 })
      assert.equal((await store.client(workspaceId, client.id))?.revokedAt, 5)
      const rotation = (id: string) => ({ apiKeyId: apiKey.id, retiresAt: 9, successor: anotherKey(id) })
      const tries = await Promise.allSettled([
        store.rotateApiKey(guard(4), rotation("key-d")),
        other.rotateApiKey(guard(4), rotation("key-e")),
      ])
      assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1)
      assert.equal((await store.apiKeys(workspaceId)).length, 3)
      assert.equal((await store.clients(workspaceId)).length, 2)
      const uses = (at: number) => [
        { id: apiKey.id, at },
        { id: client.id, at },
      ]
      await Promise.all([store.saveLastUses(uses(50)), other.saveLastUses(uses(40)), store.saveLastUses(uses(45))])
      assert.deepEqual(
        (await other.lastUses(workspaceId)).map(({ at }) => at),
        [50, 50],
      )
    },
  ],
  [
    "devices wait, up to a number, until they are let in or not",
    async ([store, other]) => {
      await found(store)
      const device = (id: string, filedAt: number) => ({
        id: id as ClientId,
        workspaceId,
        label: id,
        signPk: hash(1),
        kemPk: hash(2),
        nonce: hash(3),
        address: "127.0.0.1",
        filedAt,
        expiresAt: filedAt + 100,
        rejectedAt: null,
      })
      const file = (each: Store, id: string, filedAt: number) =>
        each.fileDevice(guard(), { device: device(id, filedAt), most: 2, forgetBefore: filedAt - 1000 })
      const tries = await Promise.allSettled([file(store, "a", 1), file(other, "b", 2), file(store, "c", 3)])
      assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 2)
      const waiting = await other.pendingDevices(workspaceId)
      assert.equal(waiting.length, 2)
      const id = waiting[0]?.id as ClientId
      await other.rejectDevice(guard(1), { clientId: id, rejectedAt: 7 })
      assert.equal((await store.pendingDevice(workspaceId, id))?.rejectedAt, 7)
    },
  ],
  [
    "a roster follows the one before, and recovery puts a new admin in the place of everybody",
    async ([store, other]) => {
      await found(store)
      const roster = { number: 2, json: '{"seq":2}', hash: hash(2) }
      await store.replaceRoster(guard(1), { roster, keysets: [nextManifest(2)] })
      const late = other.replaceRoster(guard(2), { roster, keysets: [] })
      await assert.rejects(late, refusedWith("revision_conflict"))
      assert.equal(await other.audit.roster(workspaceId), '{"seq":2}')
      const client = anotherClient("client-r")
      await other.recoverWorkspace(guard(2), {
        assertion: { workspaceId, jti: "recovery", expiresAt: 100, now: 1 },
        client,
        apiKey: anotherKey("key-r", { clientId: client.id }),
        roster: { ...roster, number: 3 },
        keysets: [
          nextManifest(3, { incarnation: 4, members: [{ keysetId, clientId: client.id, mode: "read-write" }] }),
        ],
        revokedAt: 9,
      })
      assert.equal((await store.client(workspaceId, clientId))?.revokedAt, 9)
      assert.equal((await store.apiKey(workspaceInput.apiKey.id))?.revokedAt, 9)
      assert.equal(await store.audit.incarnation(workspaceId), 4)
      assert.equal((await store.rosters(workspaceId)).length, 3)
    },
  ],
  [
    "the keys of a destroyed key set go when they are due, once",
    async ([store, other]) => {
      await found(store)
      const destroyed = nextManifest(2)
      const keyset = { ...destroyed.keyset, state: "destroyed" as const, undoUntil: 1_700_000_000_000 }
      await store.updateKeyset(guard(1), { ...destroyed, keyset })
      const [waiting] = await other.unpurgedKeysets()
      assert.equal(waiting?.undoUntil, 1_700_000_000_000)
      await assert.rejects(other.purgeKeyset(guard(2), { keysetId, purgedAt: 5 }), stale)
      const due = { keysetId, purgedAt: 1_700_000_000_001 }
      const tries = await Promise.allSettled([store.purgeKeyset(guard(2), due), other.purgeKeyset(guard(2), due)])
      assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1)
      assert.equal(await other.authorityKey(keysetId, 1), undefined)
      assert.deepEqual(await store.unpurgedKeysets(), [])
    },
  ],
  [
    "a root key is replaced whole or not at all",
    async ([store, other]) => {
      const key = { kid: "t", kind: "token-key", wrapped: hash(1), createdAt: 1 } as const
      const previousId = new Uint8Array(8).fill(1)
      await store.initialize({
        server: { rootKeyId: previousId, rootKeyDerivation: null, createdAt: 1 },
        signingKeys: [key],
      })
      await found(store)
      const server = { rootKeyId: new Uint8Array(8).fill(2), rootKeyDerivation: null }
      const authorityKeys = (await store.authorityKeys()).map(({ workspaceId: _, ...row }) => ({
        ...row,
        wrapped: hash(6),
      }))
      const input = { previousId, server, signingKeys: [{ ...key, wrapped: hash(5) }], authorityKeys }
      const missing = other.replaceRootKey({ ...input, authorityKeys: [] })
      await assert.rejects(missing, refusedWith("revision_conflict"))
      assert.equal((await store.authorityKeys()).length, 1)
      await other.replaceRootKey(input)
      assert.equal(hex((await store.authorityKey(keysetId, 1))?.wrapped), hex(hash(6)))
      assert.equal(hex((await store.server())?.rootKeyId), "02".repeat(8))
      await assert.rejects(store.replaceRootKey(input), refusedWith("root_key_mismatch"))
    },
  ],
]
