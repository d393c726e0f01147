/** Logins that wait for an admin: the key of the device before it has a profile, in `logins/<profile>.json`, private. */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { DeviceKeys } from "halfkey/admin"
import { readPrivateFile, writePrivateFile } from "../storage/private-files.ts"

export interface PendingLogin extends DeviceKeys {
  readonly endpoint: string
  readonly label: string
}

const fields = ["endpoint", "workspaceCRN", "clientId", "clientKey", "nonce", "label"] as const

export class PendingLogins {
  readonly #directory: string

  constructor(configDirectory: string) {
    this.#directory = join(configDirectory, "logins")
  }

  /** `undefined` where none waits. Throws `invalid_configuration` for a file that others may read or that is damaged. */
  find(profile: string): PendingLogin | undefined {
    const path = this.#pathOf(profile)
    const text = readPrivateFile(path)
    if (text === undefined) return undefined
    try {
      const login = JSON.parse(text) as Record<string, unknown> | null
      if (login !== null && fields.every((name) => typeof login[name] === "string")) return login as never
    } catch {
      // Told below; the parser's own text would quote the file.
    }
    throw new HalfkeyError("invalid_configuration", `${path} is damaged`, { hint: `rm ${path}   (and log in again)` })
  }

  /** The profiles that they get. */
  list(): string[] {
    const files = existsSync(this.#directory) ? readdirSync(this.#directory) : []
    return files.flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []).sort()
  }

  /** Durable once it returns. */
  save(profile: string, login: PendingLogin): void {
    writePrivateFile(this.#pathOf(profile), `${JSON.stringify(login, undefined, 2)}\n`)
  }

  remove(profile: string): void {
    rmSync(this.#pathOf(profile), { force: true })
  }

  /** The name was checked as that of a profile. */
  #pathOf(profile: string): string {
    return join(this.#directory, `${profile}.json`)
  }
}
