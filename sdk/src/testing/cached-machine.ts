/** A machine with a cache: a clock, a network that can be cut, and files that can be looked at and changed. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CacheOptions, CacheStore, CacheUse } from "../cache/options.ts"
import type { SecretsOptions } from "../options.ts"
import type { Failure } from "../result.ts"
import { Secrets } from "../secrets.ts"
import type { FreshnessState } from "../stores.ts"
import type { Transport } from "../transport.ts"

export class CachedMachine implements CacheStore {
  readonly files = new Map<string, Uint8Array>()
  readonly uses: CacheUse[] = []
  readonly problems: Failure[] = []
  state: FreshnessState = {}
  /** Milliseconds since 1970. */
  time = Date.UTC(2027, 0, 31)
  online = true
  /** Requests that were tried. */
  requests = 0
  /** Files and floors cannot be written. */
  readOnly = false
  readonly #options: SecretsOptions

  constructor(options: SecretsOptions) {
    this.#options = options
  }

  async load(key: string): Promise<Uint8Array | undefined> {
    return this.files.get(key)?.slice()
  }

  async update(key: string, change: (stored: Uint8Array | undefined) => Uint8Array | undefined): Promise<void> {
    if (this.readOnly) throw new Error("EROFS CANARY")
    const changed = change(this.files.get(key)?.slice())
    if (changed !== undefined) this.files.set(key, changed)
  }

  async remove(prefix: string): Promise<void> {
    for (const key of this.files.keys()) if (key.startsWith(prefix)) this.files.delete(key)
  }

  options(cache: Partial<CacheOptions> = {}, more: SecretsOptions = {}): SecretsOptions {
    const transport: Transport = async (request) => {
      this.requests += 1
      if (!this.online) throw new HalfkeyError("server_unreachable", "the server cannot be reached")
      return await (this.#options.transport as Transport)(request)
    }
    return {
      ...this.#options,
      now: () => this.time,
      freshness: {
        load: async () => structuredClone(this.state),
        save: async (state) => {
          if (this.readOnly) throw new Error("EROFS CANARY")
          this.state = structuredClone(state)
        },
      },
      ...more,
      transport,
      cache: {
        maxStale: 3600,
        store: this,
        onUse: (use) => void this.uses.push(use),
        onFailure: (failure) => void this.problems.push(failure),
        ...cache,
      },
    }
  }

  /** A new run of a program. */
  async run<T>(work: (secrets: Secrets) => Promise<T>, cache: Partial<CacheOptions> = {}): Promise<T> {
    const secrets = new Secrets(this.options(cache))
    try {
      return await work(secrets)
    } finally {
      await secrets.close()
    }
  }

  get file(): Uint8Array {
    const [file] = this.files.values()
    if (file === undefined || this.files.size !== 1) throw new Error(`there are ${this.files.size} files`)
    return file
  }

  set file(bytes: Uint8Array) {
    const [key = ""] = this.files.keys()
    this.files.set(key, bytes)
  }
}
