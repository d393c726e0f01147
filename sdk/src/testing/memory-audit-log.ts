/**
 * An audit log in memory, in front of a server in memory: each answer becomes an entry and carries its receipt. Tests
 * change what is there as an operator with the database, and the key, could. What the real server does is tested with it.
 */
import { auditOrigin, signCheckpoint } from "@halfkey/core/formats/checkpoint"
import { parseCrn } from "@halfkey/core/formats/crn"
import { consistencyProof, inclusionProof, type NodeSource } from "@halfkey/core/formats/merkle-proof"
import { GrowingTree, leafHashOfText, treeRoot } from "@halfkey/core/formats/merkle-tree"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { type SigningKey, signingKeyFromSeed } from "@halfkey/core/primitives/ed25519"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { Transport, TransportRequest } from "../transport.ts"
import { memoryWorkspace } from "./memory-workspace.ts"

class MemoryAuditLog {
  /** Texts of entries, by index. */
  entries: { index: number; entry: string }[] = []
  /** What the tree is made of: changes with `entries` only where a test says so. */
  leaves: Uint8Array[] = []
  incarnation = 1
  key: SigningKey
  /** Entries of a page, below the limit that was asked for. */
  pageSize = 1000
  /** The head that is served; the newest one unless a test holds it. */
  held: string | undefined
  /** How many entries from the first one on are in an archive file. */
  archived = 0
  /** Whether what is asked is logged. */
  logs = true
  readonly requests: string[] = []
  readonly #transport: Transport
  readonly #workspaceCRN: string

  constructor(transport: Transport, workspaceCRN: string, key: SigningKey) {
    this.#transport = transport
    this.#workspaceCRN = workspaceCRN
    this.key = key
  }

  get transport(): Transport {
    return async (request) => {
      const path = new URL(request.url).pathname
      this.requests.push(request.url)
      const answer = path.startsWith("/v1/audit/") ? this.#answer(request) : await this.#transport(request)
      if (!this.logs) return answer
      const receipt = this.append(JSON.stringify({ action: path, time: new Date().toISOString() }))
      return { ...answer, headers: { ...answer.headers, "halfkey-receipt": toBase64Url(receipt) } }
    }
  }

  append(entry: string): Uint8Array {
    const leaf = leafHashOfText(entry)
    this.entries.push({ index: this.entries.length, entry })
    this.leaves.push(leaf)
    return leaf
  }

  /** Makes the tree anew from the entries as they are, and numbers them anew. */
  rebuild(): void {
    this.entries = this.entries.map(({ entry }, index) => ({ index, entry }))
    this.leaves = this.entries.map(({ entry }) => leafHashOfText(entry))
  }

  note(): string {
    const origin = auditOrigin(parseCrn(this.#workspaceCRN).workspaceId, this.incarnation)
    return signCheckpoint({ origin, size: this.leaves.length, rootHash: treeRoot(this.leaves) }, this.key)
  }

  #answer(request: TransportRequest) {
    const url = new URL(request.url)
    const query = (name: string) => url.searchParams.get(name)
    if (url.pathname.endsWith("/checkpoint")) {
      return json({ checkpoint: this.held ?? this.note(), time: new Date().toISOString() })
    }
    if (url.pathname.endsWith("/entries")) {
      const after = Number(query("after") ?? -1)
      const limit = Math.min(Number(query("limit") ?? 100), this.pageSize)
      const behind = this.entries.filter(({ index }) => index > after && index >= this.archived)
      const entries = behind.slice(0, limit)
      const archived = [{ first: 0, last: this.archived - 1, file: "audit-0.jsonl" }]
      return json({
        entries,
        ...(behind.length > limit && { next: entries.at(-1)?.index }),
        ...(after < this.archived && this.archived > 0 && { archived }),
      })
    }
    const nodes = new Map<string, Uint8Array>()
    const tree = new GrowingTree()
    for (const leaf of this.leaves) tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash))
    const source: NodeSource = (level, index) => nodes.get(`${level}/${index}`) as Uint8Array
    const leaf = query("leaf")
    if (leaf === null) {
      return json({ hashes: consistencyProof(Number(query("from")), Number(query("to")), source).map(toBase64Url) })
    }
    const index = this.leaves.findIndex((each) => toBase64Url(each) === leaf)
    if (index < 0) return notFound
    const size = Number(query("size"))
    return json({ index, size, hashes: inclusionProof(index, size, source).map(toBase64Url) })
  }
}

const json = (body: object) => ({
  status: 200,
  headers: { "content-type": "application/json" } as Record<string, string>,
  body: JSON.stringify(body),
})

const notFound = {
  status: 404,
  headers: { "content-type": "application/problem+json" } as Record<string, string>,
  body: JSON.stringify({ code: "audit_entry_not_found", status: 404, title: "", detail: "", requestId: "r" }),
}

/** A workspace whose every answer is in a log. `options` go through it. */
export async function loggedWorkspace() {
  const key = signingKeyFromSeed(systemRandom(32))
  const place = await memoryWorkspace(["production"], key.publicKey)
  const log = new MemoryAuditLog(place.server.transport, place.workspace.workspaceCRN, key)
  return { ...place, log, key, options: { ...place.options, transport: log.transport } }
}
