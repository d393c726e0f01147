/** Changing who may sign (S4): the next roster, and the manifests that must be signed again under it. */

import { keysetCheckFailed } from "../formats/errors.ts"
import type { Manifest } from "../formats/manifest.ts"
import { type Granter, type Roster, rosterFormat } from "../formats/roster.ts"
import { isStrictPublicKey } from "../primitives/ed25519.ts"
import { byClientId, requireGranter, type Signer, signNext } from "./next-manifest.ts"
import type { VerifiedDocuments } from "./verified-documents.ts"

/** Signs the successor of a verified roster with these granters. Throws `not_a_granter`. */
export function nextRoster(previous: Roster, granters: readonly Granter[], signer: Signer): Roster {
  return signSuccessor(previous, { granters: [...granters].sort(byClientId) }, signer)
}

/**
 * Signs the successor of a verified roster that names another audit key, 32 bytes (S12). Throws `not_a_granter`, or
 * `keyset_verification_failed` with check "audit key" for a key under which anybody could sign checkpoints.
 */
export function rosterWithAuditKey(previous: Roster, auditKey: Uint8Array, signer: Signer): Roster {
  requireAuditKey(auditKey)
  return signSuccessor(previous, { auditKey }, signer)
}

/** Before a person is asked about a key that the server offers. Throws `keyset_verification_failed` with check "audit key". */
export function requireAuditKey(auditKey: Uint8Array): void {
  if (!isStrictPublicKey(auditKey)) throw keysetCheckFailed("audit key", "the server's is not a usable Ed25519 key")
}

function signSuccessor(
  previous: Roster,
  changes: Partial<Pick<Roster, "granters" | "auditKey">>,
  signer: Signer,
): Roster {
  requireGranter(previous, signer.signerId)
  const { signature: _, ...fields } = previous
  return rosterFormat.sign(
    {
      ...fields,
      ...changes,
      seq: previous.seq + 1,
      previousHash: rosterFormat.hash(previous),
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
