/** A workspace for tests: made by the same functions as a real one, from randomness that is the same each time. */
import { ClientIdentity, type ClientPublicKeys } from "../client/client-identity.ts"
import type { KeysetBundle } from "../client/load-keyset.ts"
import { firstRoster, type NewKeyset, type NewMember, newKeyset, type Signer } from "../client/membership.ts"
import { WorkspaceRoot } from "../client/workspace-root.ts"
import type { MemberMode } from "../formats/manifest.ts"
import type { Granter, Roster } from "../formats/roster.ts"
import { concatBytes, le64 } from "../primitives/bytes.ts"
import { signingKeyFromSeed } from "../primitives/ed25519.ts"
import { hkdf } from "../primitives/hash.ts"
import type { RandomSource } from "../primitives/random.ts"

/** 2026-01-31T00:00:00.000Z */
export const now = 1_769_817_600_000

/** Randomness that anybody can foresee: for tests alone. */
export function foreseeable(seed = 0): RandomSource {
  let calls = 0
  return (length) => hkdf(new Uint8Array(0), concatBytes(le64(seed), le64(calls++)), new Uint8Array(0), length)
}

export interface TestClient extends ClientPublicKeys {
  readonly identity: ClientIdentity
  readonly signer: Signer
  readonly granter: Granter
  asMember(mode?: MemberMode): NewMember
}

export class TestWorkspace {
  readonly root: WorkspaceRoot
  readonly admin: TestClient
  readonly roster: Roster
  readonly random: RandomSource

  private constructor(root: WorkspaceRoot, admin: TestClient, roster: Roster, random: RandomSource) {
    this.root = root
    this.admin = admin
    this.roster = roster
    this.random = random
  }

  static async create(seed = 0): Promise<TestWorkspace> {
    const random = foreseeable(seed)
    const root = await WorkspaceRoot.create(random)
    const admin = await newClient(root, random, "admin")
    const auditKey = signingKeyFromSeed(random(32)).publicKey
    const signer = { signerId: root.workspaceId, signingKey: root.signingKey, now }
    return new TestWorkspace(root, admin, firstRoster(root.workspaceId, [admin.granter], auditKey, signer), random)
  }

  client(label = "ci"): Promise<TestClient> {
    return newClient(this.root, this.random, label)
  }

  keyset(name = "production", members: readonly NewMember[] = [this.admin.asMember()]): Promise<NewKeyset> {
    const input = { root: this.root.publicKeys, roster: this.roster, kind: "environment" as const, name, members }
    return newKeyset(input, this.admin.signer, this.random)
  }

  bundle({ manifest, grants, recoveryGrants }: NewKeyset): KeysetBundle {
    return { root: this.root.publicKeys, rosters: [this.roster], manifests: [manifest], grants, recoveryGrants }
  }
}

async function newClient(root: WorkspaceRoot, random: RandomSource, label: string): Promise<TestClient> {
  const identity = await ClientIdentity.create(root.workspaceId, random)
  const keys = await identity.publicKeys()
  return {
    ...keys,
    identity,
    signer: { signerId: keys.clientId, signingKey: identity.signingKey, now },
    granter: { ...keys, label },
    asMember: (mode = "read-write") => ({ ...keys, mode, label }),
  }
}
