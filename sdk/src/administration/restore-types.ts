/** What comparing a restored server with this machine's memory gives, and what accepting it takes (S10). */
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { KeysetSummary } from "./environment-types.ts"
import type { MemberMode } from "./types.ts"

/**
 * Where a document of the server stands, seen from here. `current`: nothing that was seen is missing. `behind`: it is
 * older. `parted`: it went on from an older one, another way than this machine saw. `gone`: it is not served at all.
 */
export type Standing = "current" | "behind" | "parted" | "gone"

/** The roster there, compared with the newest one that was seen here. */
export interface ComparedRoster {
  readonly standing: Exclude<Standing, "gone">
  /** `null`: this machine has seen none. */
  readonly here: number | null
  readonly there: number
  /** The numbers of the signed rosters that are kept here and that the server may be given again. */
  readonly canUpload: readonly number[]
}

/** Somebody whose membership differs. */
export interface ComparedMember {
  readonly clientId: string
  readonly label: string
  /** `null`: no member. */
  readonly here: MemberMode | null
  readonly there: MemberMode | null
}

/** What can be done about a secret that the server went back on, from here. */
export type SecretRemedy =
  /** Its sealed record is kept here and opens with the server's help: it is written again. */
  | "write"
  /** Its deletion is kept here: it is deleted again. */
  | "delete"
  /** Lost: it was sealed under keys that came with a rotation after the backup, and are in no backup. */
  | "lost-keys"
  /** Lost: this machine has seen it, and does not keep its record. */
  | "not-kept"
  /** Nothing: it is deleted there, too, or never was. */
  | "none"

/** A secret that the server went back on. */
export interface ComparedSecret {
  readonly name: string
  /** The version that this machine has seen. */
  readonly here: number
  readonly deletedHere: boolean
  /** 0: the server never heard of it. */
  readonly there: number
  readonly deletedThere: boolean
  /** Whether this machine refuses what the server says of it, until the restore is accepted. */
  readonly refused: boolean
  readonly remedy: SecretRemedy
}

/** An environment there, compared with what was seen here. */
export interface ComparedEnvironment {
  readonly environment: string
  readonly keysetId: string
  readonly standing: Standing
  /** Whether this machine refuses what the server says of it, documents or secrets, until the restore is accepted. */
  readonly refused: boolean
  readonly here: { readonly incarnation: number; readonly revision: number } | null
  readonly there: { readonly incarnation: number; readonly revision: number } | null
  /** Whether the signed document behind `here` is kept, so that it is known who was a member. */
  readonly documentKept: boolean
  readonly state: { readonly here: KeysetSummary["state"] | null; readonly there: KeysetSummary["state"] | null }
  /** Those who differ. Empty where the document is not kept. */
  readonly members: readonly ComparedMember[]
  /** The epoch to seal under that the server lost, since it came with a rotation after the backup. */
  readonly lostEpoch: number | null
  /** Secrets that the server went back on, in order of name. */
  readonly secrets: readonly ComparedSecret[]
  /** Why its secrets could not be compared, as a problem code: this client is no member, or it is disabled. */
  readonly secretsUnknown: string | null
}

/** What the server went back on, compared with what this machine has seen. Comparing changes nothing. */
export interface Reconciliation {
  readonly differs: boolean
  /** `null` where this caller sees no environment, and so no roster. */
  readonly roster: ComparedRoster | null
  readonly environments: readonly ComparedEnvironment[]
}

/** What was written again. */
export interface BroughtBack {
  /** Numbers of the rosters that were uploaded. */
  readonly rosters: readonly number[]
  readonly secrets: readonly {
    readonly environment: string
    readonly name: string
    readonly version: number
    readonly deleted: boolean
  }[]
  /** Records that are kept here, and did not open. */
  readonly notOpened: readonly { readonly environment: string; readonly name: string; readonly version: number }[]
  /** Environments where nothing can be written before a granter has accepted the restore. */
  readonly notAccepted: readonly string[]
  /** Why the rosters could not be uploaded by this client, as a problem code. */
  readonly rostersRefused: string | null
}

/** A member that the new manifest would list. */
export interface PlannedMember {
  readonly clientId: string
  readonly label: string
  readonly mode: MemberMode
  /** Was let in after the backup, and is let in again. */
  readonly again: boolean
}

/** What would be signed for one environment. */
export interface PlannedEnvironment {
  readonly environment: string
  readonly incarnation: number
  readonly versionFloor: number
  readonly state: KeysetSummary["state"]
  readonly members: readonly PlannedMember[]
  /** Was removed after the backup, and stays out. */
  readonly staysOut: readonly { readonly clientId: string; readonly label: string }[]
  /** Was let in after the backup, and cannot be let in again: its registration is lost, or this client holds no half to seal. */
  readonly notLetIn: readonly {
    readonly clientId: string
    readonly label: string
    readonly why: "not-registered" | "no-half"
  }[]
  /** The epoch that is begun, since the one before is lost. */
  readonly newEpoch: number | null
  /** It came after the backup: it is made again, empty. */
  readonly madeAgain: boolean
}

/** What would be signed. */
export interface RestorePlan {
  /** Numbers of the signed rosters that are uploaded first. */
  readonly rosters: readonly number[]
  readonly environments: readonly PlannedEnvironment[]
}

/** Of `restore.plan` and `restore.accept`. */
export interface AcceptRestoreOptions {
  /** Called before anything is uploaded or signed. Answer `false` to stop. */
  readonly beforeSigning?: ((plan: RestorePlan) => boolean | undefined | Promise<boolean | undefined>) | undefined
  /** Versions go on above this at least, as another machine that has seen more asks for it. */
  readonly versionFloor?: number | undefined
  /** Accept although this machine has seen nothing newer: for when another one refuses what the server says. */
  readonly anyway?: boolean | undefined
}

/** What was signed. */
export interface AcceptedRestore {
  readonly rosters: readonly number[]
  /** None: there was nothing to accept. */
  readonly environments: readonly {
    readonly environment: string
    readonly revision: number
    readonly incarnation: number
    readonly versionFloor: number
    readonly newEpoch: number | null
  }[]
}

/**
 * After an operator restored an older database. What this machine remembers comes from `freshness`, what it can bring back
 * from `archive`: give both, and keep both.
 */
export interface RestoreAdministration {
  /**
   * What the server went back on. Works where every other call is refused as stale, and changes nothing, not even what is
   * remembered. Left out: all environments that were seen or are listed.
   * @example
   * const { differs } = unwrap(await admin.restore.compare())
   * console.log(differs) // prints false
   */
  compare(environments?: readonly string[], options?: CallOptions): Promise<Result<Reconciliation>>
  /**
   * What `accept` would sign now.
   * @example
   * const { environments } = unwrap(await admin.restore.plan(["production"]))
   * for (const { environment, members, staysOut } of environments) console.log(environment, members, staysOut)
   */
  plan(environments?: readonly string[], options?: CallOptions & AcceptRestoreOptions): Promise<Result<RestorePlan>>
  /**
   * Signs, on top of what the server serves now, manifests that every client takes: of a higher incarnation, with the
   * members, modes and state of the newest manifest that this machine has seen, and versions that go on above all that it has
   * seen. Nobody who had been removed comes back. Rosters that the server lost are uploaded first. Fails with `not_a_granter`
   * before anything is done. Repeating it is no failure, and finishes what was interrupted.
   * @example
   * const { environments } = unwrap(await admin.restore.accept(["production"]))
   * console.log(environments.length) // prints 0
   */
  accept(
    environments?: readonly string[],
    options?: CallOptions & AcceptRestoreOptions,
  ): Promise<Result<AcceptedRestore>>
  /**
   * Uploads lost rosters, and, where the restore was accepted, writes again as new versions what this machine keeps and the
   * server's keys still open. Needs no granter. Repeating it is no failure.
   * @example
   * const { notOpened, secrets: again } = unwrap(await admin.restore.bringBack())
   * console.log(again.length, notOpened.length) // prints 0 0
   */
  bringBack(environments?: readonly string[], options?: CallOptions): Promise<Result<BroughtBack>>
}
