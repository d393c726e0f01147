/** A client with real keys that talks to a server: tokens, secrets, and any other call. */
import { signClientAssertion } from "@halfkey/core/client/client-assertion"
import type { ClientIdentity } from "@halfkey/core/client/client-identity"
import { loadKeyset } from "@halfkey/core/client/load-keyset"
import { openRecord, sealRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { parseGrant, parseRecoveryGrant } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { decodeVaultPlaintext, encodeVaultPlaintext, type VaultPlaintext } from "@halfkey/core/formats/record"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { KeysetBundle } from "@halfkey/core/wire/keysets"
import type { PrepareResponse, ReadResponse } from "@halfkey/core/wire/secrets"
import { assertionTypeUri } from "@halfkey/core/wire/token"
import { type ApiAnswer, apiCall } from "./api-call.ts"

export interface TestClientParts {
  /** Asked for anew with each call, since a server that was started again has another port. */
  readonly url: () => string
  readonly crn: string
  /** `undefined`: a control key alone. */
  readonly identity: ClientIdentity | undefined
  /** Empty: a person's device, which has none. */
  readonly apiKey: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export class TestClient {
  readonly parts: TestClientParts
  readonly #keysets = new Map<string, VerifiedKeyset>()
  #token: string | undefined

  constructor(parts: TestClientParts) {
    this.parts = parts
  }

  get identity(): ClientIdentity {
    if (this.parts.identity === undefined) throw new Error("this caller has no client key")
    return this.parts.identity
  }

  /** Asks for a token; `form` replaces or adds parameters. */
  requestToken(
    form: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    const { identity, crn, apiKey, url, now = Date.now } = this.parts
    const assertion = identity && {
      client_assertion_type: assertionTypeUri,
      client_assertion: signClientAssertion(identity, crn, now(), systemRandom),
    }
    const parameters = { grant_type: "client_credentials", api_key: apiKey, ...assertion, ...form }
    return apiCall(url(), {
      method: "POST",
      path: "/oauth/token",
      body: new URLSearchParams(parameters).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    })
  }

  /** A token, asked for once. */
  async token(): Promise<string> {
    if (this.#token === undefined) {
      const { status, body } = await this.requestToken()
      if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`)
      this.#token = body.access_token as string
    }
    return this.#token
  }

  async call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return apiCall(this.parts.url(), { method, path, token: await this.token(), body })
  }

  /** Like `call`, for what must succeed. */
  async expect(method: string, path: string, body?: unknown): Promise<ApiAnswer["body"]> {
    const answer = await this.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** Loads and verifies a key set, with recovery grants. */
  async keyset(name: string): Promise<VerifiedKeyset> {
    const bundle: KeysetBundle = await this.expect("GET", `/v1/keysets/${name}?recovery=true`)
    const [signPk, kemPk] = [bundle.root.signPk, bundle.root.kemPk].map((text) => fromBase64Url(text))
    if (signPk === undefined || kemPk === undefined) throw new Error("the root keys are no base64url")
    const keyset = await loadKeyset({
      identity: this.identity,
      bundle: {
        root: { signPk, kemPk },
        rosters: bundle.rosters.map(rosterFormat.parse),
        manifests: bundle.manifests.map(manifestFormat.parse),
        grants: bundle.grants.map(parseGrant),
        recoveryGrants: bundle.recoveryGrants?.map(parseRecoveryGrant),
      },
      expected: { name },
      requireRecovery: true,
    })
    this.#keysets.set(name, keyset)
    return keyset
  }

  /** Seals values for the next versions; `null` seals the mark of a deletion. Sends nothing but the prepare request. */
  async sealed(environment: string, values: Readonly<Record<string, string | null>>) {
    const keyset = this.#keysets.get(environment) ?? (await this.keyset(environment))
    const names = Object.keys(values)
    const prepared: PrepareResponse = await this.expect("POST", "/v1/secrets/prepare", { environment, names })
    const writes = prepared.secrets.map(({ name, currentVersion, nextVersion, keyId, keySeed }) => {
      const value = values[name] ?? null
      const plaintext: VaultPlaintext = value === null ? { kind: "tombstone" } : { kind: "value", value: utf8(value) }
      const record = sealRecord({
        context: contextOf(keyset, name, nextVersion),
        clientHalf: keyset.extractKey(prepared.epoch),
        keySeed: fromBase64Url(keySeed) ?? new Uint8Array(0),
        epoch: prepared.epoch,
        keyId: fromBase64Url(keyId) ?? new Uint8Array(0),
        plaintext: encodeVaultPlaintext(plaintext),
        random32: systemRandom(32),
      })
      return {
        name,
        previousVersion: currentVersion,
        version: nextVersion,
        deleted: value === null,
        record: toBase64Url(record),
      }
    })
    return { environment, writes }
  }

  /** Writes values, all or nothing. */
  async set(environment: string, values: Readonly<Record<string, string | null>>): Promise<ApiAnswer> {
    return this.call("POST", "/v1/secrets/commit", await this.sealed(environment, values))
  }

  /** Reads and opens; names that are deleted or were never written are left out. */
  async get(environment: string, ...names: string[]): Promise<Record<string, string>> {
    const keyset = this.#keysets.get(environment) ?? (await this.keyset(environment))
    const request = { environment, secrets: names.map((name) => ({ name })) }
    const answer: ReadResponse = await this.expect("POST", "/v1/secrets/read", request)
    const values: Record<string, string> = {}
    for (const { name, version, record, keySeed } of answer.records) {
      const bytes = fromBase64Url(record) ?? new Uint8Array(0)
      const keys = { clientHalf: keyset.extractKey(1), keySeed: fromBase64Url(keySeed) ?? new Uint8Array(0) }
      const plaintext = decodeVaultPlaintext(openRecord(bytes, contextOf(keyset, name, version), keys))
      if (plaintext.kind === "value") values[name] = fromUtf8(plaintext.value)
    }
    return values
  }
}

function contextOf(keyset: VerifiedKeyset, name: string, version: number) {
  const { workspaceId, keysetId } = keyset
  return { purpose: "secret", workspaceId, keysetId, name, version } as const
}
