/**
 * Where a log differs from what was signed (S12). The server's own tree still knows: for the first n entries as they are
 * read, it can prove that the signed tree begins with them, or it cannot. The greatest n that it can prove is found by
 * halving; what follows is the first entry that is not what was signed.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { GrowingTree, leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import type { CallOptions } from "../options.ts"
import type { Session } from "../session.ts"
import type { AuditFloor } from "../stores.ts"
import { isProved, readHead, type SignedHead } from "./checkpoints.ts"
import { readPages } from "./entries.ts"
import type { LogVerifier } from "./log-verifier.ts"
import { auditCheckFailed, rangeText, timeText } from "./problems.ts"
import type { AuditLogPage } from "./types.ts"

/** How long a later head is waited for. */
const laterHeadMs = 3000
const pollMs = 250

type PageReader = (after: number | undefined) => Promise<AuditLogPage>

/** The failure that says which entry is not what was signed, or what is known of its place. */
export async function changedEntries(
  session: Session,
  options: CallOptions,
  verifier: LogVerifier,
  head: SignedHead,
  page: PageReader,
): Promise<HalfkeyError> {
  const first = await provedSize(session, options, verifier, head, page)
  if (first > 0) return notSigned(first, head)
  // The server's tree need not be the one of this head any more, and then it can prove nothing for it; what it signed
  // since goes with its tree.
  const later = await laterHead(session, options, head)
  const size = later === undefined ? 0 : await provedSize(session, options, verifier, later, page)
  if (later !== undefined && size > 0 && size < verifier.size) return notSigned(size, later)
  verifier.requireSeen()
  return unknownPlace(session.floors.audit(), verifier.size, head)
}

/** How many entries, as they are read now, the server can prove to be the beginning of a signed tree. */
async function provedSize(
  session: Session,
  options: CallOptions,
  verifier: LogVerifier,
  head: SignedHead,
  page: PageReader,
): Promise<number> {
  const isSigned = async (tree: GrowingTree): Promise<boolean> => {
    const from = { size: tree.size, rootHash: tree.root() }
    try {
      return await session.run(options, async (scope) => await isProved(session, scope, from, head))
    } catch (error) {
      // A refusal proves nothing; a server that is gone is another failure.
      if (error instanceof HalfkeyError && !error.retryable) return false
      throw error
    }
  }
  const cut = await lastThat(verifier.snapshots, isSigned)
  const from = verifier.snapshots[cut] ?? new GrowingTree()
  const until = verifier.snapshots[cut + 1]?.size ?? verifier.size
  const trees = await treesFrom(from, until, page)
  return trees[await lastThat(trees, isSigned)]?.size ?? from.size
}

/** A head of a larger tree, if one comes soon: this very question makes the log grow. */
async function laterHead(session: Session, options: CallOptions, head: SignedHead): Promise<SignedHead | undefined> {
  const deadline = performance.now() + laterHeadMs
  while (performance.now() < deadline) {
    const newest = await session.run(options, async (scope) => await readHead(session, scope))
    if (newest.checkpoint.origin !== head.checkpoint.origin) return undefined
    if (newest.size > head.size) return newest
    await session.run(options, async (scope) => await scope.wait(pollMs))
  }
  return undefined
}

function notSigned(first: number, { size }: SignedHead): HalfkeyError {
  return auditCheckFailed(
    "entries",
    `${rangeText(0, first - 1)} ${first === 1 ? "is" : "are"} as signed, entry ${first} is not: it was changed, or an entry was added, removed or moved there (the checkpoint covers ${size})`,
    { index: first, size },
  )
}

function unknownPlace(floor: AuditFloor | undefined, size: number, head: SignedHead): HalfkeyError {
  const known = floor?.origin === head.checkpoint.origin ? floor : undefined
  if (known === undefined || known.size === 0 || known.size >= size) {
    return auditCheckFailed(
      "entries",
      `the ${size} entries are not those that were signed, and the server can prove of none of them that it was: entry 0 was changed, or the tree itself`,
      { index: 0, size },
    )
  }
  return auditCheckFailed(
    "entries",
    `${rangeText(0, known.size - 1)} ${known.size === 1 ? "is" : "are"} what this machine saw on ${timeText(known.seenAt)}, but ${rangeText(known.size, size - 1)} ${size - known.size === 1 ? "is" : "are"} not what was signed: at least one was changed, added, removed or moved`,
    { index: known.size, lastIndex: size - 1, size },
  )
}

/** The trees of every size from one to another, as the entries are now. */
async function treesFrom(from: GrowingTree, until: number, page: PageReader): Promise<GrowingTree[]> {
  const tree = new GrowingTree(from.size, from.peaks)
  const trees = [new GrowingTree(tree.size, tree.peaks)]
  for await (const { entries } of readPages(from.size === 0 ? undefined : from.size - 1, page)) {
    for (const { entry } of entries) {
      if (tree.size >= until) return trees
      tree.append(leafHashOfText(entry))
      trees.push(new GrowingTree(tree.size, tree.peaks))
    }
  }
  return trees
}

/** Index of the last tree that holds, where all before one that holds do too, and the first one always does. */
async function lastThat(
  trees: readonly GrowingTree[],
  holds: (tree: GrowingTree) => Promise<boolean>,
): Promise<number> {
  let [low, high] = [0, trees.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    const tree = trees[middle]
    if (tree !== undefined && (await holds(tree))) low = middle
    else high = middle
  }
  return low
}
