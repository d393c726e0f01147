/** A machine that remembers: what it has seen, and what it keeps for the day of a restore. Programs come and go on it. */
import { Admin } from "../admin.ts"
import type { SecretsOptions } from "../options.ts"
import { Secrets } from "../secrets.ts"
import type { Archive, FreshnessState } from "../stores.ts"

export class Machine {
  state: FreshnessState = {}
  archive: { rosters: unknown[]; manifests: unknown[]; records: Archive["records"][number][] } = {
    rosters: [],
    manifests: [],
    records: [],
  }
  readonly #options: SecretsOptions

  constructor(options: SecretsOptions) {
    this.#options = options
  }

  get options(): SecretsOptions {
    return {
      ...this.#options,
      timeoutMs: 30_000,
      freshness: {
        load: async () => structuredClone(this.state),
        save: async (state) => {
          this.state = structuredClone(state)
        },
      },
      archive: {
        load: async () => structuredClone(this.archive),
        add: async ({ manifests, records, rosters }) => {
          this.archive.rosters.push(...rosters)
          this.archive.manifests.push(...manifests)
          this.archive.records.push(...records)
        },
      },
    }
  }

  /** What a copy of its disk would hold. */
  snapshot(): string {
    return JSON.stringify([this.state, this.archive])
  }

  async secrets<T>(work: (secrets: Secrets) => Promise<T>, more: SecretsOptions = {}): Promise<T> {
    const secrets = new Secrets({ ...this.options, ...more })
    try {
      return await work(secrets)
    } finally {
      await secrets.close()
    }
  }

  async admin<T>(work: (admin: Admin) => Promise<T>, more: SecretsOptions = {}): Promise<T> {
    const admin = new Admin({ ...this.options, ...more })
    try {
      return await work(admin)
    } finally {
      await admin.close()
    }
  }
}
