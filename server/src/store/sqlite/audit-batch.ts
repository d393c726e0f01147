/**
 * Audit entries on their way to the writer's thread. Reads append nothing else, so these are nearly all messages under
 * load: one block of bytes for many entries costs a fraction of one object for each.
 */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Guard } from "../../domain/store.ts"

const leafHashLength = 32

/** Plain data: what is sent. Three numbers for each entry: generation, time, length of the entry's bytes. */
export interface EncodedAudits {
  readonly workspaceIds: readonly WorkspaceId[]
  readonly numbers: readonly number[]
  /** For each entry its bytes, then its leaf hash. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function encodeAudits(guards: readonly Guard[]): EncodedAudits {
  const workspaceIds: WorkspaceId[] = []
  const numbers: number[] = []
  let length = 0
  for (const { audit } of guards) length += audit.entry.length + leafHashLength
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const { generation, audit } of guards) {
    workspaceIds.push(audit.workspaceId)
    numbers.push(generation, audit.time, audit.entry.length)
    bytes.set(audit.entry, offset)
    bytes.set(audit.leafHash, offset + audit.entry.length)
    offset += audit.entry.length + leafHashLength
  }
  return { workspaceIds, numbers, bytes }
}

export function decodeAudits({ workspaceIds, numbers, bytes }: EncodedAudits): Guard[] {
  let offset = 0
  return workspaceIds.map((workspaceId, index) => {
    const generation = numbers[index * 3] ?? 0
    const time = numbers[index * 3 + 1] ?? 0
    const length = numbers[index * 3 + 2] ?? 0
    const entry = bytes.subarray(offset, offset + length)
    const leafHash = bytes.subarray(offset + length, offset + length + leafHashLength)
    offset += length + leafHashLength
    return { generation, audit: { workspaceId, time, entry, leafHash } }
  })
}
