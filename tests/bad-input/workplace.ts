/** A real server with a workspace, a machine with a profile for it, and a look at everything that must not change. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Secrets, type SecretsOptions } from "halfkey/secrets"
import { type CommandOptions, type CommandResult, halfkey } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"

/** What a refused command must do, and what it must leave alone. */
export interface Refusal {
  readonly exit: number
  /** All of stderr, or what it must match. */
  readonly stderr: string | RegExp
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string | Uint8Array
  /** Whether the server may have decided something: then the audit log and the used assertions grow. */
  readonly asksServer?: true
}

/** Tables that grow by asking: every decision is written down. */
const grownByAsking = ["audit_entries", "used_assertions"]

export class Workplace {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "halfkey-bad-input-")))
  readonly configDirectory = join(this.folder, "config")
  /** Where commands run, without a halfkey.json. */
  readonly cwd = join(this.folder, "work")
  readonly server = new ServerProcess(join(this.folder, "data"))
  #secrets: Secrets | undefined

  /** Starts a server, and makes a workspace with profile `local` by `halfkey init`. */
  static async open(): Promise<Workplace> {
    const workplace = new Workplace()
    mkdirSync(workplace.cwd)
    await workplace.server.start()
    const token = join(workplace.server.dataDirectory, "setup-token")
    const parameters = [
      "init",
      "--endpoint",
      workplace.endpoint,
      "--setup-token-file",
      token,
      "--save-profile",
      "local",
    ]
    await workplace.ok(parameters)
    // From now on this machine has a token, and remembers what it has seen.
    await workplace.ok(["set", "KEPT", "-e", "development"], { input: "kept" })
    for (const name of ["development", "staging"]) await workplace.ok(["run", "-e", name, "--", "true"])
    return workplace
  }

  async close(): Promise<void> {
    await this.#secrets?.close()
    await this.server.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get endpoint(): string {
    const { origin } = this.server
    if (origin === undefined) throw new Error("the server is down")
    return origin
  }

  get env(): Record<string, string> {
    return {
      HOME: this.folder,
      HALFKEY_CONFIG_DIR: this.configDirectory,
      // What was compiled once is compiled for all tests.
      XDG_CACHE_HOME: join(tmpdir(), "halfkey-tests-cache"),
    }
  }

  /** The profile as a program gets it: as variables. */
  get variables(): Record<
    "CS_WORKSPACE_CRN" | "CS_CLIENT_ID" | "CS_CLIENT_KEY" | "CS_CLIENT_ACCESS_KEY" | "CS_ENDPOINT",
    string
  > {
    const { apiKey, clientId, clientKey, endpoint, workspaceCRN } = JSON.parse(readFileSync(this.profilePath, "utf8"))
    return {
      CS_WORKSPACE_CRN: workspaceCRN,
      CS_CLIENT_ID: clientId,
      CS_CLIENT_KEY: clientKey,
      CS_CLIENT_ACCESS_KEY: apiKey,
      CS_ENDPOINT: endpoint,
    }
  }

  get profilePath(): string {
    return join(this.configDirectory, "profiles/local.json")
  }

  get sdkOptions(): SecretsOptions {
    return { env: this.variables, environment: "development", timeoutMs: 30_000 }
  }

  /** The SDK as the same client, for preparing what a command then meets. */
  get secrets(): Secrets {
    this.#secrets ??= new Secrets(this.sdkOptions)
    return this.#secrets
  }

  run(parameters: readonly string[], options: Partial<CommandOptions> = {}): Promise<CommandResult> {
    const { cwd = this.cwd, env, input = "" } = options
    return halfkey(parameters, { cwd, env: { ...this.env, ...env }, input })
  }

  /** Runs a command that must succeed, and returns its stdout. */
  async ok(parameters: readonly string[], options: Partial<CommandOptions> = {}): Promise<Buffer> {
    const { status, stderr, stdout } = await this.run(parameters, options)
    assert.equal(status, 0, `halfkey ${parameters.join(" ").slice(0, 200)}: ${stderr}`)
    return stdout
  }

  /** Runs a command that must be refused, with nothing on stdout and nothing changed. */
  async refused(parameters: readonly string[], refusal: Refusal): Promise<void> {
    const before = this.everything()
    const { env, cwd, input } = refusal
    const { signal, status, stderr, stdout } = await this.run(parameters, {
      ...(env && { env }),
      ...(cwd && { cwd }),
      ...(input !== undefined && { input }),
    })
    const what = `halfkey ${parameters.join(" ").slice(0, 200)}\n${stderr}`
    assert.deepEqual({ status, signal }, { status: refusal.exit, signal: null }, what)
    if (typeof refusal.stderr === "string") assert.equal(stderr, refusal.stderr)
    else assert.match(stderr, refusal.stderr)
    requireDecentText(stderr)
    assert.equal(stdout.toString(), "", `stdout is for data: ${what}`)
    const after = this.everything()
    const unchanged = refusal.asksServer ? withoutAsking : <T>(all: T) => all
    assert.deepEqual(unchanged(after), unchanged(before), `something changed: ${what}`)
  }

  /** Hashes of all tables, profiles, states, and files of the data directory; not of tokens, which are fetched anew. */
  everything(): Record<string, string> {
    return {
      ...tables(this.server.databasePath),
      ...files(this.configDirectory, (path) => !path.startsWith("tokens/")),
      ...files(this.server.dataDirectory, (path) => !/^halfkey\.db|^lock/.test(path)),
      ...files(this.cwd, () => true),
    }
  }
}

/** No stack trace, no key, no name of a class: what every message owes its reader. */
export function requireDecentText(stderr: string): void {
  assert.doesNotMatch(stderr, /^\s+at /m, "a stack trace")
  assert.doesNotMatch(stderr, /unexpected|undefined|\[object|NaN/, "words of a program")
  assert.doesNotMatch(stderr, /hk(ck|rk|ak|st)_[\w-]{20,}/, "a key")
}

/** A client keeps the receipt of each answer, of a refusal too. */
function withoutAsking(all: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => !grownByAsking.includes(name) && !name.endsWith(".receipts")),
  )
}

function tables(path: string): Record<string, string> {
  const db = new DatabaseSync(path, { readOnly: true })
  const names = db.prepare("select name from sqlite_schema where type = 'table' order by name").all()
  const hashes: Record<string, string> = {}
  for (const { name } of names) {
    // The tree and the index follow the entries by themselves, a moment later; times of last use, up to a minute.
    if (/^audit_(?!entries$)|^last_uses$/.test(String(name))) continue
    const hash = createHash("sha256")
    for (const row of db.prepare(`select * from "${name}"`).iterate()) {
      for (const cell of Object.values(row)) hash.update(cell instanceof Uint8Array ? cell : `${cell}\0`)
    }
    hashes[String(name)] = hash.digest("hex")
  }
  db.close()
  return hashes
}

/** Hashes of a folder's files, by their paths below it. */
export function files(folder: string, counts: (path: string) => boolean): Record<string, string> {
  if (!existsSync(folder)) return {}
  const hashes: Record<string, string> = {}
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    const below = relative(folder, path)
    if (!counts(below)) continue
    const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0 }
    const content = entry.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "no file"
    hashes[below] = `${mode.toString(8)} ${content}`
  }
  return hashes
}
