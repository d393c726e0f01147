/** Every file of `attacks/`, by its name; `harness.test.ts` holds the list and the folder together. */
import type { Attack } from "./attack.ts"
import { attack as brokenManifestChain } from "./attacks/broken-manifest-chain.ts"
import { attack as brokenRosterChain } from "./attacks/broken-roster-chain.ts"
import { attack as disabledKeySet } from "./attacks/disabled-key-set.ts"
import { attack as editedManifest } from "./attacks/edited-manifest.ts"
import { attack as epochsThatGoBack } from "./attacks/epochs-that-go-back.ts"
import { attack as extraMember } from "./attacks/extra-member.ts"
import { attack as extraMemberAtRecovery } from "./attacks/extra-member-at-recovery.ts"
import { attack as foreignGrant } from "./attacks/foreign-grant.ts"
import { attack as forgedRoster } from "./attacks/forged-roster.ts"
import { attack as forkedManifest } from "./attacks/forked-manifest.ts"
import { attack as forkedRoster } from "./attacks/forked-roster.ts"
import { attack as forkedRosterInWorkspace } from "./attacks/forked-roster-in-workspace.ts"
import { attack as hiddenRoster } from "./attacks/hidden-roster.ts"
import { attack as leftOutRevision } from "./attacks/left-out-revision.ts"
import { attack as lowerIncarnation } from "./attacks/lower-incarnation.ts"
import { attack as malformedBundle } from "./attacks/malformed-bundle.ts"
import { attack as oldManifest } from "./attacks/old-manifest.ts"
import { attack as otherEnvironment } from "./attacks/other-environment.ts"
import { attack as otherEnvironmentById } from "./attacks/other-environment-by-id.ts"
import { attack as otherRosterOfTheSameNumber } from "./attacks/other-roster-of-the-same-number.ts"
import { attack as ownKeyReplaced } from "./attacks/own-key-replaced.ts"
import { attack as recoveryGrant } from "./attacks/recovery-grant.ts"
import { attack as recoveryGrantAtRecovery } from "./attacks/recovery-grant-at-recovery.ts"
import { attack as removedGranter } from "./attacks/removed-granter.ts"
import { attack as renamedManifest } from "./attacks/renamed-manifest.ts"
import { attack as repeatedJsonMembers } from "./attacks/repeated-json-members.ts"
import { attack as repeatedJsonMembersWithTheTruthLast } from "./attacks/repeated-json-members-with-the-truth-last.ts"
import { attack as replacedClientHalf } from "./attacks/replaced-client-half.ts"
import { attack as replacedCommitment } from "./attacks/replaced-commitment.ts"
import { attack as replacedRoot } from "./attacks/replaced-root.ts"
import { attack as replacedSelfWrap } from "./attacks/replaced-self-wrap.ts"
import { attack as rosterAtRecovery } from "./attacks/roster-at-recovery.ts"
import { attack as secondKeySetOfAName } from "./attacks/second-key-set-of-a-name.ts"
import { attack as signerInAnotherName } from "./attacks/signer-in-another-name.ts"
import { attack as signerWithoutRight } from "./attacks/signer-without-right.ts"
import { attack as smallOrderAuditKey } from "./attacks/small-order-audit-key.ts"
import { attack as smallOrderGranter } from "./attacks/small-order-granter.ts"
import { attack as smallOrderKeysInCommands } from "./attacks/small-order-keys-in-commands.ts"
import { attack as smallOrderRoot } from "./attacks/small-order-root.ts"
import { attack as smallOrderSignature } from "./attacks/small-order-signature.ts"
import { attack as strangeEncodings } from "./attacks/strange-encodings.ts"
import { attack as strangeEncodingsInCommands } from "./attacks/strange-encodings-in-commands.ts"
import { attack as takenOut } from "./attacks/taken-out.ts"

export const attacks: Readonly<Record<string, Attack>> = {
  "broken-manifest-chain": brokenManifestChain,
  "broken-roster-chain": brokenRosterChain,
  "disabled-key-set": disabledKeySet,
  "edited-manifest": editedManifest,
  "epochs-that-go-back": epochsThatGoBack,
  "extra-member": extraMember,
  "extra-member-at-recovery": extraMemberAtRecovery,
  "foreign-grant": foreignGrant,
  "forged-roster": forgedRoster,
  "forked-manifest": forkedManifest,
  "forked-roster": forkedRoster,
  "forked-roster-in-workspace": forkedRosterInWorkspace,
  "hidden-roster": hiddenRoster,
  "left-out-revision": leftOutRevision,
  "lower-incarnation": lowerIncarnation,
  "malformed-bundle": malformedBundle,
  "old-manifest": oldManifest,
  "other-environment": otherEnvironment,
  "other-environment-by-id": otherEnvironmentById,
  "other-roster-of-the-same-number": otherRosterOfTheSameNumber,
  "own-key-replaced": ownKeyReplaced,
  "recovery-grant": recoveryGrant,
  "recovery-grant-at-recovery": recoveryGrantAtRecovery,
  "removed-granter": removedGranter,
  "renamed-manifest": renamedManifest,
  "repeated-json-members": repeatedJsonMembers,
  "repeated-json-members-with-the-truth-last": repeatedJsonMembersWithTheTruthLast,
  "replaced-client-half": replacedClientHalf,
  "replaced-commitment": replacedCommitment,
  "replaced-root": replacedRoot,
  "replaced-self-wrap": replacedSelfWrap,
  "roster-at-recovery": rosterAtRecovery,
  "second-key-set-of-a-name": secondKeySetOfAName,
  "signer-in-another-name": signerInAnotherName,
  "signer-without-right": signerWithoutRight,
  "small-order-audit-key": smallOrderAuditKey,
  "small-order-granter": smallOrderGranter,
  "small-order-keys-in-commands": smallOrderKeysInCommands,
  "small-order-root": smallOrderRoot,
  "small-order-signature": smallOrderSignature,
  "strange-encodings": strangeEncodings,
  "strange-encodings-in-commands": strangeEncodingsInCommands,
  "taken-out": takenOut,
}
