/** What the audit tree must hold after crashes: every head that was ever signed, and every receipt that a client received. */
import { DatabaseSync } from "node:sqlite"
import { isCheckpointSignedBy, parseCheckpoint } from "@halfkey/core/formats/checkpoint"
import { isIncluded } from "@halfkey/core/formats/merkle-proof"
import { GrowingTree } from "@halfkey/core/formats/merkle-tree"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import type { AuditCheckpointResponse, AuditInclusionResponse } from "@halfkey/core/wire/audit"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import type { Receipt } from "./model.ts"
import type { Snapshot } from "./snapshot.ts"

/** The newest checkpoint on disk as its note; `undefined` before the first one. */
export function storedCheckpoint(databasePath: string): string | undefined {
  const db = new DatabaseSync(databasePath, { readOnly: true })
  try {
    const row = db.prepare("select note from audit_checkpoints").get()
    return row && String(row["note"])
  } finally {
    db.close()
  }
}

/** Checkpoints that were seen at any time, against the entries as they are now. */
export function problemsOfHeads(notes: ReadonlySet<string>, snapshot: Snapshot, auditKey: Uint8Array): string[] {
  const heads = [...notes].map(parseCheckpoint)
  const problems: string[] = []
  const tree = new GrowingTree()
  const roots = new Map<number, string>()
  const wanted = new Set(heads.map(({ size }) => size))
  for (const leafHash of snapshot.leafHashes) {
    tree.append(bytes(leafHash))
    if (wanted.has(tree.size)) roots.set(tree.size, toBase64Url(tree.root()))
  }
  for (const head of heads) {
    if (!isCheckpointSignedBy(head, auditKey)) problems.push(`the checkpoint of ${head.size} has a wrong signature`)
    const root = roots.get(head.size)
    if (root === undefined) problems.push(`a checkpoint covers ${head.size} entries, there are ${tree.size}`)
    else if (root !== toBase64Url(head.rootHash)) problems.push(`the checkpoint of ${head.size} is of another tree`)
  }
  return problems
}

/** Asks the server for a proof of each receipt, under its newest checkpoint. */
export async function problemsOfProofs(
  origin: string,
  options: SecretsOptions,
  receipts: readonly Receipt[],
  atLeast: number,
): Promise<{ readonly problems: string[]; readonly proved: number }> {
  const authorization = await tokenOf(origin, options)
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${origin}/v1/audit/${path}`, { headers: { authorization } })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer as T
  }
  const newest = async () => parseCheckpoint((await ask<AuditCheckpointResponse>("checkpoint")).checkpoint)
  const { auditKey } = (await (await fetch(`${origin}/.well-known/halfkey`)).json()) as { auditKey: string }
  let head = await newest()
  while (head.size < atLeast) head = await newest()
  const problems = isCheckpointSignedBy(head, bytes(auditKey)) ? [] : ["the served checkpoint has a wrong signature"]
  const left = receipts.slice()
  const prove = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { hashes, index } = await ask<AuditInclusionResponse>(`proof?leaf=${next.leafHash}&size=${head.size}`)
      const isProved = isIncluded(bytes(next.leafHash), index, head.size, hashes.map(bytes), head.rootHash)
      if (!isProved) problems.push(`the receipt ${next.leafHash} of ${next.path} is not proved`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, prove))
  return { problems, proved: receipts.length }
}

/** The header that the SDK sends. What is answered here is no part of what the writers were told. */
async function tokenOf(origin: string, options: SecretsOptions): Promise<string> {
  let authorization = ""
  const secrets = new Secrets({
    ...options,
    transport: async ({ body, headers, method, signal, url }) => {
      authorization = headers["authorization"] ?? authorization
      const { pathname, search } = new URL(url)
      const parts = { method, headers, signal, ...(body !== undefined && { body }) }
      const response = await fetch(`${origin}${pathname}${search}`, parts)
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
    },
  })
  unwrap(await secrets.list())
  await secrets.close()
  return authorization
}

const bytes = (text: string) => fromBase64Url(text) ?? new Uint8Array(0)
