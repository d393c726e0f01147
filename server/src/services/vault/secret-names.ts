/** Names in requests: checked before anything is written down, since a wrong name may be a value in the wrong place. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireSecretName, secretNameProblem } from "@halfkey/core/formats/secret-name"

/** Throws `invalid_secret_name`, or `invalid_request` for a name that occurs twice. */
export function requireNames(names: readonly string[]): void {
  for (const name of names) requireSecretName(name)
  if (names.length > 1 && new Set(names).size !== names.length) {
    throw new HalfkeyError("invalid_request", "the same secret is named twice")
  }
}

/** The beginning of a name, or nothing. Throws `invalid_secret_name`. */
export function requirePrefix(prefix: string | undefined): string {
  if (prefix === undefined || prefix === "") return ""
  if (secretNameProblem(prefix) !== undefined) requireSecretName(prefix)
  return prefix
}

export const nameAndVersion = ({ name, version }: { readonly name: string; readonly version: number }) =>
  `${name}@${version}`
