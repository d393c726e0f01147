/** What people's devices take and give (S9). Times are RFC 3339, UTC, with milliseconds. */
import type { allowInsecureEndpoint, RandomSource } from "../options.ts"
import type { Transport } from "../transport.ts"
import type { Client, EnvironmentGrant, MemberMode, RevokedClient } from "./types.ts"

/** What a device may do without an API key: as an API key of that role. */
export type DeviceRole = "admin" | "member"

/** A device that asks to be let in, as the server tells it. */
export interface PendingDevice {
  readonly clientId: string
  /** As its owner called it; nothing proves it. */
  readonly label: string
  readonly status: "pending" | "expired" | "rejected"
  readonly filedAt: string
  readonly expiresAt: string
  /** Where it was filed from, as the server saw it. */
  readonly address: string
}

/** All devices of the workspace. */
export interface DeviceList {
  /** Those that wait, and those that waited in vain during the last day. */
  readonly pending: readonly PendingDevice[]
  /** Those that were let in, revoked ones too. */
  readonly devices: readonly Client[]
}

/** Which device is let in, and into what. */
export interface DeviceApproval {
  /** Its client id in full. Left out: the one whose code was typed, or the only one that waits. */
  readonly device?: string | undefined
  /** What the device shows, typed by somebody who sees it: any other device is refused. */
  readonly code?: string | undefined
  readonly environments: readonly EnvironmentGrant[]
  /** Default `member`. */
  readonly role?: DeviceRole | undefined
}

/** What a person decides by. */
export interface DeviceComparison {
  readonly device: PendingDevice
  /** Computed on this machine from the id and nonce that the server sent: the device itself must show the same. */
  readonly code: string
  /** It was typed, and is the same: nobody needs to compare it again. */
  readonly codeWasTyped: boolean
  readonly environments: readonly EnvironmentGrant[]
  readonly role: DeviceRole
}

/** Who compares the code. */
export interface ComparingOptions {
  /**
   * Called before anything is signed or sealed. Answer `true` only when somebody who sees the device says that it shows
   * this code, or when the code was typed. Anything else stops: the failure is `aborted`.
   */
  readonly compare: (comparison: DeviceComparison) => boolean | Promise<boolean>
}

/** A device that is out. */
export interface RemovedDevice extends RevokedClient {
  readonly clientId: string
  /** `rejected`: it waited, and had no access yet. */
  readonly status: "rejected" | "revoked"
}

/** An environment that this client is in, by its signed manifest. */
export interface OwnEnvironment {
  readonly name: string
  readonly mode: MemberMode
  readonly revision: number
}

/** The keys of a device that is not approved yet. Keep them private, as those of a client. */
export interface DeviceKeys {
  readonly workspaceCRN: string
  readonly clientId: string
  /** `hkck_…`: never leaves this machine. */
  readonly clientKey: string
  /** Part of the code; 32 bytes as base64url. No secret. */
  readonly nonce: string
}

/** Of `fileDevice`. */
export interface FileDeviceOptions {
  readonly endpoint: string
  readonly device: DeviceKeys
  readonly label: string
  readonly timeoutMs?: number | undefined
  readonly transport?: Transport | undefined
  readonly userAgent?: string | undefined
  readonly random?: RandomSource | undefined
  readonly now?: (() => number) | undefined
  readonly [allowInsecureEndpoint]?: true | undefined
}

/** A device that waits for an admin. */
export interface FiledDevice {
  /** To be compared with what an admin's machine computes: `XXXXX-XXXXX`. Made here, from what this machine knows. */
  readonly code: string
  /** Until when it waits for an admin, as the server says. */
  readonly expiresAt: string
}
