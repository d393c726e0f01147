/** Checks of S10 for secrets: no older version, no second record for one version, no version number out of nowhere. */
import { recordCheckFailed } from "@halfkey/core/formats/errors"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { sha256 } from "@halfkey/core/primitives/hash"
import type { SecretFloor } from "./stores.ts"

/** Most that a version may grow at once (S10). */
const versionStepMax = 2 ** 32

/** What is remembered of a record: its place in the chain and `H(record)`. */
export function floorOf(version: number, epoch: number, record: Uint8Array, deleted: boolean): SecretFloor {
  return { version, epoch, hash: toBase64Url(sha256(record)), deleted }
}

/** Checks that the newest record served is not older than one seen before asking. */
export function checkNewest(name: string, served: SecretFloor, seen: SecretFloor | undefined): void {
  if (seen === undefined) return
  if (served.version < seen.version) {
    throw recordCheckFailed(
      "freshness",
      `${name} is served in version ${served.version}, version ${seen.version} was seen before`,
    )
  }
  checkSameVersion(name, served, seen)
}

/** Checks that one version has one record; only a rotation, under a newer epoch, seals it again (S5). */
export function checkSameVersion(name: string, served: SecretFloor, seen: SecretFloor | undefined): void {
  if (seen === undefined || served.version !== seen.version) return
  if (served.epoch < seen.epoch) {
    throw recordCheckFailed("freshness", `version ${served.version} of ${name} is served from before a rotation`)
  }
  if (served.epoch === seen.epoch && served.hash !== seen.hash) {
    throw recordCheckFailed("freshness", `version ${served.version} of ${name} is not the record seen before`)
  }
}

/** Checks that a secret that was seen is not said to have never existed: a deletion leaves a tombstone. */
export function checkNeverWritten(name: string, seen: SecretFloor | undefined): void {
  if (seen === undefined) return
  throw recordCheckFailed("freshness", `the server has no ${name}, but version ${seen.version} was seen before`)
}

/** Checks the versions that `prepare` offers for the next write. */
export function checkNextVersion(
  name: string,
  offered: { readonly currentVersion: number; readonly deleted: boolean; readonly nextVersion: number },
  versionFloor: number,
  seen: SecretFloor | undefined,
): void {
  const { currentVersion, deleted, nextVersion } = offered
  // After an accepted restore numbers go on above those that were lost.
  if (nextVersion <= versionFloor) {
    throw recordCheckFailed("freshness", `the server offers version ${nextVersion} of ${name}, which was used before`)
  }
  if (nextVersion <= currentVersion) {
    throw recordCheckFailed("freshness", `the server offers version ${nextVersion} of ${name} after ${currentVersion}`)
  }
  if (seen === undefined) return
  if (currentVersion < seen.version) {
    throw recordCheckFailed(
      "freshness",
      `${name} is at version ${currentVersion}, version ${seen.version} was seen before`,
    )
  }
  // Else a deletion would seem done, or a write that must be the first would replace something.
  if (currentVersion === seen.version && seen.deleted !== undefined && deleted !== seen.deleted) {
    throw recordCheckFailed(
      "freshness",
      `version ${currentVersion} of ${name} is said to be ${deleted ? "deleted" : "live"}, and was seen otherwise`,
    )
  }
  if (nextVersion > seen.version + versionStepMax) {
    throw recordCheckFailed(
      "freshness",
      `the server offers version ${nextVersion} of ${name}, far above ${seen.version} seen before`,
    )
  }
}
