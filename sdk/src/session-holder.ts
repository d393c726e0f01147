/** A session, or the reason why there is none: told by every call, so that a wrong setting is a failure like others. */
import type { SecretsOptions } from "./options.ts"
import { Session } from "./session.ts"

export class SessionHolder {
  readonly #made: { readonly session: Session } | { readonly problem: unknown }

  constructor(options: SecretsOptions, client: "required" | "optional") {
    this.#made = attempt(options, client)
  }

  /** Throws what is wrong with the settings. */
  get session(): Session {
    if ("problem" in this.#made) throw this.#made.problem
    return this.#made.session
  }

  async close(): Promise<void> {
    if ("session" in this.#made) await this.#made.session.close()
  }
}

function attempt(
  options: SecretsOptions,
  client: "required" | "optional",
): { session: Session } | { problem: unknown } {
  try {
    return { session: new Session(options, client) }
  } catch (problem) {
    return { problem }
  }
}
