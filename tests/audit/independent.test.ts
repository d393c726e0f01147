/**
 * The log as somebody sees it who trusts none of Halfkey's code: the tree of RFC 6962 over the exported texts, and the C2SP
 * checkpoint, opened with node:crypto alone (../vectors/audit-log.ts).
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { leafHash, openCheckpoint, path, proof, treeHash } from "../vectors/audit-log.ts"
import { AuditScene } from "./scene.ts"

let scene: AuditScene
before(async () => {
  scene = await AuditScene.open()
  await scene.use(300)
  // Until all of it is under a head.
  await scene.ok(["audit", "verify", "-q"])
})
after(() => scene.close())

const file = (name: string) => join(scene.folder, name)
const base64url = (text: string) => Buffer.from(text, "base64url")

async function exported(name: string) {
  const [jsonl, note, roster] = [`${name}.jsonl`, `${name}.checkpoint`, `${name}.roster.json`].map(file) as [
    string,
    string,
    string,
  ]
  await scene.ok(["audit", "export", "--file", jsonl, "--checkpoint", note, "--roster", roster, "-q"])
  const lines = readFileSync(jsonl, "utf8").trimEnd().split("\n")
  const entries = lines.map((line) => JSON.parse(line) as { index: number; entry: string })
  const { auditKey } = JSON.parse(readFileSync(roster, "utf8")).rosters.at(-1)
  return { entries, note: readFileSync(note, "utf8"), auditKey: base64url(auditKey) }
}

test("the checkpoint opens with the roster's key, and has the root of the exported entries", async () => {
  const { auditKey, entries, note } = await exported("first")
  const { origin, root, size } = openCheckpoint(note, auditKey)
  assert.equal(origin, `halfkey/${scene.workspaceId}/1`)
  const leaves = entries.map(({ entry }) => leafHash(entry))
  assert.ok(size > 300n)
  assert.deepEqual(treeHash(leaves.slice(0, Number(size))), root)
  assert.throws(() => openCheckpoint(note.replace(`\n${size}\n`, `\n${size + 1n}\n`), auditKey), /signature/)
})

test("what the database holds is what was exported: the leaf hashes, too", async () => {
  const { entries } = await exported("second")
  const stored = scene.entries()
  for (const { entry, index } of entries) {
    assert.equal(Buffer.from(stored[index]?.entry ?? []).toString(), entry)
    assert.deepEqual(Buffer.from(stored[index]?.leaf_hash ?? []), leafHash(entry))
  }
})

test("the server's proofs are those of RFC 6962", async () => {
  const { auditKey, entries, note } = await exported("third")
  const size = Number(openCheckpoint(note, auditKey).size)
  const leaves = entries.map(({ entry }) => leafHash(entry))
  const token = await accessToken()
  const ask = async (query: string) => {
    const answer = await fetch(`${scene.server.origin}/v1/audit/proof?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(answer.status, 200, query)
    const { hashes, index } = (await answer.json()) as { hashes: string[]; index?: number }
    return { hashes: hashes.map((hash) => base64url(hash).toString("hex")), index }
  }
  const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString("hex"))
  for (const index of [0, 1, 100, 255, 256, 257, size - 1]) {
    const found = await ask(`leaf=${leaves[index]?.toString("base64url")}&size=${size}`)
    assert.deepEqual(found, { index, hashes: hex(path(index, leaves.slice(0, size))) })
  }
  for (const from of [1, 2, 3, 255, 256, 257, size]) {
    const { hashes } = await ask(`from=${from}&to=${size}`)
    assert.deepEqual(hashes, hex(proof(from, leaves.slice(0, size))))
  }
})

async function accessToken(): Promise<string> {
  let found = ""
  const { Secrets } = await import("halfkey/secrets")
  const tokens = {
    load: async () => undefined,
    save: async ({ accessToken }: { accessToken: string }) => {
      found = accessToken
    },
    clear: async () => {},
  }
  const secrets = new Secrets({
    ...scene.profile,
    endpoint: scene.server.origin,
    environment: "development",
    tokens,
    env: {},
  })
  await secrets.list()
  await secrets.close()
  return found
}
