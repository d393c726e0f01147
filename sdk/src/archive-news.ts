/** What is new for the archive of S10, between two saves. */
import { type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { ArchivedRecord, ArchiveStore, SecretFloor } from "./stores.ts"

export class ArchiveNews {
  readonly #store: ArchiveStore | undefined
  #rosters: Roster[] = []
  #manifests: Manifest[] = []
  #records: ArchivedRecord[] = []

  constructor(store: ArchiveStore | undefined) {
    this.#store = store
  }

  rosters(rosters: readonly Roster[]): void {
    if (this.#store !== undefined) this.#rosters.push(...rosters)
  }

  manifest(manifest: Manifest): void {
    if (this.#store !== undefined) this.#manifests.push(manifest)
  }

  record(keysetId: string, name: string, { deleted = false, version }: SecretFloor, record: Uint8Array): void {
    if (this.#store === undefined) return
    this.#records.push({ keysetId, name, version, deleted, record: toBase64Url(record) })
  }

  /**
   * Never fails a call: an archive that cannot be written makes a later restore lose more, but what was read or written
   * now is as good as without it. The floors, which protect, are another matter.
   */
  async save(): Promise<void> {
    if (this.#rosters.length + this.#manifests.length + this.#records.length === 0) return
    const news = {
      rosters: this.#rosters.map((roster) => rosterFormat.toJson(roster)),
      manifests: this.#manifests.map((manifest) => manifestFormat.toJson(manifest)),
      records: this.#records,
    }
    this.#rosters = []
    this.#manifests = []
    this.#records = []
    try {
      await this.#store?.add(news)
    } catch {
      // Told by `halfkey reconcile`, as "not kept here".
    }
  }
}
