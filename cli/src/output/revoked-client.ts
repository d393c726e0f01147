/** What a revocation did, and what it could not do. */
import type { Admin, RevokedClient } from "halfkey/admin"
import type { Context } from "../context.ts"

/** `clientId` is out; the environments that list it no longer, and those that others must see to. */
export function tellRevoked(context: Context, clientId: string, revoked: RevokedClient): void {
  const { environments, notRotated = [], notSigned, rotated = [] } = revoked
  const where = environments.length === 0 ? "" : `; signed again without it: ${environments.join(", ")}`
  context.note(`${clientId} has no access any more${where}`)
  if (notSigned.length > 0) {
    context.warn(
      `not signed again, since the server does not let you reach it: ${notSigned.join(", ")}\n  try: the same as a granter of ${notSigned.join(", ")}`,
    )
  }
  if (rotated.length > 0) context.note(`new keys, and nothing left under the old ones: ${rotated.join(", ")}`)
  if (notRotated.length > 0) {
    context.warn(
      `not rotated, since you may not read and write there or it is disabled: ${notRotated.join(", ")}\n  try: halfkey rotate -e ${notRotated[0]}   (as a granter of it)`,
    )
  }
  context.note("what it has read stays known to it: replace those secrets")
}

/**
 * Environments that nobody is left in without `clientId`: of those that it was just taken out of, or, before it is, of all
 * that list it. What cannot be listed is left out: a warning must keep nobody from revoking.
 */
export async function environmentsOfNobodyElse(
  admin: Admin,
  clientId: string,
  takenOutOf?: readonly string[],
): Promise<string[]> {
  const { data: grants = [] } = await admin.grants.list(takenOutOf)
  return grants
    .filter(({ state }) => state !== "destroyed")
    .filter(({ members }) => takenOutOf !== undefined || members.length > 0)
    .filter(({ members }) => members.every((member) => member.clientId === clientId))
    .map(({ environment }) => environment)
}

/** Nobody can let anyone in again where nobody is left. */
export function warnOfNobodyLeft(context: Context, environments: readonly string[]): void {
  const [first] = environments
  if (first === undefined) return
  context.warn(
    `no member is left in ${environments.join(", ")}: only the recovery kit opens what is there\n  try: halfkey recover --help   (it puts every client out), or give it up: halfkey environments destroy ${first}`,
  )
}
