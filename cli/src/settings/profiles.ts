/** Profiles: one client of one workspace each, in a private file. */
import { readdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { closest } from "../closest.ts"
import { readPrivateFile, writePrivateFile } from "../storage/private-files.ts"

export interface Profile {
  readonly endpoint: string
  readonly workspaceCRN: string
  readonly clientId: string
  readonly clientKey: string
  /** Absent: the profile of a person's device, which needs none. */
  readonly apiKey?: string
  readonly environment?: string
  /** How old may be what the cache gives while the server is away, such as `12h`. */
  readonly maxStale?: string
  /** Where the data of its server is, by its real path, where `halfkey up` runs that server on this machine. */
  readonly dataDirectory?: string
  /** The recovery kit of the workspace that was created with this profile has not been printed yet: a crash came between. */
  readonly recoveryKitPending?: true
}

/** The profile of the server on this machine, made by `halfkey up`. */
export const localProfile = "local"

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const required = ["endpoint", "workspaceCRN", "clientId", "clientKey"] as const
const optional = ["apiKey", "environment", "maxStale", "dataDirectory"] as const

export class Profiles {
  readonly #directory: string

  /** `configDirectory` as of `config-directory.ts`; it need not exist. */
  constructor(configDirectory: string) {
    this.#directory = configDirectory
  }

  pathOf(name: string): string {
    if (!namePattern.test(name)) {
      throw new HalfkeyError("invalid_argument", "not a profile name: 1 to 63 of letters, digits and . _ -", {
        hint: "use a name such as local or work",
      })
    }
    return join(this.#directory, "profiles", `${name}.json`)
  }

  /** Names in order. */
  list(): string[] {
    try {
      const files = readdirSync(join(this.#directory, "profiles"))
      return files
        .filter((file) => /^[A-Za-z0-9].*\.json$/.test(file))
        .map((file) => file.slice(0, -".json".length))
        .sort()
    } catch {
      return []
    }
  }

  /** `undefined` when there is none. Throws `invalid_configuration` for a file that others may read or that is no profile. */
  find(name: string): Profile | undefined {
    const path = this.pathOf(name)
    const text = readPrivateFile(path)
    return text === undefined ? undefined : parseProfile(text, path)
  }

  /** Names of the workspace's profiles that use this API key; damaged ones are left out. */
  using(workspaceCRN: string, apiKeyId: string): string[] {
    return this.list().filter((name) => {
      const profile = this.findReadable(name)
      return profile?.workspaceCRN === workspaceCRN && profile.apiKey?.startsWith(`hkak_${apiKeyId}_`) === true
    })
  }

  /** As `find`, without the damaged ones and those that others may read: `halfkey doctor` tells. */
  findReadable(name: string): Profile | undefined {
    try {
      return this.find(name)
    } catch {
      return undefined
    }
  }

  /** As `find`, and throws for a name that does not exist. */
  get(name: string): Profile {
    const profile = this.find(name)
    if (profile !== undefined) return profile
    const names = this.list()
    const near = closest(name, names)
    const known = names.length === 0 ? "there is no profile yet: halfkey up" : `one of ${names.join(", ")}`
    throw new HalfkeyError("missing_configuration", `there is no profile ${name} on this machine`, {
      hint: near === undefined ? known : `--profile ${near} (did you mean ${near}?)`,
    })
  }

  /** Durable once it returns. The first profile becomes the default. */
  save(name: string, profile: Profile): void {
    writePrivateFile(this.pathOf(name), `${JSON.stringify(profile, undefined, 2)}\n`)
    if (this.default() === undefined) this.setDefault(name)
  }

  /** As `requireWritable`, and throws for a name that is taken: a profile's keys exist nowhere else. */
  requireNew(name: string): void {
    if (this.find(name) !== undefined) {
      throw new HalfkeyError("already_exists", `there is a profile ${name} already`, { hint: "choose another name" })
    }
    this.requireWritable(name)
  }

  /**
   * Fails early where `save` would fail, so that nothing is made that cannot be kept. An empty file fits on a full disk:
   * the probe takes the room of a profile with its partial copy, and of the file that names the default.
   */
  requireWritable(name: string): void {
    const probe = `${this.pathOf(name)}.probe`
    writePrivateFile(probe, " ".repeat(16_384))
    rmSync(probe, { force: true })
  }

  /** Gives a profile another name. Throws for a name that is taken. */
  rename(name: string, to: string): void {
    this.requireNew(to)
    renameSync(this.pathOf(name), this.pathOf(to))
  }

  /** Its keys exist nowhere else. It is the default no longer. */
  remove(name: string): void {
    rmSync(this.pathOf(name), { force: true })
    if (this.default() === name) rmSync(join(this.#directory, "default-profile"), { force: true })
  }

  default(): string | undefined {
    const name = readPrivateFile(join(this.#directory, "default-profile"))?.trim()
    return name && namePattern.test(name) ? name : undefined
  }

  setDefault(name: string): void {
    writePrivateFile(join(this.#directory, "default-profile"), `${name}\n`)
  }
}

function parseProfile(text: string, path: string): Profile {
  const refuse = (why: string) =>
    new HalfkeyError("invalid_configuration", `${path} is no profile: ${why}`, {
      hint: `correct it, or rm ${path} and make it again`,
    })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    // The parser's own text would quote the file.
    throw refuse("it is no JSON")
  }
  if (typeof data !== "object" || data === null) throw refuse("it is no JSON object")
  const fields = data as Record<string, unknown>
  for (const name of required) {
    if (typeof fields[name] !== "string") throw refuse(`${name} is missing`)
  }
  for (const name of optional) {
    if (!["string", "undefined"].includes(typeof fields[name])) throw refuse(`${name} must be a text`)
  }
  return data as Profile
}
