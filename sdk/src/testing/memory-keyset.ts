/** One key set of the server in memory: documents, grants, authority keys and records. Honest, and as small as it can be. */
import { type Grant, grantToJson, type RecoveryGrant, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { keyIdLength, parseRecord } from "@halfkey/core/formats/record"
import { newAuthorityKey, SeedMaker } from "@halfkey/core/key-service/authority-key"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { CommitRequest, KnownRequest } from "./memory-requests.ts"
import { refuse } from "./memory-requests.ts"

interface StoredVersion {
  readonly version: number
  readonly deleted: boolean
  readonly record: string
  readonly at: string
}

interface StoredSecret {
  readonly id: string
  readonly versions: StoredVersion[]
}

export class MemoryKeyset {
  readonly manifests: Manifest[]
  readonly grants: Grant[]
  readonly recoveryGrants: RecoveryGrant[]
  readonly secrets = new Map<string, StoredSecret>()
  readonly #seeds = new Map<number, SeedMaker>()

  constructor(manifest: Manifest, grants: readonly Grant[], recoveryGrants: readonly RecoveryGrant[]) {
    this.manifests = [manifest]
    this.grants = [...grants]
    this.recoveryGrants = [...recoveryGrants]
  }

  get newest(): Manifest {
    const manifest = this.manifests.at(-1)
    if (manifest === undefined) throw new Error("a key set without a manifest")
    return manifest
  }

  get epoch(): number {
    return this.newest.epochs.at(-1)?.epoch ?? 0
  }

  /** Compare-and-set on the revision. */
  put(manifest: Manifest, grants: readonly Grant[], recoveryGrants: readonly RecoveryGrant[] = []): void {
    if (manifest.revision !== this.newest.revision + 1) refuse("revision_conflict", 409)
    this.manifests.push(manifest)
    this.grants.push(...grants)
    this.recoveryGrants.push(...recoveryGrants)
  }

  bundle(clientId: string, since: number | undefined, recovery: boolean) {
    const from = Math.min(since ?? Number.POSITIVE_INFINITY, this.newest.revision)
    return {
      manifests: this.manifests.filter(({ revision }) => revision >= from).map(manifestFormat.toJson),
      grants: this.grants.filter((grant) => grant.clientId === clientId).map(grantToJson),
      ...(recovery && { recoveryGrants: this.recoveryGrants.map(recoveryGrantToJson) }),
    }
  }

  isKnown(known: KnownRequest | undefined): boolean {
    return known?.manifestHash === toBase64Url(manifestFormat.hash(this.newest))
  }

  selfWrap(clientId: string, epoch: number, selfWrap: string): void {
    const index = this.grants.findIndex((grant) => grant.clientId === clientId && grant.epoch === epoch)
    const grant = this.grants[index]
    if (grant !== undefined) this.grants[index] = { ...grant, selfWrap: fromBase64Url(selfWrap) }
  }

  seed(epoch: number, keyId: Uint8Array): string {
    const known = this.#seeds.get(epoch)
    const { keysetId, workspaceId } = this.newest
    const seeds = known ?? new SeedMaker(newAuthorityKey(systemRandom), workspaceId, keysetId, epoch)
    this.#seeds.set(epoch, seeds)
    return toBase64Url(seeds.seed(keyId))
  }

  served(name: string, version?: number) {
    const secret = this.secrets.get(name)
    const chosen = secret?.versions.find((each) => each.version === version) ?? secret?.versions.at(-1)
    if (secret === undefined || chosen === undefined) return undefined
    if (version !== undefined && chosen.version !== version) return undefined
    const { epoch, keyId } = parseRecord(fromBase64Url(chosen.record) ?? new Uint8Array()).header
    return { ...this.metadata(name, secret, chosen), record: chosen.record, keySeed: this.seed(epoch, keyId) }
  }

  metadata(name: string, secret: StoredSecret, { at, deleted, version }: StoredVersion) {
    return { id: secret.id, name, version, deleted, createdAt: secret.versions[0]?.at ?? at, updatedAt: at }
  }

  prepare(name: string) {
    const newest = this.secrets.get(name)?.versions.at(-1)
    const keyId = systemRandom(keyIdLength)
    const currentVersion = newest?.version ?? 0
    return {
      name,
      currentVersion,
      deleted: newest?.deleted ?? false,
      nextVersion: Math.max(currentVersion, this.newest.versionFloor) + 1,
      keyId: toBase64Url(keyId),
      keySeed: this.seed(this.epoch, keyId),
    }
  }

  /** All or nothing; the identical record again is a success. */
  commit(writes: CommitRequest["writes"], now: string) {
    const isThere = ({ name, record, version }: CommitRequest["writes"][number]) =>
      this.secrets.get(name)?.versions.some((each) => each.version === version && each.record === record)
    const fresh = writes.filter((write) => !isThere(write))
    for (const { name, previousVersion, record } of fresh) {
      if (parseRecord(fromBase64Url(record) ?? new Uint8Array()).header.epoch !== this.epoch) {
        refuse("epoch_changed", 409)
      }
      if ((this.secrets.get(name)?.versions.at(-1)?.version ?? 0) !== previousVersion) refuse("version_conflict", 409)
    }
    for (const { deleted, name, record, version } of fresh) {
      const secret = this.secrets.get(name) ?? { id: crypto.randomUUID(), versions: [] }
      secret.versions.push({ version, deleted, record, at: now })
      this.secrets.set(name, secret)
    }
    return writes.map(({ name, version }) => {
      const secret = this.secrets.get(name)
      const written = secret?.versions.find((each) => each.version === version)
      if (secret === undefined || written === undefined) throw new Error("a write is gone")
      return this.metadata(name, secret, written)
    })
  }
}
