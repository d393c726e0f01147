/** Which earlier value a rollback writes again. The server says which versions there are; each value opens under its own alone. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { CallScope } from "./call-scope.ts"
import { notFound } from "./not-found.ts"
import type { SecretVersion } from "./secret.ts"
import type { Session } from "./session.ts"
import { secretHistory } from "./vault-list.ts"
import { readNamed } from "./vault-read.ts"
import type { Write } from "./vault-write.ts"

/**
 * The write that brings the value of version `to` back, on the condition that the newest version stays what it is now.
 * Without `to`: the value before the newest one, or, where that is a deletion, what was deleted. Throws `secret_not_found`, or
 * `invalid_argument` where `to` is the newest version already.
 */
export async function rollbackWrite(
  session: Session,
  scope: CallScope,
  environment: string,
  wanted: { readonly name: string; readonly to: number | undefined },
): Promise<Write> {
  const { name } = wanted
  const [newest, ...earlier] = await secretHistory(session, scope, environment, name)
  if (newest === undefined) throw notFound([name], environment)
  const version = wanted.to ?? lastValue(earlier) ?? noEarlier(name, environment)
  if (version === newest.version && !newest.deleted) throw alreadyAt(name, environment, version)
  const found = await readNamed(session, scope, environment, [{ name, version }])
  const value = found.get(name)?.value
  if (value === undefined) throw notFound([name], environment, version)
  return { name, plaintext: { kind: "value", value }, ifVersion: newest.version }
}

function lastValue(versions: readonly SecretVersion[]): number | undefined {
  return versions.find(({ deleted }) => !deleted)?.version
}

function noEarlier(name: string, environment: string): never {
  throw new HalfkeyError("secret_not_found", `${name} has no earlier value in ${environment}`, {
    hint: `\`halfkey history ${name} -e ${environment}\` shows all versions`,
    facts: { missing: [name], environment },
  })
}

function alreadyAt(name: string, environment: string, version: number): HalfkeyError {
  return new HalfkeyError("invalid_argument", `${name} is at version ${version} in ${environment} already`, {
    hint: `\`halfkey history ${name} -e ${environment}\` shows the earlier ones`,
    facts: { name, currentVersion: version },
  })
}
