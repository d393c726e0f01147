/** A workspace on a real server, administered by the real command through a proxy that can stop it at each request. */
import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Admin, type ClientCredentials, createWorkspace, unwrap } from "halfkey/admin"
import { Secrets, type SecretsOptions } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { BoundaryProxy } from "./boundary-proxy.ts"
import { type CommandResult, halfkey } from "./commands.ts"

export const environments = ["production", "staging"] as const
/** In every environment, each with an earlier version. */
const values = { A: "value of A", B: "value of B", C: "value of C" }

export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), "halfkey-killed-"))
  readonly server = new RealServer()
  readonly proxy = new BoundaryProxy()
  recoveryKit = ""
  #admin: ClientCredentials | undefined
  #count = 0

  /** Who administers now. */
  get admin(): ClientCredentials {
    if (this.#admin === undefined) throw new Error("there is no workspace yet")
    return this.#admin
  }

  /** From now on this one administers, by a profile of its own. */
  set admin(credentials: ClientCredentials) {
    this.#admin = credentials
    this.saveProfile(this.configDirectory, credentials)
  }

  saveProfile(directory: string, { apiKey = "", clientId, clientKey, workspaceCRN }: ClientCredentials): void {
    const profiles = join(directory, "profiles")
    mkdirSync(profiles, { recursive: true, mode: 0o700 })
    const profile = { endpoint: this.proxy.url, apiKey, clientId, clientKey, workspaceCRN }
    writeFileSync(join(profiles, "local.json"), JSON.stringify(profile), { mode: 0o600 })
  }

  /** The same all the time: what a killed command left there is there for the next. */
  get configDirectory(): string {
    return join(this.folder, "config")
  }

  async open(): Promise<void> {
    await this.server.start()
    await this.proxy.start(this.server.url)
    const { setupToken, url: endpoint } = this.server
    const { recoveryKit, ...admin } = unwrap(
      await createWorkspace({ endpoint, setupToken, label: "admin", environments, timeoutMs: 60_000 }),
    )
    this.recoveryKit = recoveryKit
    this.admin = admin
    for (const environment of environments) {
      await this.asAdmin(async (_, secrets) => {
        unwrap(await secrets.setMany({ A: "old", B: "old", C: "old" }, { environment }))
        unwrap(await secrets.setMany(values, { environment }))
      })
    }
  }

  async close(): Promise<void> {
    await this.proxy.close()
    await this.server.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async restart(): Promise<void> {
    await this.server.kill()
    await this.server.start()
  }

  /** The real command, through the proxy, with the profile and what earlier ones have left. */
  async command(
    args: readonly string[],
    onStart?: (kill: () => void) => void,
    configDirectory = this.configDirectory,
  ): Promise<CommandResult> {
    const env = { HALFKEY_CONFIG_DIR: configDirectory, HOME: this.folder }
    return await halfkey(args, { env, cwd: this.folder, ...(onStart && { onStart }) })
  }

  options({ apiKey, clientId, clientKey, workspaceCRN }: ClientCredentials): SecretsOptions {
    return { apiKey, clientId, clientKey, workspaceCRN, endpoint: this.server.url, timeoutMs: 60_000, env: {} }
  }

  /** By the SDK, without the proxy and without any memory. */
  async as<T>(who: ClientCredentials, work: (admin: Admin, secrets: Secrets) => Promise<T>): Promise<T> {
    const admin = new Admin(this.options(who))
    const secrets = new Secrets(this.options(who))
    try {
      return await work(admin, secrets)
    } finally {
      await admin.close()
      await secrets.close()
    }
  }

  async asAdmin<T>(work: (admin: Admin, secrets: Secrets) => Promise<T>): Promise<T> {
    return await this.as(this.admin, work)
  }

  async newClient(role: "admin" | "member", names: readonly string[] = environments): Promise<ClientCredentials> {
    this.#count += 1
    const client = { label: `client ${this.#count}`, environments: names.map((name) => ({ name })), apiKey: { role } }
    return await this.asAdmin(async (admin) => unwrap(await admin.clients.create(client)).credentials)
  }

  /** Reads everything there, opened and whole, and writes: no epoch is stuck, whatever was interrupted. */
  async requireUsable(who: ClientCredentials, names: readonly string[] = environments): Promise<void> {
    await this.as(who, async (_, secrets) => {
      for (const environment of names) {
        assert.deepEqual(unwrap(await secrets.getMany(Object.keys(values), { environment })), values)
        const { value } = unwrap(await secrets.getVersion("A", 1, { environment }))
        assert.equal(new TextDecoder().decode(value), "old")
        unwrap(await secrets.set("WRITTEN", "now", { environment }))
        unwrap(await secrets.delete("WRITTEN", { environment }))
      }
    })
  }

  /** Why it reads nothing there; `undefined`: it does. */
  async refusalOf(who: ClientCredentials, environment: string): Promise<string | undefined> {
    return await this.as(who, async (_, secrets) => (await secrets.get("A", { environment })).failure?.code)
  }

  /** Everything is under the newest epoch, and the server keeps no other's key: no rotation is left undone. */
  async requireOneEpoch(environment: string): Promise<void> {
    const epochs = new Set<number>()
    await this.asAdmin(async (_, secrets) => {
      unwrap(await secrets.set("WRITTEN", "under the newest", { environment }))
      for (const name of [...Object.keys(values), "WRITTEN"]) {
        for (const { epoch } of unwrap(await secrets.history(name, { environment }))) epochs.add(epoch)
      }
    })
    assert.equal(epochs.size, 1, `${environment} has records under the epochs ${[...epochs]}`)
    assert.equal(this.#keysOf(environment), 1, `${environment} has an earlier authority key`)
  }

  #keysOf(environment: string): number {
    const db = new DatabaseSync(join(this.server.dataDirectory, "halfkey.db"), { readOnly: true })
    try {
      const keysets = "select id from keysets where name = ?"
      const sql = `select count(*) as count from authority_keys where keyset_id in (${keysets})`
      return Number(db.prepare(sql).get(environment)?.["count"])
    } finally {
      db.close()
    }
  }

  /** Members and granters by signed documents, whose signers count: otherwise this fails. */
  async signed(): Promise<{ readonly granters: string[]; readonly members: Readonly<Record<string, string[]>> }> {
    return await this.asAdmin(async (admin) => {
      const granters = unwrap(await admin.granters.list()).map(({ clientId }) => clientId)
      const grants = unwrap(await admin.grants.list())
      const members = grants.map((each) => [each.environment, each.members.map(({ clientId }) => clientId)])
      return { granters, members: Object.fromEntries(members) }
    })
  }
}
