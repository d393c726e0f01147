/** Heads of the log from the wire, and whether to believe them: origin, signature, and the last head seen (S12). */
import {
  type CheckpointNote,
  isCheckpointSignedBy,
  parseAuditOrigin,
  parseCheckpoint,
} from "@halfkey/core/formats/checkpoint"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { isConsistent } from "@halfkey/core/formats/merkle-proof"
import { type Roster, rosterFormat, type WorkspaceRootKeys } from "@halfkey/core/formats/roster"
import { noteMaxLength } from "@halfkey/core/formats/signed-note"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { loadAllDocuments, loadManifests } from "../administration/documents.ts"
import { readWorkspace } from "../administration/roster.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import type { AuditFloor } from "../stores.ts"
import { anotherLog, auditCheckFailed, shrunkLog, timeText } from "./problems.ts"
import type { AuditCheckpoint, AuditRoster } from "./types.ts"

/** A head whose origin and signature are right. */
export interface SignedHead {
  readonly checkpoint: AuditCheckpoint
  readonly incarnation: number
  readonly size: number
  readonly rootHash: Uint8Array
}

/** After the roster has named another key, or a restore was accepted, the server signs again at once. */
const signedAgainMs = 1000

/** The newest head. Throws `audit_verification_failed`, checks "checkpoint", "origin" and "signature". */
export async function readHead(session: Session, scope: CallScope): Promise<SignedHead> {
  try {
    return requireNewestOrigin(session, await readHeadOnce(session, scope))
  } catch (error) {
    const mayPass = error instanceof HalfkeyError && (error.check === "signature" || error.check === "origin")
    if (!mayPass || error.code !== "audit_verification_failed") throw error
    await scope.wait(signedAgainMs)
    return requireNewestOrigin(session, await readHeadOnce(session, scope))
  }
}

/** The log takes up the incarnation of a restore with the manifest that accepts it. */
function requireNewestOrigin(session: Session, head: SignedHead): SignedHead {
  const seen = Math.max(...[...session.floors.documents().keysets.values()].map(({ incarnation }) => incarnation), 1)
  if (head.incarnation >= seen) return head
  throw auditCheckFailed(
    "origin",
    `the log is that of incarnation ${head.incarnation}, from before a restore that a granter accepted (incarnation ${seen})`,
    { incarnation: head.incarnation, seenIncarnation: seen },
  )
}

async function readHeadOnce(session: Session, scope: CallScope): Promise<SignedHead> {
  const { root, roster, rosters } = await readWorkspace(session, scope)
  const call = { method: "GET", path: "/v1/audit/checkpoint", repetition: "repeatable" } as const
  const answer = await session.api.call(scope, call)
  const note = answer.field("checkpoint").text(noteMaxLength)
  const { incarnation, origin, rootHash, size } = checkedHead(note, session.configuration.crn.workspaceId, roster)
  const checkpoint = {
    note,
    origin,
    size,
    rootHash: toBase64Url(rootHash),
    time: answer.field("time").time(),
    auditKey: toBase64Url(roster.auditKey),
    roster: auditRoster(root, rosters),
  }
  return { checkpoint, incarnation, size, rootHash }
}

function auditRoster(root: WorkspaceRootKeys, rosters: readonly Roster[]): AuditRoster {
  return {
    root: { signPk: toBase64Url(root.signPk), kemPk: toBase64Url(root.kemPk) },
    rosters: rosters.map((each) => rosterFormat.toJson(each)),
  }
}

/** Reads a note and checks what it says by itself: that it is of this workspace's log, and signed by this key. */
export function checkedHead(
  note: string,
  workspaceId: WorkspaceId,
  { auditKey, seq }: { readonly auditKey: Uint8Array; readonly seq?: number },
): CheckpointNote & { readonly incarnation: number } {
  const checkpoint = parsed(note)
  const origin = parseAuditOrigin(checkpoint.origin)
  if (origin?.workspaceId !== workspaceId) {
    throw auditCheckFailed("origin", "the checkpoint is of another log: its origin is not that of this workspace")
  }
  if (!isCheckpointSignedBy(checkpoint, auditKey)) {
    const whose = seq === undefined ? "the audit key that was given" : `the audit key of roster ${seq}`
    throw auditCheckFailed(
      "signature",
      `the checkpoint of ${checkpoint.size} entries is not signed by ${whose} (${toBase64Url(auditKey)})`,
      { size: checkpoint.size, ...(seq !== undefined && { rosterSeq: seq }) },
    )
  }
  return { ...checkpoint, incarnation: origin.incarnation }
}

function parsed(note: string): CheckpointNote {
  try {
    return parseCheckpoint(note)
  } catch (error) {
    if (!(error instanceof HalfkeyError)) throw error
    throw auditCheckFailed("checkpoint", `the checkpoint is none: ${error.message}`)
  }
}

/** What a head must go on from. */
export interface Memory {
  /** The last head seen of the same log. */
  readonly floor: AuditFloor | undefined
  /** Entries behind receipts from before this time need not be there: an accepted restore lost them. */
  readonly receiptsSince: number
  /** A restore was accepted since the last head seen, or before the first one. */
  readonly restored: boolean
}

/**
 * Throws `audit_verification_failed`, check "origin", for a log of an earlier incarnation than was seen, or of a later one
 * that no granter has signed.
 */
export async function memoryOf(session: Session, scope: CallScope, head: SignedHead): Promise<Memory> {
  const floor = session.floors.audit()
  const seen = floor && (parseAuditOrigin(floor.origin)?.incarnation ?? 0)
  if (floor !== undefined && seen === head.incarnation) {
    return { floor, receiptsSince: floor.receiptsSince ?? 0, restored: false }
  }
  if (floor !== undefined && seen !== undefined && head.incarnation < seen) {
    throw auditCheckFailed(
      "origin",
      `the log is that of incarnation ${head.incarnation}, but this machine saw incarnation ${seen} on ${timeText(floor.seenAt)}`,
      { incarnation: head.incarnation, seenIncarnation: seen, seenAt: timeText(floor.seenAt) },
    )
  }
  if (head.incarnation === 1) return { floor: undefined, receiptsSince: 0, restored: false }
  return { floor: undefined, receiptsSince: await acceptedAt(session, scope, head.incarnation), restored: true }
}

/**
 * When a granter accepted the restore: the first manifest that says so, however often its key set was signed again since, or
 * else receipts from between would not count.
 * Only a granter can say that the log starts again: else an operator could cut it off and call that a restore (S10).
 */
async function acceptedAt(session: Session, scope: CallScope, incarnation: number): Promise<number> {
  const manifests = (await loadAllDocuments(session, scope)).map(({ manifest }) => manifest)
  const times: number[] = []
  for (const manifest of manifests) {
    if (manifest.incarnation >= incarnation) times.push(await beginningOf(session, scope, manifest, incarnation))
  }
  if (times.length > 0) return Math.min(...times)
  throw auditCheckFailed(
    "origin",
    `the log says that it goes on after a restore (incarnation ${incarnation}), but no manifest that a granter signed says so`,
    { incarnation },
  )
}

/** When the first manifest of an incarnation, or a later one, was signed. Most are few revisions back: so a few are asked for first. */
async function beginningOf(
  session: Session,
  scope: CallScope,
  { createdAt, keysetId, revision }: Manifest,
  incarnation: number,
): Promise<number> {
  for (let back = 16; ; back *= 16) {
    const since = Math.max(1, revision - back)
    const chain = await loadManifests(session, scope, keysetId, since)
    if (chain[0]?.revision !== since) {
      throw auditCheckFailed(
        "origin",
        "the server leaves out when the restore was accepted that its log goes on after",
        {
          incarnation,
        },
      )
    }
    const first = chain.find((each) => each.incarnation >= incarnation)
    if (since === 1 || (first !== undefined && first !== chain[0])) return first?.createdAt ?? createdAt
  }
}

/**
 * That a head goes on from the last one seen, by a proof of the server. Throws `audit_verification_failed`, check
 * "freshness".
 */
export async function requireGoesOn(
  session: Session,
  scope: CallScope,
  floor: AuditFloor,
  head: SignedHead,
): Promise<void> {
  if (head.size < floor.size) throw shrunkLog(floor, head.size)
  const seenRoot = fromBase64Url(floor.rootHash) ?? new Uint8Array(0)
  if (head.size === floor.size) {
    if (!equalBytes(seenRoot, head.rootHash)) throw anotherLog(floor)
    return
  }
  if (floor.size === 0) return
  if (!(await isProved(session, scope, { size: floor.size, rootHash: seenRoot }, head))) throw anotherLog(floor)
}

/** Whether the server can prove that its log begins with this one. What it cannot prove counts as false. */
export async function isProved(
  session: Session,
  scope: CallScope,
  from: { readonly size: number; readonly rootHash: Uint8Array },
  to: { readonly size: number; readonly rootHash: Uint8Array },
): Promise<boolean> {
  if (from.size === 0) return true
  const answer = await session.api.call(scope, {
    method: "GET",
    path: "/v1/audit/proof",
    query: { from: from.size, to: to.size },
    repetition: "repeatable",
    keepsReceipt: false,
  })
  const hashes = answer
    .field("hashes")
    .list()
    .map((hash) => hash.bytes(32))
  return isConsistent(from.size, to.size, from.rootHash, to.rootHash, hashes)
}

/** Remembers a head that passed every check. `peaks` where the whole log was read; else those of the last reading stay. */
export function remember(session: Session, head: SignedHead, memory: Memory, peaks?: readonly Uint8Array[]): void {
  const { origin, rootHash, size } = head.checkpoint
  const read = peaks === undefined ? memory.floor?.read : { size, peaks: peaks.map(toBase64Url) }
  session.floors.seeHead({
    origin,
    size,
    rootHash,
    seenAt: session.now(),
    ...(read !== undefined && { read }),
    ...(memory.receiptsSince > 0 && { receiptsSince: memory.receiptsSince }),
  })
}
