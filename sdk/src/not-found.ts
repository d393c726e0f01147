/** Secrets and versions that are not there, told in one way. */
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** `secret_not_found` naming all that are missing; with `version`, that this version holds no value. */
export function notFound(missing: readonly string[], environment: string, version?: number): HalfkeyError {
  const shown =
    missing.length > 10 ? `${missing.slice(0, 10).join(", ")} and ${missing.length - 10} more` : missing.join(", ")
  const what = version === undefined ? `no secret ${shown}` : `no value in version ${version} of ${shown}`
  return new HalfkeyError("secret_not_found", `there is ${what} in ${environment}`, {
    hint:
      version === undefined
        ? `\`halfkey list -e ${environment}\` shows what there is`
        : `\`halfkey history ${shown} -e ${environment}\` shows all versions`,
    facts: { missing, environment },
  })
}
