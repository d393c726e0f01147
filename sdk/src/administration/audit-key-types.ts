/** The audit key: which key of the server signs the checkpoints of this workspace's audit log, by the roster. */
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"

/** The audit key: by the roster, and by the server. */
export interface AuditKeyAdministration {
  /**
   * The key that the signed roster names, and the one that the server would sign with.
   *
   * @example
   * const { current, offered } = unwrap(await admin.auditKey.compare())
   * console.log(current === offered) // prints true
   */
  compare(options?: CallOptions): Promise<Result<ComparedAuditKeys>>
  /**
   * Signs a roster that names the server's key with this fingerprint, which the operator tells (`halfkey-server
   * checkpoint-key rotate` prints it). Fails with `invalid_argument` where the server offers another one, with
   * `not_a_granter` where this client may not sign. Repeating it is no failure.
   *
   * @example
   * const { offered } = unwrap(await admin.auditKey.compare())
   * // `halfkey-server checkpoint-key rotate` printed the same to its operator.
   * console.log(unwrap(await admin.auditKey.update(offered)).changed) // prints false
   */
  update(fingerprint: string, options?: CallOptions): Promise<Result<UpdatedAuditKey>>
}

/** Fingerprints: eight groups of four hexadecimal digits. */
export interface ComparedAuditKeys {
  readonly current: string
  readonly offered: string
}

/** What `auditKey.update` did. */
export interface UpdatedAuditKey {
  /** `false`: the roster named it already. */
  readonly changed: boolean
  readonly fingerprint: string
}
