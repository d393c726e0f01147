import type { AuditFields } from "@halfkey/core/formats/audit-fields"
import type { Identity } from "./identity.ts"

/** Who asks, as far as the transport can tell. Nothing in it is believed before a service has checked it. */
export interface Caller {
  /** The bearer token as it was sent; `undefined` when none was. */
  readonly credential: string | undefined
  readonly requestId: string
  /** Peer address, or the one that a trusted proxy named, in the form of `plainAddress`. */
  readonly address: string
  /** At most 200 visible characters. */
  readonly userAgent: string | undefined
  readonly identity: Identity
  /** What the caller says about its request, for the audit log. */
  readonly audit?: AuditFields | undefined
}

/** An answer with the receipt of its audit entry: the leaf hash, 32 bytes (S12). */
export interface Answer<T> {
  readonly value: T
  readonly receipt: Uint8Array
}

/** Where services count what the operator wants to see. Names and values never reach it. */
export interface Counters {
  seedsReleased(count: number): void
  recordsWritten(count: number): void
  auditEntry(outcome: "allowed" | "denied"): void
  /** A refusal of somebody who could not be authenticated; `Refusals` writes of them what does not fill the disk. */
  unauthenticated(code: string): void
}
