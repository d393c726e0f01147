/** Self-wraps (S4): after a first open by X-Wing, this client stores its half for itself, so that later starts are quick. */
import { sealSelfWrap } from "@halfkey/core/client/client-half"
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import type { SelfWraps } from "@halfkey/core/wire/keysets"
import type { ApiClient } from "./api-client.ts"
import { CallScope } from "./call-scope.ts"

const uploadTimeoutMs = 5000

export class SelfWrapUploads {
  readonly #api: ApiClient
  readonly #identity: ClientIdentity
  readonly #random: RandomSource
  readonly #tried = new Set<string>()
  readonly #running = new Set<Promise<void>>()

  constructor(api: ApiClient, identity: ClientIdentity, random: RandomSource) {
    this.#api = api
    this.#identity = identity
    this.#random = random
  }

  /** Starts an upload, once for each epoch. It fails no call: without it the next start is slower, and nothing else. */
  start(keyset: VerifiedKeyset): void {
    const epochs = keyset.epochsWithoutSelfWrap.filter((epoch) => !this.#tried.has(`${keyset.keysetId}/${epoch}`))
    if (epochs.length === 0) return
    for (const epoch of epochs) this.#tried.add(`${keyset.keysetId}/${epoch}`)
    const selfWraps = epochs.map((epoch) => ({ epoch, selfWrap: toBase64Url(this.#seal(keyset, epoch)) }))
    const upload = this.#upload(keyset.keysetId, { selfWraps })
      .catch(() => undefined)
      .finally(() => this.#running.delete(upload))
    this.#running.add(upload)
  }

  /** Resolves when no upload is under way. */
  async finished(): Promise<void> {
    await Promise.all(this.#running)
  }

  #seal(keyset: VerifiedKeyset, epoch: number): Uint8Array {
    const place = { workspaceId: keyset.workspaceId, keysetId: keyset.keysetId, epoch }
    return sealSelfWrap(place, keyset.clientHalf(epoch), this.#identity, this.#random)
  }

  async #upload(keysetId: string, body: SelfWraps): Promise<void> {
    const scope = new CallScope(uploadTimeoutMs, undefined)
    try {
      const path = `/v1/keysets/${keysetId}/self-wraps`
      await this.#api.call(scope, { method: "POST", path, body, repetition: "repeatable" })
    } finally {
      scope.end()
    }
  }
}
