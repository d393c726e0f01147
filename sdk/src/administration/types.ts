/** What `Admin` takes and gives. Times are RFC 3339, UTC, with milliseconds. */
import type { MemberMode } from "@halfkey/core/formats/manifest"
import type { Role, Scope } from "@halfkey/core/formats/scopes"
import { allowInsecureEndpoint, type RandomSource } from "../options.ts"
import type { ArchiveStore, FreshnessStore } from "../stores.ts"
import type { Transport } from "../transport.ts"
import type { ApiKeyNarrowing, NewApiKey } from "./api-key-types.ts"

export type { MemberMode, Role, Scope }

/** Everything that configures a client, `apiKey` aside: the names are those of `SecretsOptions`. */
export interface ClientCredentials {
  readonly workspaceCRN: string
  readonly clientId: string
  /** `hkck_…`: shown once. */
  readonly clientKey: string
  /** `hkak_…`: shown once. */
  readonly apiKey?: string
}

/** A new workspace's first admin, and the kit for the safe. */
export interface NewWorkspace {
  readonly workspaceCRN: string
  readonly clientId: string
  readonly clientKey: string
  readonly apiKey: string
  /** `hkrk_…`: the workspace root. Nobody else has it; print it once. */
  readonly recoveryKit: string
}

/** Verified against the CRN: the granters are those of the newest signed roster. */
export interface WorkspaceInfo {
  readonly workspaceCRN: string
  readonly createdAt: string
  readonly caller: {
    /** `null` for a `control` key that is used without a client. */
    readonly clientId: string | null
    /** `null` for a person's device (S9). */
    readonly apiKeyId: string | null
    readonly role: Role
    readonly scopes: readonly string[]
    /** What narrows the API key; `null` for a person's device, and where the server does not tell. */
    readonly narrowing: ApiKeyNarrowing | null
  }
  readonly rosterSeq: number
  /** Who may sign membership. */
  readonly granters: readonly { readonly clientId: string; readonly label: string }[]
}

/** A client, as the server tells it. */
export interface Client {
  readonly clientId: string
  readonly label: string
  /** Whether it may sign membership. */
  readonly granter: boolean
  /** What it may do without an API key, as a person's device (S9); `null`: not a device. */
  readonly device: "admin" | "member" | null
  readonly environments: readonly { readonly name: string; readonly keysetId: string; readonly mode: MemberMode }[]
  readonly createdAt: string
  /** `null`: never, as far as the server knows; a crash of it loses the last minute of this. */
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

/** An environment that somebody is let into. */
export interface EnvironmentGrant {
  readonly name: string
  /** Default `read-write`. */
  readonly mode?: MemberMode | undefined
}

/** Who is made, and let into what. */
export interface NewClientOptions {
  readonly label: string
  readonly environments: readonly EnvironmentGrant[]
  /** Left out: no API key is made. */
  readonly apiKey?:
    | (Omit<Partial<NewApiKey>, "clientId"> & {
        /** Default `member`. */
        readonly role?: Role | undefined
      })
    | undefined
}

/** A new client, with what configures it. */
export interface CreatedClient {
  readonly client: Client
  readonly credentials: ClientCredentials
}

/** Whom an environment's halves are sealed to: exactly these, as the verified manifest lists them less who is removed, and the new member. */
export interface SealingPlan {
  readonly environment: string
  readonly members: readonly { readonly clientId: string; readonly label: string; readonly mode: MemberMode }[]
  /** Absent where nobody is added: a rotation seals to those who remain. */
  readonly added?: { readonly clientId: string; readonly label: string; readonly mode: MemberMode }
}

/** Who looks at what is about to be sealed. */
export interface SealingOptions {
  /** Called before anything is sealed, once for each environment, so that the members can be shown. Answer `false` to stop. */
  readonly beforeSealing?: ((plan: SealingPlan) => boolean | undefined | Promise<boolean | undefined>) | undefined
}

/** What a client was let into. */
export interface GrantedClient {
  readonly clientId: string
  readonly environments: readonly { readonly name: string; readonly mode: MemberMode; readonly revision: number }[]
}

/** What became of the environments of a revoked client. */
export interface RevokedClient {
  /** Environments whose manifests were signed again without it. */
  readonly environments: string[]
  /** Environments that this machine saw before and the server does not let it reach: another granter must sign them. */
  readonly notSigned: string[]
  /** With `rotate`: environments that have new keys, and nothing left under the old ones. */
  readonly rotated?: string[]
  /** With `rotate`: environments that it is out of, but which this client may not read and write: another granter must rotate them. */
  readonly notRotated?: string[]
}

/** Who may do what in one environment, by its manifest, whose signature was checked. */
export interface EnvironmentGrants {
  readonly environment: string
  readonly keysetId: string
  readonly state: "enabled" | "disabled" | "destroyed"
  readonly revision: number
  readonly members: readonly {
    readonly clientId: string
    readonly label: string
    readonly mode: MemberMode
    /** Whether it may sign who is a member, too. */
    readonly granter: boolean
  }[]
}

/** Of `grants.revoke`. */
export interface RevokeGrantOptions {
  /** Begin a new epoch in the same signature: what is written from then on stays shut to it, even with the server's help. */
  readonly rotate?: boolean | undefined
}

/** What a client was taken out of. */
export interface RevokedGrants {
  readonly clientId: string
  /** Environments whose manifests were signed again without it. */
  readonly environments: readonly string[]
  /** Environments that it was no member of: nothing was done there. */
  readonly notMember: readonly string[]
}

/** Somebody who may sign who is a member, and who may sign it. */
export interface GranterEntry {
  readonly clientId: string
  readonly label: string
}

/** What is about to be signed: who may sign from then on, and which environments are signed again by this client. */
export interface RosterPlan {
  /** As they are now, by the verified roster. */
  readonly granters: readonly GranterEntry[]
  readonly added?: GranterEntry | undefined
  readonly removed?: GranterEntry | undefined
  /** Names of environments that the removed one had signed last. */
  readonly signAgain: readonly string[]
}

/** Who looks at what is about to be signed. */
export interface SigningOptions {
  /** Called before anything is signed, so that it can be shown. Answer `false` to stop. */
  readonly beforeSigning?: ((plan: RosterPlan) => boolean | undefined | Promise<boolean | undefined>) | undefined
}

/** The granters after a change of them. */
export interface ChangedGranters {
  /** `false`: it was so already. */
  readonly changed: boolean
  /** As they are now. */
  readonly granters: readonly GranterEntry[]
  /** Environments whose manifests were signed again in the same request. */
  readonly signedAgain: readonly string[]
}

/** Everything that recovery takes away, by verified documents, and the one who stays. */
export interface RecoveryPlan {
  readonly workspaceCRN: string
  /** The new admin: the only granter and the only member everywhere. */
  readonly admin: { readonly clientId: string; readonly label: string }
  /** They lose everything, as every other client and API key does. */
  readonly granters: readonly GranterEntry[]
  readonly environments: readonly {
    readonly name: string
    readonly state: "enabled" | "disabled" | "destroyed"
    readonly members: readonly { readonly clientId: string; readonly label: string; readonly mode: MemberMode }[]
  }[]
}

/** Of `recoverWorkspace`. */
export interface RecoverOptions {
  readonly endpoint: string
  /** `hkrk_…`: the workspace root. */
  readonly recoveryKit: string
  /** Of the new admin client. */
  readonly label: string
  /** Refuses another workspace's kit. Left out: the kit says which workspace it is, and the server its region. */
  readonly workspaceCRN?: string | undefined
  /** Names of environments that stay shut for now, as one whose recovery grant is damaged. They can be recovered later. */
  readonly without?: readonly string[] | undefined
  /** What this machine has seen before: nothing older is believed. */
  readonly freshness?: FreshnessStore | undefined
  readonly archive?: ArchiveStore | undefined
  /** Called before anything is sealed or signed. Answer `false` to stop. */
  readonly beforeRecovery?: ((plan: RecoveryPlan) => boolean | undefined | Promise<boolean | undefined>) | undefined
  /** Of each of the two requests. Default: a minute. */
  readonly timeoutMs?: number | undefined
  readonly transport?: Transport | undefined
  readonly userAgent?: string | undefined
  readonly random?: RandomSource | undefined
  readonly now?: (() => number) | undefined
  readonly [allowInsecureEndpoint]?: true | undefined
}

/** What a recovery kit alone tells. */
export interface CheckedRecoveryKit {
  /** The last part of the workspace's CRN. */
  readonly workspaceId: string
}

/** The new admin, shown once. */
export interface RecoveredWorkspace {
  readonly workspaceCRN: string
  readonly clientId: string
  readonly clientKey: string
  readonly apiKey: string
  /** Environments that the new admin can use: each begins a new epoch, and what is there should be sealed under it (`rotate`). */
  readonly environments: readonly string[]
  /** Recovered as well, but disabled or destroyed as before: the new admin may enable the one and, in time, undo the other. */
  readonly disabled: readonly string[]
  readonly destroyed: readonly string[]
  /** Environments that stay shut: destroyed for good, or left out by `without`. */
  readonly notRecovered: readonly string[]
}

/** What a server says of itself, and how long that took. */
export interface ServerHealth {
  readonly endpoint: string
  readonly version: string
  readonly protocols: readonly string[]
  readonly region: string
  readonly valueMaxLength: number
  readonly needsSetup: boolean
  /** The server's clock minus this machine's, in milliseconds, give or take half a second; `undefined` without a Date header. */
  readonly clockSkewMs: number | undefined
  readonly roundTripMs: number
}

/** Of `createWorkspace`. */
export interface CreateWorkspaceOptions {
  readonly endpoint: string
  /** `hkst_…`: the server's one-time setup token. */
  readonly setupToken: string
  /** Of the first admin client. */
  readonly label: string
  /** Default: production, staging, development. */
  readonly environments?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
  readonly transport?: Transport | undefined
  readonly userAgent?: string | undefined
  readonly random?: RandomSource | undefined
  readonly now?: (() => number) | undefined
  readonly [allowInsecureEndpoint]?: true | undefined
}
