/** What this client has seen (S10), and the refusal to go back. Memory first; a `FreshnessStore` keeps it between runs. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Manifest } from "@halfkey/core/formats/manifest"
import type { Roster } from "@halfkey/core/formats/roster"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { ArchiveNews } from "./archive-news.ts"
import { checkedState, higherAudit, higherCache, higherKeyset, higherSecret, joinStates } from "./freshness-state.ts"
import { requireOneHistory, requireSameHead, requireSameManifest, requireSameRoster } from "./one-history.ts"
import { checkSameVersion } from "./secret-floors.ts"
import type {
  ArchiveStore,
  AuditFloor,
  CacheFloor,
  FreshnessState,
  FreshnessStore,
  KeysetFloor,
  RosterFloor,
  SecretFloor,
} from "./stores.ts"

/** Floors of documents at one moment. They must be those of the moment of asking: an answer under way may be older than what another answer brought meanwhile. */
export interface DocumentFloors {
  readonly roster: RosterFloor | undefined
  readonly keysets: ReadonlyMap<string, KeysetFloor>
}

export type SecretFloors = ReadonlyMap<string, SecretFloor>

const noFloors: SecretFloors = new Map()

export class Floors {
  readonly #store: FreshnessStore | undefined
  #roster: RosterFloor | undefined
  #audit: AuditFloor | undefined
  // Replaced, never changed, so that `documents()` is a moment.
  #keysets: ReadonlyMap<string, KeysetFloor> = new Map()
  readonly #secrets = new Map<string, Map<string, SecretFloor>>()
  readonly #caches = new Map<string, CacheFloor>()
  #loading: Promise<void> | undefined
  #saving: Promise<void> = Promise.resolve()
  #changed = false
  /** What goes up goes into the archive too: both change at the same moments, and at no others. */
  readonly #news: ArchiveNews

  constructor(store: FreshnessStore | undefined, archive?: ArchiveStore) {
    this.#store = store
    this.#news = new ArchiveNews(archive)
  }

  /** Reads the store, once. Throws when that fails, since going on would give up a protection. */
  async load(): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    this.#loading ??= fromStore(() => store.load()).then((state) => this.#adopt(state))
    try {
      await this.#loading
    } catch (error) {
      this.#loading = undefined
      throw error
    }
  }

  documents(): DocumentFloors {
    return { roster: this.#roster, keysets: this.#keysets }
  }

  keysetIdOf(name: string): string | undefined {
    for (const [id, floor] of this.#keysets) if (floor.name === name) return id
    return undefined
  }

  /** Floors of these names, or of all, as they are now. */
  secrets(keysetId: string | undefined, names?: readonly string[]): SecretFloors {
    const known = keysetId === undefined ? undefined : this.#secrets.get(keysetId)
    if (known === undefined) return noFloors
    if (names === undefined) return new Map(known)
    const chosen = new Map<string, SecretFloor>()
    for (const name of names) {
      const floor = known.get(name)
      if (floor !== undefined) chosen.set(name, floor)
    }
    return chosen
  }

  /** The highest version of any secret that was seen in this incarnation of a key set, unless a later one was seen since. */
  highestVersion(keysetId: string, incarnation: number): number | undefined {
    if (this.#keysets.get(keysetId)?.incarnation !== incarnation) return undefined
    let highest: number | undefined
    for (const { version } of this.#secrets.get(keysetId)?.values() ?? []) highest = Math.max(highest ?? 0, version)
    return highest
  }

  /**
   * `chain`: what is known of the chain up to this one. Throws `keyset_verification_failed` for a second roster of one
   * `seq`, which a server may try on two calls at once.
   */
  seeRoster({ seq }: Roster, hash: Uint8Array, chain: readonly Roster[]): void {
    const seen = { seq, hash: toBase64Url(hash) }
    requireSameRoster(this.#roster, seen)
    const before = this.#roster?.seq ?? 0
    if (before >= seq) return
    this.#news.rosters(chain.filter((roster) => roster.seq > before))
    this.#roster = seen
    this.#changed = true
  }

  /** Throws `keyset_verification_failed` for a second manifest of one revision. */
  seeManifest(manifest: Manifest, hash: Uint8Array): void {
    const { incarnation, keysetId, name, revision } = manifest
    const known = this.#keysets.get(keysetId)
    const seen = { name, incarnation, revision, hash: toBase64Url(hash) }
    requireSameManifest(known, seen)
    if (higherKeyset(known, seen) !== seen) return
    // An accepted restore: versions from before it are gone (S10).
    if (known !== undefined && known.incarnation < incarnation) this.#secrets.delete(keysetId)
    this.#news.manifest(manifest)
    this.#keysets = new Map(this.#keysets).set(keysetId, seen)
    this.#changed = true
  }

  /** Throws `record_verification_failed` for a second record of a version, which a server may try on two calls at once. */
  seeSecret(keysetId: string, name: string, seen: SecretFloor, record: Uint8Array): void {
    const floors = this.#secrets.get(keysetId) ?? new Map<string, SecretFloor>()
    const known = floors.get(name)
    if (known?.epoch === seen.epoch) checkSameVersion(name, seen, known)
    if (higherSecret(known, seen) !== seen) return
    this.#news.record(keysetId, name, seen, record)
    this.#secrets.set(keysetId, floors.set(name, seen))
    this.#changed = true
  }

  /** The last head of the audit log that was checked. */
  audit(): AuditFloor | undefined {
    return this.#audit
  }

  /** Only for a head that was shown to go on from the one before. Throws `audit_verification_failed` for a second one of its size. */
  seeHead(seen: AuditFloor): void {
    requireSameHead(this.#audit, seen)
    if (higherAudit(this.#audit, seen) !== seen) return
    this.#audit = seen
    this.#changed = true
  }

  /** Caches whose keys begin like this, and what was seen of each. */
  cachesOf(prefix: string): ReadonlyMap<string, CacheFloor> {
    return new Map([...this.#caches].filter(([key]) => key.startsWith(prefix)))
  }

  /** Saved by itself: a place that cannot be written to must not fail the calls that come after. */
  async saveCaches(seen: ReadonlyMap<string, CacheFloor>): Promise<void> {
    for (const [key, floor] of seen) {
      const higher = higherCache(this.#caches.get(key), floor)
      if (higher !== undefined) this.#caches.set(key, higher)
    }
    const store = this.#store
    if (store === undefined) return
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(async () => {
        const caches = Object.fromEntries(this.#caches)
        const stored = await fromStore(() => store.load())
        await fromStore(() => store.save(joinStates(stored, { caches })).then(() => ({})))
      })
    await this.#saving
  }

  /** Writes what was seen, if that is more than what is stored. Called only when every check of a call has passed. */
  async save(): Promise<void> {
    const store = this.#store
    if (!this.#changed) return
    if (store === undefined) {
      this.#changed = false
      return await this.#news.save()
    }
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(async () => {
        if (!this.#changed) return
        this.#changed = false
        try {
          // Another process may have gone further in the meantime.
          const stored = await fromStore(() => store.load())
          requireOneHistory(stored, this.#state())
          await this.#news.save()
          await fromStore(() => store.save(joinStates(stored, this.#state())).then(() => ({})))
        } catch (error) {
          this.#changed = true
          throw error
        }
      })
    await this.#saving
  }

  #adopt({ audit, caches = {}, keysets = {}, roster, secrets = {} }: FreshnessState): void {
    this.#roster = roster
    this.#audit = audit
    this.#keysets = new Map(Object.entries(keysets))
    for (const [key, floor] of Object.entries(caches)) this.#caches.set(key, floor)
    for (const [id, floors] of Object.entries(secrets)) this.#secrets.set(id, new Map(Object.entries(floors)))
  }

  #state(): FreshnessState {
    const secrets = [...this.#secrets].map(([id, floors]) => [id, Object.fromEntries(floors)] as const)
    return {
      ...(this.#roster && { roster: this.#roster }),
      keysets: Object.fromEntries(this.#keysets),
      secrets: Object.fromEntries(secrets),
      ...(this.#audit && { audit: this.#audit }),
      ...(this.#caches.size > 0 && { caches: Object.fromEntries(this.#caches) }),
    }
  }
}

async function fromStore(work: () => Promise<FreshnessState>): Promise<FreshnessState> {
  try {
    return checkedState(await work())
  } catch (error) {
    if (error instanceof HalfkeyError) throw error
    throw new HalfkeyError(
      "invalid_configuration",
      "what this machine remembers of the workspace cannot be read or saved",
      {
        hint: "check that the place of the freshness store exists, is yours and has room",
      },
    )
  }
}
