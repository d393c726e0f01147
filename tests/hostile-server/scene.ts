/** Where the attacks play: the real server, the proxy before it, and clients that have seen the truth once. */
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Admin, unwrap } from "halfkey/admin"
import { type FreshnessState, Secrets, type SecretsOptions } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import type { Json } from "./attack.ts"
import type { ShownDevice } from "./device-calls.ts"
import { Elsewhere } from "./elsewhere.ts"
import { fileFreshness } from "./file-freshness.ts"
import { runHalfkey } from "./halfkey.ts"
import { HostileProxy } from "./hostile-proxy.ts"
import { type Credentials, Insider } from "./insider.ts"

const serverProgram = join(import.meta.dirname, "../../server/bin/halfkey-server.js")

/** Starts every value, so that one that shows up anywhere is found. */
export const canary = "CANARY-5d1e8b"

/** The secrets that are there, by environment and name, oldest version first. `null`: deleted. */
const written = {
  production: { A: ["first", "second"], B: ["other"], DEAD: ["short", null] },
  staging: { A: ["staged"], Z: ["last"] },
  development: { A: ["developed"], KEPT: ["kept"] },
} as const

export const secretValue = (what: string) => `${canary} ${what}`

/** True answers, taken before the attacks: lies are often truths at the wrong place or time. */
export interface Truths {
  /** `POST /v1/secrets/read` for A, before the member came and A changed: revision 1, version 1. */
  readonly before: Json
  /** `POST /v1/secrets/read` for one secret as it is now, by `<environment> <name>`. */
  readonly now: Readonly<Record<string, Json>>
  /** The same for A of staging, to the client that has nothing else. */
  readonly ofStagingOnly: Json
}

export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), "halfkey-hostile-"))
  readonly server = new RealServer()
  readonly proxy = new HostileProxy()
  readonly elsewhere = new Elsewhere()
  /** The mode that the member does not have in development, so that granting it is a change. */
  otherMode: "read" | "read-write" = "read"
  /** Whether there is an environment that may be rotated. */
  hasRotating = false
  /** A client that may be taken out of an environment. */
  leaver = ""
  /** An API key that may be rotated. */
  apiKeyId = ""
  recoveryKit = ""
  /** The device that was filed last. */
  device: ShownDevice | undefined
  /** The client that is to be revoked next. */
  leaving = ""
  /** The setup token for the next workspace. */
  token = ""
  /** Counts up, for names that must be new. */
  count = 0
  #admin: Credentials | undefined
  #stagingOnly: Credentials | undefined
  #member: Credentials | undefined
  #insider: Insider | undefined
  #truths: Truths | undefined

  get admin(): Credentials {
    return known(this.#admin)
  }

  get member(): Credentials {
    return known(this.#member)
  }

  /** A client of staging, and of nothing else. */
  get stagingOnly(): Credentials {
    return known(this.#stagingOnly)
  }

  get insider(): Insider {
    return known(this.#insider)
  }

  get truths(): Truths {
    return known(this.#truths)
  }

  /** The CLI's configuration directory, and the SDK's state, of a machine that has seen everything as it is now. */
  get seenConfigDirectory(): string {
    return join(this.directory, "config")
  }

  get seenState(): FreshnessState {
    return JSON.parse(readFileSync(join(this.directory, "seen", "freshness.json"), "utf8"))
  }

  /** Options of the first admin, through the proxy unless said otherwise. */
  options(more: SecretsOptions = {}): SecretsOptions {
    const { apiKey, clientId, clientKey, workspaceCRN } = this.admin
    const own = { apiKey, clientId, clientKey, workspaceCRN, endpoint: this.proxy.url, environment: "production" }
    return { ...own, timeoutMs: 20_000, env: {}, ...more }
  }

  /** A setup token that is still good: each one makes one workspace. */
  async setupToken(): Promise<string> {
    const { dataDirectory } = this.server
    if (!existsSync(join(dataDirectory, "setup-token"))) {
      await promisify(execFile)(process.execPath, [serverProgram, "setup-token"], {
        env: { HALFKEY_DATA_DIR: dataDirectory },
      })
    }
    return this.server.setupToken
  }

  async open(): Promise<void> {
    await this.server.start()
    await this.proxy.start(this.server.url)
    await this.elsewhere.start()
    const recoveryKit = await this.#init()
    this.recoveryKit = recoveryKit
    writeFileSync(join(this.directory, "kit.txt"), recoveryKit, { mode: 0o600 })
    const secrets = new Secrets(this.options())
    const admin = new Admin(this.options())
    try {
      await this.#write(secrets, admin)
      await this.#learn(secrets, recoveryKit)
      await this.#see()
    } finally {
      await secrets.close()
      await admin.close()
    }
  }

  async close(): Promise<void> {
    await this.proxy.stop()
    await this.elsewhere.stop()
    await this.server.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Creates the workspace as a person does, and returns the recovery kit. */
  async #init(): Promise<string> {
    const args = ["init", "--endpoint", this.proxy.url, "--setup-token-file", "-", "--save-profile", "local"]
    const { code, stderr, stdout } = await runHalfkey(args, {
      configDirectory: this.seenConfigDirectory,
      stdin: this.server.setupToken,
    })
    const recoveryKit = /hkrk_[\w-]+/.exec(stdout)?.[0]
    if (code !== 0 || recoveryKit === undefined) throw new Error(`halfkey init ended with ${code}: ${stderr}`)
    this.#admin = JSON.parse(readFileSync(join(this.seenConfigDirectory, "profiles", "local.json"), "utf8"))
    return recoveryKit
  }

  async #write(secrets: Secrets, admin: Admin): Promise<void> {
    const [first] = written.production.A
    unwrap(await secrets.set("A", secretValue(first)))
    const before = await this.#readAnew("production", "A")
    this.#member = await newClient(admin, "member", ["production", "development"])
    this.#stagingOnly = await newClient(admin, "staging only", ["staging"])
    const now: Record<string, Json> = {}
    for (const [environment, names] of Object.entries(written)) {
      for (const [name, values] of Object.entries(names) as [string, readonly (string | null)[]][]) {
        for (const value of values) {
          if (value === first) continue
          const to = { environment }
          unwrap(await (value === null ? secrets.delete(name, to) : secrets.set(name, secretValue(value), to)))
        }
        now[`${environment} ${name}`] = await this.#readAnew(environment, name)
      }
    }
    this.#truths = { before, now, ofStagingOnly: await this.#readAnew("staging", "A", this.stagingOnly) }
  }

  async #learn(secrets: Secrets, recoveryKit: string): Promise<void> {
    unwrap(await secrets.list())
    const authorization = this.proxy.asked.at(-1)?.headers["authorization"]
    const bundles: Record<string, Json> = {}
    for (const environment of Object.keys(written)) {
      const answer = await fetch(`${this.server.url}/v1/keysets/${environment}?recovery=true`, {
        headers: { authorization: String(authorization) },
      })
      bundles[environment] = await answer.json()
    }
    this.#insider = await Insider.create(this.admin, this.member, recoveryKit, bundles)
  }

  /** Lets the command and a client with a store see everything, through the proxy. */
  async #see(): Promise<void> {
    const freshness = fileFreshness(join(this.directory, "seen"))
    for (const environment of Object.keys(written)) {
      const options = { ...this.options({ freshness }), environment }
      const secrets = new Secrets(options)
      unwrap(await secrets.readAll())
      await secrets.get("DEAD")
      await secrets.close()
    }
    for (const args of [
      ["doctor"],
      ["get", "DEAD", "-e", "production"],
      ["get-many", "A", "B", "-e", "production"],
      ["get", "A", "-e", "staging"],
      ["get-many", "A", "KEPT", "-e", "development"],
    ]) {
      const { code, stderr } = await runHalfkey(args, { configDirectory: this.seenConfigDirectory })
      if (code !== (args.includes("DEAD") ? 3 : 0)) throw new Error(`halfkey ${args[0]} ended with ${code}: ${stderr}`)
    }
  }

  /** The whole answer to a client that knows nothing. */
  async #readAnew(environment: string, name: string, by = this.admin): Promise<Json> {
    this.proxy.listen()
    const { apiKey, clientId, clientKey } = by
    const secrets = new Secrets(this.options({ apiKey, clientId, clientKey, environment }))
    await secrets.get(name)
    await secrets.close()
    return JSON.parse(this.proxy.told.at(-1)?.body ?? "")
  }
}

async function newClient(admin: Admin, label: string, names: readonly string[]): Promise<Credentials> {
  const environments = names.map((name) => ({ name }))
  const { credentials } = unwrap(await admin.clients.create({ label, environments, apiKey: {} }))
  return { ...credentials, apiKey: credentials.apiKey ?? "" }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the scene is not open yet")
  return value
}
