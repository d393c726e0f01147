/**
 * Where a log differs from what was signed (S12). The server's own tree still knows: for the first n entries as they are
 * read, it can prove that the signed tree begins with them, or it cannot. The greatest n that it can prove is found by
 * halving; what follows is the first entry that is not what was signed.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { GrowingTree, leafHashOfText } from "@halfkey/core/formats/merkle-tree"
import type { CallOptions } from "../options.ts"
import type { Session } from "../session.ts"
import { isProved, type SignedHead } from "./checkpoints.ts"
import { readPages } from "./entries.ts"
import type { LogVerifier } from "./log-verifier.ts"
import { auditCheckFailed, rangeText } from "./problems.ts"
import type { AuditLogPage } from "./types.ts"

type PageReader = (after: number | undefined) => Promise<AuditLogPage>

/** The failure that says which entry is not what was signed. */
export async function changedEntries(
  session: Session,
  options: CallOptions,
  verifier: LogVerifier,
  head: SignedHead,
  page: PageReader,
): Promise<HalfkeyError> {
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
  const cuts = await lastThat(verifier.snapshots, isSigned)
  const from = verifier.snapshots[cuts] ?? new GrowingTree()
  const until = verifier.snapshots[cuts + 1]?.size ?? verifier.size
  const trees = await treesFrom(from, until, page)
  const first = trees[await lastThat(trees, isSigned)]?.size ?? from.size
  return notSigned(first, head)
}

function notSigned(first: number, { size }: SignedHead): HalfkeyError {
  const kept = first === 0 ? "" : `${rangeText(0, first - 1)} ${first === 1 ? "is" : "are"} as signed, `
  return auditCheckFailed(
    "entries",
    `${kept}entry ${first} is not what was signed: it was changed, or an entry was added, removed or moved there (the checkpoint covers ${size})`,
    { index: first, size },
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
