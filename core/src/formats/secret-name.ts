/** Names of secrets: what is allowed, and why a name is refused. */
import { HalfkeyError } from "./errors.ts"

/** Most bytes of a secret's name. */
export const secretNameMaxLength = 255

const allowed = /^[A-Za-z_][A-Za-z0-9_./-]*$/

/** Why a name is refused, or `undefined` for a good one. */
export function secretNameProblem(name: string): string | undefined {
  if (name === "") return "it is empty"
  if (!/^[\x20-\x7e]*$/.test(name)) return "it may hold only ASCII letters, digits and _ . / -"
  if (name.length > secretNameMaxLength)
    return `it has ${name.length} characters, at most ${secretNameMaxLength} are allowed`
  if (!/^[A-Za-z_]/.test(name)) return "it must start with a letter or an underscore"
  if (!allowed.test(name)) return "it may hold only ASCII letters, digits and _ . / -"
  return undefined
}

/** Throws `invalid_secret_name` for a name that is not allowed. */
export function requireSecretName(name: string): void {
  const problem = secretNameProblem(name)
  if (problem === undefined) return
  const shown = /^[\x20-\x7e]{0,60}$/.test(name) ? JSON.stringify(name) : "(not shown)"
  throw new HalfkeyError("invalid_secret_name", `the secret name ${shown} is not allowed: ${problem}`, {
    hint: "use a name such as DATABASE_URL or payments/stripe.key",
  })
}
