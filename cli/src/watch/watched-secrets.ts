/** The secrets that a command watches: those of its environments that it has chosen. */
import { type Secret, type Secrets, unwrap } from "halfkey/secrets"
import { isChosen, isPattern } from "../run/chosen-secrets.ts"
import { type RunOptions, readLayers } from "../run/start.ts"

export class WatchedSecrets {
  readonly #secrets: Secrets
  readonly #environments: readonly string[]
  readonly #options: RunOptions
  #names: ReadonlySet<string> = new Set()

  constructor(secrets: Secrets, environments: readonly string[], options: RunOptions) {
    this.#secrets = secrets
    this.#environments = environments
    this.#options = options
  }

  /** The server's word: it only says whether to read. */
  async versions(): Promise<string> {
    const layers = await Promise.all(this.#environments.map((environment) => this.#secrets.list({ environment })))
    // Any other secret may be a part of a value that is expanded.
    const counts = (name: string) => this.#options.expand || isChosen(name, this.#options)
    const listed = layers.map((layer) => unwrap(layer).filter(({ name }) => counts(name)))
    this.#names = new Set(listed.flat().map(({ name }) => name))
    return JSON.stringify(listed.map((layer) => layer.map(({ name, version }) => [name, version])))
  }

  /** Opened and checked, as every read. Throws where one that is named is missing. */
  read(): Promise<readonly Secret[]> {
    return readLayers(this.#secrets, this.#environments, this.#options)
  }

  /** Those of the named ones that there are. */
  async present(): Promise<readonly Secret[]> {
    const { only } = this.#options
    const there = only.filter((name) => isPattern(name) || this.#names.has(name))
    if (only.length > 0 && there.length === 0) return []
    const found = await readLayers(this.#secrets, this.#environments, { ...this.#options, only: there })
    return found.filter(({ name }) => isChosen(name, this.#options))
  }
}
