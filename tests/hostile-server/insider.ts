/**
 * Documents, grants and records as only insiders can make them: some lies can be told only with the help of a granter, a
 * member or the root, or with documents that were really signed once and are now shown at the wrong place or time.
 */
import { sealGrant, sealSelfWrap } from "@halfkey/core/client/client-half"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { loadKeyset } from "@halfkey/core/client/load-keyset"
import { sealRecord } from "@halfkey/core/client/record-crypto"
import type { VerifiedKeyset } from "@halfkey/core/client/verified-keyset"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { parseCrn } from "@halfkey/core/formats/crn"
import { grantToJson, parseGrant } from "@halfkey/core/formats/grant"
import type { ClientId, SignerId, WorkspaceId } from "@halfkey/core/formats/ids"
import { clientHalfCommitment, type Manifest, manifestFormat } from "@halfkey/core/formats/manifest"
import { parseRecord } from "@halfkey/core/formats/record"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import type { SigningKey } from "@halfkey/core/primitives/ed25519"
import { systemRandom } from "@halfkey/core/primitives/random"
import type { Json } from "./attack.ts"

export interface Credentials {
  readonly workspaceCRN: string
  readonly clientId: string
  readonly clientKey: string
  readonly apiKey: string
}

/** Who signs: the first admin (a granter), the workspace root, a member who is no granter, somebody from outside. */
export type SignerName = "admin" | "root" | "member" | "outsider"

interface Signer {
  readonly signerId: SignerId
  readonly signingKey: SigningKey
}

export class Insider {
  readonly admin: ClientIdentity
  readonly member: ClientIdentity
  /** A client of this workspace id that no granter ever let in: the attacker's own. */
  readonly outsider: ClientIdentity
  readonly root: WorkspaceRoot
  /** A root of the attacker's own. */
  readonly otherRoot: WorkspaceRoot
  readonly #keysets: ReadonlyMap<string, VerifiedKeyset>

  private constructor(parts: {
    readonly admin: ClientIdentity
    readonly member: ClientIdentity
    readonly outsider: ClientIdentity
    readonly root: WorkspaceRoot
    readonly otherRoot: WorkspaceRoot
    readonly keysets: ReadonlyMap<string, VerifiedKeyset>
  }) {
    this.admin = parts.admin
    this.member = parts.member
    this.outsider = parts.outsider
    this.root = parts.root
    this.otherRoot = parts.otherRoot
    this.#keysets = parts.keysets
  }

  /** `bundles`: the true answers to `GET /v1/keysets/<name>`, by name. */
  static async create(
    admin: Credentials,
    member: Credentials,
    recoveryKit: string,
    bundles: Readonly<Record<string, Json>>,
  ): Promise<Insider> {
    const identity = identityOf(admin)
    const keysets = new Map<string, VerifiedKeyset>()
    for (const [name, bundle] of Object.entries(bundles)) {
      const parsed = {
        root: {
          signPk: Buffer.from(bundle.root.signPk, "base64url"),
          kemPk: Buffer.from(bundle.root.kemPk, "base64url"),
        },
        rosters: bundle.rosters.map(rosterFormat.parse),
        manifests: bundle.manifests.map(manifestFormat.parse),
        grants: bundle.grants.map(parseGrant),
      }
      keysets.set(name, await loadKeyset({ identity, bundle: parsed, expected: { name } }))
    }
    return new Insider({
      admin: identity,
      member: identityOf(member),
      outsider: await ClientIdentity.create(identity.workspaceId, systemRandom),
      root: await WorkspaceRoot.fromRecoveryKit(recoveryKit),
      otherRoot: await WorkspaceRoot.create(systemRandom),
      keysets,
    })
  }

  get workspaceId(): WorkspaceId {
    return this.admin.workspaceId
  }

  keyset(name: string): VerifiedKeyset {
    const keyset = this.#keysets.get(name)
    if (keyset === undefined) throw new Error(`no key set ${name}`)
    return keyset
  }

  /** The manifest with some fields changed, signed again. */
  manifest(json: Json, changes: Partial<Manifest>, by: SignerName = "admin"): Json {
    const { signature: _, ...fields } = manifestFormat.parse(json)
    const { signerId, signingKey } = this.#signer(by)
    return manifestFormat.toJson(manifestFormat.sign({ ...fields, signerId, ...changes }, signingKey))
  }

  /** The next manifest of the chain. */
  nextManifest(json: Json, changes: Partial<Manifest>, by: SignerName = "admin"): Json {
    const previous = manifestFormat.parse(json)
    const link = { revision: previous.revision + 1, previousHash: manifestFormat.hash(previous) }
    return this.manifest(json, { ...link, ...changes }, by)
  }

  roster(json: Json, changes: Partial<Roster>, by: SignerName = "root"): Json {
    const { signature: _, ...fields } = rosterFormat.parse(json)
    const { signerId, signingKey } = this.#signer(by)
    return rosterFormat.toJson(rosterFormat.sign({ ...fields, signerId, ...changes }, signingKey))
  }

  nextRoster(json: Json, changes: Partial<Roster>, by: SignerName = "admin"): Json {
    const previous = rosterFormat.parse(json)
    return this.roster(json, { seq: previous.seq + 1, previousHash: rosterFormat.hash(previous), ...changes }, by)
  }

  /** A half of the attacker's choice, sealed to the admin as a member would get it, with a self-wrap that fits it. */
  async grantOf(name: string, half: Uint8Array, epoch = 1): Promise<Json> {
    const { keysetId, manifest, workspaceId } = this.keyset(name)
    const own = manifest.members.find(({ clientId }) => clientId === this.admin.clientId)
    if (own === undefined) throw new Error(`the admin is no member of ${name}`)
    const place = { workspaceId, keysetId, epoch }
    const grant = await sealGrant(place, own, half)
    return grantToJson({ ...grant, selfWrap: sealSelfWrap(place, half, this.admin, systemRandom) })
  }

  commitmentOf(name: string, epoch: number, half: Uint8Array): Uint8Array {
    const { keysetId, workspaceId } = this.keyset(name)
    return clientHalfCommitment(workspaceId, Buffer.from(keysetId.replaceAll("-", ""), "hex"), epoch, half)
  }

  /** Another plaintext in a record that opens at the same place, under the same key id and seed. */
  record(
    name: string,
    served: Json,
    plaintext: Uint8Array,
    changes: { half?: Uint8Array; version?: number } = {},
  ): string {
    const { keysetId, workspaceId } = this.keyset(name)
    const { epoch, keyId } = parseRecord(Buffer.from(served.record, "base64url")).header
    const version = changes.version ?? served.version
    const record = sealRecord({
      context: { purpose: "secret", workspaceId, keysetId, name: served.name, version },
      clientHalf: changes.half ?? this.keyset(name).clientHalf(epoch),
      keySeed: Buffer.from(served.keySeed, "base64url"),
      epoch,
      keyId,
      plaintext,
      random32: systemRandom(32),
    })
    return Buffer.from(record).toString("base64url")
  }

  #signer(name: SignerName): Signer {
    if (name === "root") return { signerId: this.workspaceId, signingKey: this.root.signingKey }
    const identity = this[name]
    return { signerId: identity.clientId, signingKey: identity.signingKey }
  }
}

function identityOf({ clientId, clientKey, workspaceCRN }: Credentials): ClientIdentity {
  return ClientIdentity.fromConfiguration(parseCrn(workspaceCRN).workspaceId, clientId as ClientId, clientKey)
}
