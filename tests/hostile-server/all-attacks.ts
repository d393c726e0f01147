/** Every file of `attacks/`, by its name; `hostile-server.test.ts` holds the list and the folder together. */
import type { Attack } from "./attack.ts"
import { attack as anotherVersionThanAsked } from "./attacks/another-version-than-asked.ts"
import { attack as anotherWorkspace } from "./attacks/another-workspace.ts"
import { attack as answerThatIsNotJson } from "./attacks/answer-that-is-not-json.ts"
import { attack as answerToAnotherQuestion } from "./attacks/answer-to-another-question.ts"
import { attack as approvalAnsweredForAnother } from "./attacks/approval-answered-for-another.ts"
import { attack as askedVersionReplaced } from "./attacks/asked-version-replaced.ts"
import { attack as auditAnswersThatAreNone } from "./attacks/audit-answers-that-are-none.ts"
import { attack as auditEntriesThatWereChanged } from "./attacks/audit-entries-that-were-changed.ts"
import { attack as auditHeadOfAnotherKey } from "./attacks/audit-head-of-another-key.ts"
import { attack as auditHeadOfAnotherLog } from "./attacks/audit-head-of-another-log.ts"
import { attack as auditKeyOfANewWorkspace } from "./attacks/audit-key-of-a-new-workspace.ts"
import { attack as auditKeyToTakeUp } from "./attacks/audit-key-to-take-up.ts"
import { attack as brokenConnection } from "./attacks/broken-connection.ts"
import { attack as brokenManifestChain } from "./attacks/broken-manifest-chain.ts"
import { attack as brokenRosterChain } from "./attacks/broken-roster-chain.ts"
import { attack as callerThatIsAnother } from "./attacks/caller-that-is-another.ts"
import { attack as clientThatIsNotThere } from "./attacks/client-that-is-not-there.ts"
import { attack as commitAnsweredForOthers } from "./attacks/commit-answered-for-others.ts"
import { attack as commitNeverTaken } from "./attacks/commit-never-taken.ts"
import { attack as deletedSaidBeforeWriting } from "./attacks/deleted-said-before-writing.ts"
import { attack as deletedSaidToBeLive } from "./attacks/deleted-said-to-be-live.ts"
import { attack as destructionNeverTaken } from "./attacks/destruction-never-taken.ts"
import { attack as destructionUndoneByNobody } from "./attacks/destruction-undone-by-nobody.ts"
import { attack as deviceAnsweredForAnother } from "./attacks/device-answered-for-another.ts"
import { attack as deviceKeysUnderItsId } from "./attacks/device-keys-under-its-id.ts"
import { attack as deviceNeverLetIn } from "./attacks/device-never-let-in.ts"
import { attack as disabledKeySet } from "./attacks/disabled-key-set.ts"
import { attack as editedCiphertext } from "./attacks/edited-ciphertext.ts"
import { attack as editedManifest } from "./attacks/edited-manifest.ts"
import { attack as editedRecord } from "./attacks/edited-record.ts"
import { attack as environmentAnsweredForAnother } from "./attacks/environment-answered-for-another.ts"
import { attack as epochAtRotation } from "./attacks/epoch-at-rotation.ts"
import { attack as epochBeforeRotation } from "./attacks/epoch-before-rotation.ts"
import { attack as epochToSealUnder } from "./attacks/epoch-to-seal-under.ts"
import { attack as epochsThatGoBack } from "./attacks/epochs-that-go-back.ts"
import { attack as extraMember } from "./attacks/extra-member.ts"
import { attack as extraMemberAtRecovery } from "./attacks/extra-member-at-recovery.ts"
import { attack as foreignGrant } from "./attacks/foreign-grant.ts"
import { attack as forgedRoster } from "./attacks/forged-roster.ts"
import { attack as forgottenByRefusal } from "./attacks/forgotten-by-refusal.ts"
import { attack as forgottenSecret } from "./attacks/forgotten-secret.ts"
import { attack as forkedBetweenCalls } from "./attacks/forked-between-calls.ts"
import { attack as forkedBetweenProcesses } from "./attacks/forked-between-processes.ts"
import { attack as forkedManifest } from "./attacks/forked-manifest.ts"
import { attack as forkedRecordBetweenProcesses } from "./attacks/forked-record-between-processes.ts"
import { attack as forkedRoster } from "./attacks/forked-roster.ts"
import { attack as forkedRosterInWorkspace } from "./attacks/forked-roster-in-workspace.ts"
import { attack as granterRemovalOnALie } from "./attacks/granter-removal-on-a-lie.ts"
import { attack as halfOfAnEarlierEpoch } from "./attacks/half-of-an-earlier-epoch.ts"
import { attack as halfOfAnotherEnvironment } from "./attacks/half-of-another-environment.ts"
import { attack as helpForAnotherEnvironment } from "./attacks/help-for-another-environment.ts"
import { attack as hiddenFromAll } from "./attacks/hidden-from-all.ts"
import { attack as hiddenFromRevocation } from "./attacks/hidden-from-revocation.ts"
import { attack as hiddenRoster } from "./attacks/hidden-roster.ts"
import { attack as hiddenUndo } from "./attacks/hidden-undo.ts"
import { attack as keyAboveP } from "./attacks/key-above-p.ts"
import { attack as leftOutRevision } from "./attacks/left-out-revision.ts"
import { attack as liveSaidToBeDeleted } from "./attacks/live-said-to-be-deleted.ts"
import { attack as lowerIncarnation } from "./attacks/lower-incarnation.ts"
import { attack as malformedBundle } from "./attacks/malformed-bundle.ts"
import { attack as malformedOffer } from "./attacks/malformed-offer.ts"
import { attack as malformedRecord } from "./attacks/malformed-record.ts"
import { attack as malformedSeed } from "./attacks/malformed-seed.ts"
import { attack as manifestNeverTaken } from "./attacks/manifest-never-taken.ts"
import { attack as membershipForAnotherEnvironment } from "./attacks/membership-for-another-environment.ts"
import { attack as oddToken } from "./attacks/odd-token.ts"
import { attack as offersForOthers } from "./attacks/offers-for-others.ts"
import { attack as oldManifest } from "./attacks/old-manifest.ts"
import { attack as oldManifestInCommands } from "./attacks/old-manifest-in-commands.ts"
import { attack as oldRoster } from "./attacks/old-roster.ts"
import { attack as oldVersion } from "./attacks/old-version.ts"
import { attack as oldVersionAsTheNewest } from "./attacks/old-version-as-the-newest.ts"
import { attack as otherEnvironment } from "./attacks/other-environment.ts"
import { attack as otherEnvironmentById } from "./attacks/other-environment-by-id.ts"
import { attack as otherRosterOfTheSameNumber } from "./attacks/other-roster-of-the-same-number.ts"
import { attack as oversizedAnswer } from "./attacks/oversized-answer.ts"
import { attack as oversizedDocuments } from "./attacks/oversized-documents.ts"
import { attack as ownKeyReplaced } from "./attacks/own-key-replaced.ts"
import { attack as packedAnswer } from "./attacks/packed-answer.ts"
import { attack as pagesWithoutEnd } from "./attacks/pages-without-end.ts"
import { attack as plaintextOfNoType } from "./attacks/plaintext-of-no-type.ts"
import { attack as recordMovedByItsHeader } from "./attacks/record-moved-by-its-header.ts"
import { attack as recordOfAClosedEpoch } from "./attacks/record-of-a-closed-epoch.ts"
import { attack as recordOfAnotherEnvironment } from "./attacks/record-of-another-environment.ts"
import { attack as recordOfItsOwn } from "./attacks/record-of-its-own.ts"
import { attack as recoveryGrant } from "./attacks/recovery-grant.ts"
import { attack as recoveryGrantAtRecovery } from "./attacks/recovery-grant-at-recovery.ts"
import { attack as redirect } from "./attacks/redirect.ts"
import { attack as redirectOfAWrite } from "./attacks/redirect-of-a-write.ts"
import { attack as refusalThatSpeaksToTheTerminal } from "./attacks/refusal-that-speaks-to-the-terminal.ts"
import { attack as refusalWithoutMeaning } from "./attacks/refusal-without-meaning.ts"
import { attack as regionOfANewWorkspace } from "./attacks/region-of-a-new-workspace.ts"
import { attack as registrationAnsweredForAnother } from "./attacks/registration-answered-for-another.ts"
import { attack as removedGranter } from "./attacks/removed-granter.ts"
import { attack as renamedManifest } from "./attacks/renamed-manifest.ts"
import { attack as repeatedJsonMembers } from "./attacks/repeated-json-members.ts"
import { attack as repeatedJsonMembersWithTheTruthLast } from "./attacks/repeated-json-members-with-the-truth-last.ts"
import { attack as replacedAuditKey } from "./attacks/replaced-audit-key.ts"
import { attack as replacedClientHalf } from "./attacks/replaced-client-half.ts"
import { attack as replacedClientKeys } from "./attacks/replaced-client-keys.ts"
import { attack as replacedCommitment } from "./attacks/replaced-commitment.ts"
import { attack as replacedRoot } from "./attacks/replaced-root.ts"
import { attack as replacedSeed } from "./attacks/replaced-seed.ts"
import { attack as replacedSelfWrap } from "./attacks/replaced-self-wrap.ts"
import { attack as restoreAcceptedOnALie } from "./attacks/restore-accepted-on-a-lie.ts"
import { attack as restoreThatGivesVersionsAgain } from "./attacks/restore-that-gives-versions-again.ts"
import { attack as restoredDatabase } from "./attacks/restored-database.ts"
import { attack as revokedDeviceSaidToWait } from "./attacks/revoked-device-said-to-wait.ts"
import { attack as revokedMemberListedAgain } from "./attacks/revoked-member-listed-again.ts"
import { attack as rosterAtRecovery } from "./attacks/roster-at-recovery.ts"
import { attack as rosterOfOneEnvironment } from "./attacks/roster-of-one-environment.ts"
import { attack as rotationAnsweredForAnotherKey } from "./attacks/rotation-answered-for-another-key.ts"
import { attack as secondKeySetOfAName } from "./attacks/second-key-set-of-a-name.ts"
import { attack as secondRecordForAVersion } from "./attacks/second-record-for-a-version.ts"
import { attack as signerInAnotherName } from "./attacks/signer-in-another-name.ts"
import { attack as signerWithoutRight } from "./attacks/signer-without-right.ts"
import { attack as slowAnswer } from "./attacks/slow-answer.ts"
import { attack as smallOrderAuditKey } from "./attacks/small-order-audit-key.ts"
import { attack as smallOrderGranter } from "./attacks/small-order-granter.ts"
import { attack as smallOrderKeysInCommands } from "./attacks/small-order-keys-in-commands.ts"
import { attack as smallOrderRoot } from "./attacks/small-order-root.ts"
import { attack as smallOrderSignature } from "./attacks/small-order-signature.ts"
import { attack as stateConfirmedOtherwise } from "./attacks/state-confirmed-otherwise.ts"
import { attack as stateEditedToEnabled } from "./attacks/state-edited-to-enabled.ts"
import { attack as stateThatNobodySigned } from "./attacks/state-that-nobody-signed.ts"
import { attack as strangeEncodings } from "./attacks/strange-encodings.ts"
import { attack as strangeEncodingsInCommands } from "./attacks/strange-encodings-in-commands.ts"
import { attack as suggestionForAShell } from "./attacks/suggestion-for-a-shell.ts"
import { attack as swappedDevice } from "./attacks/swapped-device.ts"
import { attack as swappedDeviceBySight } from "./attacks/swapped-device-by-sight.ts"
import { attack as swappedRecord } from "./attacks/swapped-record.ts"
import { attack as swappedRecordAtRotation } from "./attacks/swapped-record-at-rotation.ts"
import { attack as takenOut } from "./attacks/taken-out.ts"
import { attack as textThatMovesTheCursor } from "./attacks/text-that-moves-the-cursor.ts"
import { attack as textThatMovesTheCursorElsewhere } from "./attacks/text-that-moves-the-cursor-elsewhere.ts"
import { attack as twoRotationsAtOnce } from "./attacks/two-rotations-at-once.ts"
import { attack as unknownEpoch } from "./attacks/unknown-epoch.ts"
import { attack as versionBelowTheFloor } from "./attacks/version-below-the-floor.ts"
import { attack as versionOfferedAgain } from "./attacks/version-offered-again.ts"
import { attack as versionThatIsNotNext } from "./attacks/version-that-is-not-next.ts"
import { attack as versionThatNobodyWrote } from "./attacks/version-that-nobody-wrote.ts"
import { attack as waitForEver } from "./attacks/wait-for-ever.ts"
import { attack as workspaceAnsweredForAnother } from "./attacks/workspace-answered-for-another.ts"
import { attack as worthlessToken } from "./attacks/worthless-token.ts"

export const attacks: Readonly<Record<string, Attack>> = {
  "another-version-than-asked": anotherVersionThanAsked,
  "another-workspace": anotherWorkspace,
  "answer-that-is-not-json": answerThatIsNotJson,
  "answer-to-another-question": answerToAnotherQuestion,
  "approval-answered-for-another": approvalAnsweredForAnother,
  "asked-version-replaced": askedVersionReplaced,
  "audit-answers-that-are-none": auditAnswersThatAreNone,
  "audit-entries-that-were-changed": auditEntriesThatWereChanged,
  "audit-head-of-another-key": auditHeadOfAnotherKey,
  "audit-head-of-another-log": auditHeadOfAnotherLog,
  "audit-key-of-a-new-workspace": auditKeyOfANewWorkspace,
  "audit-key-to-take-up": auditKeyToTakeUp,
  "broken-connection": brokenConnection,
  "broken-manifest-chain": brokenManifestChain,
  "broken-roster-chain": brokenRosterChain,
  "caller-that-is-another": callerThatIsAnother,
  "client-that-is-not-there": clientThatIsNotThere,
  "commit-answered-for-others": commitAnsweredForOthers,
  "commit-never-taken": commitNeverTaken,
  "deleted-said-before-writing": deletedSaidBeforeWriting,
  "deleted-said-to-be-live": deletedSaidToBeLive,
  "destruction-never-taken": destructionNeverTaken,
  "destruction-undone-by-nobody": destructionUndoneByNobody,
  "device-answered-for-another": deviceAnsweredForAnother,
  "device-keys-under-its-id": deviceKeysUnderItsId,
  "device-never-let-in": deviceNeverLetIn,
  "disabled-key-set": disabledKeySet,
  "edited-ciphertext": editedCiphertext,
  "edited-manifest": editedManifest,
  "edited-record": editedRecord,
  "environment-answered-for-another": environmentAnsweredForAnother,
  "epoch-at-rotation": epochAtRotation,
  "epoch-before-rotation": epochBeforeRotation,
  "epoch-to-seal-under": epochToSealUnder,
  "epochs-that-go-back": epochsThatGoBack,
  "extra-member": extraMember,
  "extra-member-at-recovery": extraMemberAtRecovery,
  "foreign-grant": foreignGrant,
  "forged-roster": forgedRoster,
  "forgotten-by-refusal": forgottenByRefusal,
  "forgotten-secret": forgottenSecret,
  "forked-between-calls": forkedBetweenCalls,
  "forked-between-processes": forkedBetweenProcesses,
  "forked-manifest": forkedManifest,
  "forked-record-between-processes": forkedRecordBetweenProcesses,
  "forked-roster": forkedRoster,
  "forked-roster-in-workspace": forkedRosterInWorkspace,
  "granter-removal-on-a-lie": granterRemovalOnALie,
  "half-of-an-earlier-epoch": halfOfAnEarlierEpoch,
  "half-of-another-environment": halfOfAnotherEnvironment,
  "help-for-another-environment": helpForAnotherEnvironment,
  "hidden-from-all": hiddenFromAll,
  "hidden-from-revocation": hiddenFromRevocation,
  "hidden-roster": hiddenRoster,
  "hidden-undo": hiddenUndo,
  "key-above-p": keyAboveP,
  "left-out-revision": leftOutRevision,
  "live-said-to-be-deleted": liveSaidToBeDeleted,
  "lower-incarnation": lowerIncarnation,
  "malformed-bundle": malformedBundle,
  "malformed-offer": malformedOffer,
  "malformed-record": malformedRecord,
  "malformed-seed": malformedSeed,
  "manifest-never-taken": manifestNeverTaken,
  "membership-for-another-environment": membershipForAnotherEnvironment,
  "odd-token": oddToken,
  "offers-for-others": offersForOthers,
  "old-manifest": oldManifest,
  "old-manifest-in-commands": oldManifestInCommands,
  "old-roster": oldRoster,
  "old-version": oldVersion,
  "old-version-as-the-newest": oldVersionAsTheNewest,
  "other-environment": otherEnvironment,
  "other-environment-by-id": otherEnvironmentById,
  "other-roster-of-the-same-number": otherRosterOfTheSameNumber,
  "oversized-answer": oversizedAnswer,
  "oversized-documents": oversizedDocuments,
  "own-key-replaced": ownKeyReplaced,
  "packed-answer": packedAnswer,
  "pages-without-end": pagesWithoutEnd,
  "plaintext-of-no-type": plaintextOfNoType,
  "record-moved-by-its-header": recordMovedByItsHeader,
  "record-of-a-closed-epoch": recordOfAClosedEpoch,
  "record-of-another-environment": recordOfAnotherEnvironment,
  "record-of-its-own": recordOfItsOwn,
  "recovery-grant": recoveryGrant,
  "recovery-grant-at-recovery": recoveryGrantAtRecovery,
  redirect: redirect,
  "redirect-of-a-write": redirectOfAWrite,
  "refusal-that-speaks-to-the-terminal": refusalThatSpeaksToTheTerminal,
  "refusal-without-meaning": refusalWithoutMeaning,
  "region-of-a-new-workspace": regionOfANewWorkspace,
  "registration-answered-for-another": registrationAnsweredForAnother,
  "removed-granter": removedGranter,
  "renamed-manifest": renamedManifest,
  "repeated-json-members": repeatedJsonMembers,
  "repeated-json-members-with-the-truth-last": repeatedJsonMembersWithTheTruthLast,
  "replaced-audit-key": replacedAuditKey,
  "replaced-client-half": replacedClientHalf,
  "replaced-client-keys": replacedClientKeys,
  "replaced-commitment": replacedCommitment,
  "replaced-root": replacedRoot,
  "replaced-seed": replacedSeed,
  "replaced-self-wrap": replacedSelfWrap,
  "restore-accepted-on-a-lie": restoreAcceptedOnALie,
  "restore-that-gives-versions-again": restoreThatGivesVersionsAgain,
  "restored-database": restoredDatabase,
  "revoked-device-said-to-wait": revokedDeviceSaidToWait,
  "revoked-member-listed-again": revokedMemberListedAgain,
  "roster-at-recovery": rosterAtRecovery,
  "roster-of-one-environment": rosterOfOneEnvironment,
  "rotation-answered-for-another-key": rotationAnsweredForAnotherKey,
  "second-key-set-of-a-name": secondKeySetOfAName,
  "second-record-for-a-version": secondRecordForAVersion,
  "signer-in-another-name": signerInAnotherName,
  "signer-without-right": signerWithoutRight,
  "slow-answer": slowAnswer,
  "small-order-audit-key": smallOrderAuditKey,
  "small-order-granter": smallOrderGranter,
  "small-order-keys-in-commands": smallOrderKeysInCommands,
  "small-order-root": smallOrderRoot,
  "small-order-signature": smallOrderSignature,
  "state-confirmed-otherwise": stateConfirmedOtherwise,
  "state-edited-to-enabled": stateEditedToEnabled,
  "state-that-nobody-signed": stateThatNobodySigned,
  "strange-encodings": strangeEncodings,
  "strange-encodings-in-commands": strangeEncodingsInCommands,
  "suggestion-for-a-shell": suggestionForAShell,
  "swapped-device": swappedDevice,
  "swapped-device-by-sight": swappedDeviceBySight,
  "swapped-record": swappedRecord,
  "swapped-record-at-rotation": swappedRecordAtRotation,
  "taken-out": takenOut,
  "text-that-moves-the-cursor": textThatMovesTheCursor,
  "text-that-moves-the-cursor-elsewhere": textThatMovesTheCursorElsewhere,
  "two-rotations-at-once": twoRotationsAtOnce,
  "unknown-epoch": unknownEpoch,
  "version-below-the-floor": versionBelowTheFloor,
  "version-offered-again": versionOfferedAgain,
  "version-that-is-not-next": versionThatIsNotNext,
  "version-that-nobody-wrote": versionThatNobodyWrote,
  "wait-for-ever": waitForEver,
  "workspace-answered-for-another": workspaceAnsweredForAnother,
  "worthless-token": worthlessToken,
}
