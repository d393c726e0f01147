/** The client for administration: larger than that of the vault, so `run` has none. */
import type { Admin } from "halfkey/admin"
import type { SecretsOptions } from "halfkey/secrets"

/** Loads it when a command first asks for it. */
export async function makeAdmin(options: SecretsOptions): Promise<Admin> {
  const { Admin } = await import("halfkey/admin")
  return new Admin(options)
}
