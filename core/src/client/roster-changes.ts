/** Changing who may sign (S4): the next roster, and the manifests that must be signed again under it. */

import type { Manifest } from "../formats/manifest.ts"
import { type Granter, type Roster, rosterFormat } from "../formats/roster.ts"
import { byClientId, requireGranter, type Signer, signNext } from "./next-manifest.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

/** Signs the successor of a verified roster with these granters. Throws `not_a_granter`. */
export function nextRoster(previous: Roster, granters: readonly Granter[], signer: Signer): Roster {
  requireGranter(previous, signer.signerId)
  const { signature: _, ...fields } = previous
  return rosterFormat.sign(
    {
      ...fields,
      seq: previous.seq + 1,
      previousHash: rosterFormat.hash(previous),
      granters: [...granters].sort(byClientId),
      createdAt: signer.now,
      signerId: signer.signerId,
    },
    signer.signingKey,
  )
}

/**
 * Signs a manifest again, unchanged, under a newer roster: what must happen to every manifest whose signer leaves.
 * `roster` is the verified one or a successor that was just signed. Throws `not_a_granter`.
 */
export function signAgain(documents: VerifiedDocuments, roster: Roster, signer: Signer): Manifest {
  return signNext({ ...documents, roster, rosterHash: rosterFormat.hash(roster) }, {}, signer)
}
