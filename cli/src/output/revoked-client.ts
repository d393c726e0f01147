/** What a revocation did, and what it could not do. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Admin, Failure, RevokedClient } from "halfkey/admin"
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
 * Who is no granter stops a client at the server, and cannot sign the manifests that go on listing it: the same failure, with what
 * holds already, what waits, and who must type what.
 */
export async function withWaitingManifests(
  admin: Admin,
  clientId: string,
  noun: "clients" | "devices",
  failure: Failure,
): Promise<Failure | HalfkeyError> {
  if (failure.code !== "not_a_granter") return failure
  const [{ data: grants = [] }, { data: granters = [] }] = await Promise.all([
    admin.grants.list(),
    admin.granters.list(),
  ])
  const waiting = grants.filter(({ members }) => members.some((member) => member.clientId === clientId))
  const names = waiting.map(({ environment }) => environment)
  const lists = names.length === 1 ? "lists" : "list"
  const where = names.length === 0 ? "manifests may still list it" : `${names.join(", ")} still ${lists} it`
  const who = granters.map(({ clientId: id, label }) => `${label} (${id})`).join(" or ")
  return new HalfkeyError(
    "not_a_granter",
    `${clientId} has no access any more, but ${where}, and only a granter can sign that away`,
    { hint: `halfkey ${noun} revoke ${clientId}   (as a granter: ${who || "halfkey granters list"})` },
  )
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
