/** A workspace whose server is a recording: what the SDK does with an answer, without network and server. */
import { sealSelfWrap } from "@halfkey/core/client/client-half"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { firstRoster, newKeyset } from "@halfkey/core/client/membership"
import { sealRecord } from "@halfkey/core/client/record-crypto"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { defaultRegion, formatCrn } from "@halfkey/core/formats/crn"
import { grantToJson } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { encodeVaultPlaintext } from "@halfkey/core/formats/record"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { formatApiKey } from "@halfkey/core/formats/text-keys"
import { newAuthorityKey, SeedMaker } from "@halfkey/core/key-service/authority-key"
import { toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { SecretsOptions, Transport } from "halfkey/secrets"

export interface RecordedVault {
  readonly names: readonly string[]
  /** For `new Secrets(…)`: warm token, and a transport that answers every read from memory. */
  readonly options: SecretsOptions
  /** The same records as bytes, for whoever opens them without the SDK. */
  readonly records: readonly { readonly record: Uint8Array; readonly keySeed: Uint8Array }[]
}

const environment = "production"

/** Seals `count` values of `valueBytes` each into a workspace that was made for this. */
export async function recordVault(count: number, valueBytes: number): Promise<RecordedVault> {
  const now = Date.now()
  const { bundle, clientHalf, identity, place } = await makeKeyset(now)
  const seeds = new SeedMaker(newAuthorityKey(systemRandom), place.workspaceId, place.keysetId, place.epoch)
  const names = Array.from({ length: count }, (_, index) => `SERVICE_SETTING_${index}`)
  const records = names.map((name) => {
    const keyId = systemRandom(16)
    const keySeed = seeds.seed(keyId)
    const context = { purpose: "secret", ...place, name, version: 1 } as const
    const value = utf8(toBase64Url(systemRandom(valueBytes)).slice(0, valueBytes))
    const plaintext = encodeVaultPlaintext({ kind: "value", value })
    const random32 = systemRandom(32)
    return { record: sealRecord({ context, clientHalf, keySeed, epoch: 1, keyId, plaintext, random32 }), keySeed }
  })
  const time = new Date(now).toISOString()
  const served = records.map(({ keySeed, record }, index) => ({
    id: crypto.randomUUID(),
    name: names[index],
    version: 1,
    deleted: false,
    record: toBase64Url(record),
    keySeed: toBase64Url(keySeed),
    createdAt: time,
    updatedAt: time,
  }))
  const options: SecretsOptions = {
    workspaceCRN: formatCrn(defaultRegion, place.workspaceId),
    clientId: identity.clientId,
    clientKey: identity.clientKeyText(),
    apiKey: formatApiKey({ keyId: "a".repeat(16) as never, secret: systemRandom(32) }),
    environment,
    env: {},
    tokens: {
      load: async () => ({ accessToken: "recorded", expiresAt: now + 86_400_000 }),
      save: async () => undefined,
      clear: async () => undefined,
    },
    transport: replay(bundle, { records: served, missing: [], rest: [], next: null }),
  }
  return { names, options, records }
}

/** The key set's documents go along only while the client does not name them as known, as the server does it. */
function replay(keyset: object, answer: object): Transport {
  const [warm, cold] = [JSON.stringify(answer), JSON.stringify({ keyset, ...answer })]
  const headers = { "content-type": "application/json" }
  return async ({ body = "" }) => ({ status: 200, headers, body: body.includes('"manifestHash"') ? warm : cold })
}

async function makeKeyset(now: number) {
  const root = await WorkspaceRoot.create(systemRandom)
  const identity = await ClientIdentity.create(root.workspaceId, systemRandom)
  const keys = await identity.publicKeys()
  const byRoot = { signerId: root.workspaceId, signingKey: root.signingKey, now }
  const roster = firstRoster(root.workspaceId, [{ ...keys, label: "bench" }], root.publicKeys.signPk, byRoot)
  const made = await newKeyset(
    {
      root: root.publicKeys,
      roster,
      kind: "environment",
      name: environment,
      members: [{ ...keys, mode: "read-write", label: "bench" }],
    },
    { signerId: identity.clientId, signingKey: identity.signingKey, now },
    systemRandom,
  )
  const place = { workspaceId: root.workspaceId, keysetId: made.manifest.keysetId, epoch: 1 }
  const selfWrap = sealSelfWrap(place, made.clientHalf, identity, systemRandom)
  const bundle = {
    root: { signPk: toBase64Url(root.publicKeys.signPk), kemPk: toBase64Url(root.publicKeys.kemPk) },
    rosters: [rosterFormat.toJson(roster)],
    manifests: [manifestFormat.toJson(made.manifest)],
    grants: made.grants.map((grant) => grantToJson({ ...grant, selfWrap })),
  }
  return { bundle, clientHalf: made.clientHalf, identity, place }
}
