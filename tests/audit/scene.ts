/** A server with a log of some hundred entries, and a machine that used it, verified it, and keeps what it saw. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Secrets, unwrap } from "halfkey/secrets"
import { fileArchive } from "../../cli/src/storage/archive-file.ts"
import { fileFreshness } from "../../cli/src/storage/freshness-file.ts"
import { fileReceipts } from "../../cli/src/storage/receipts-file.ts"
import { type CommandResult, halfkey } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"

export interface StoredEntry {
  readonly seq: number
  readonly time: number
  readonly entry: Uint8Array
  readonly leaf_hash: Uint8Array
}

export class AuditScene {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "halfkey-audit-")))
  readonly configDirectory = join(this.folder, "config")
  readonly dataDirectory = join(this.folder, "data")
  readonly server = new ServerProcess(this.dataDirectory)

  static async open(): Promise<AuditScene> {
    const scene = new AuditScene()
    await scene.server.start()
    const token = join(scene.dataDirectory, "setup-token")
    await scene.ok(["init", "--setup-token-file", token, "--save-profile", "local", "-q"])
    return scene
  }

  async close(): Promise<void> {
    await this.server.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get profile(): Readonly<Record<string, string>> {
    return JSON.parse(readFileSync(join(this.configDirectory, "profiles/local.json"), "utf8"))
  }

  get workspaceId(): string {
    return this.profile["workspaceCRN"]?.split(":")[2] ?? ""
  }

  async run(parameters: readonly string[], endpoint = this.server.origin): Promise<CommandResult> {
    const env = {
      HOME: this.folder,
      HALFKEY_CONFIG_DIR: this.configDirectory,
      XDG_CACHE_HOME: join(tmpdir(), "halfkey-tests-cache"),
    }
    const all = endpoint === undefined ? parameters : [...parameters, "--endpoint", endpoint]
    return await halfkey(all, { env, cwd: this.folder })
  }

  async ok(parameters: readonly string[]): Promise<string> {
    const { status, stderr, stdout } = await this.run(parameters)
    assert.equal(status, 0, stderr)
    return stdout.toString()
  }

  /** The same machine as the commands, as a program: what it sees and its receipts go into the same files. */
  secrets(): Secrets {
    return new Secrets({
      ...this.profile,
      endpoint: this.server.origin,
      environment: "development",
      freshness: fileFreshness(this.configDirectory, this.workspaceId),
      archive: fileArchive(this.configDirectory, this.workspaceId),
      receipts: fileReceipts(this.configDirectory, this.workspaceId),
      env: {},
    })
  }

  /** So many answers, each of them an entry. */
  async use(count: number): Promise<void> {
    const secrets = this.secrets()
    unwrap(await secrets.set("A", "1"))
    for (let at = 0; at < count; at++) unwrap(await secrets.get("A"))
    await secrets.close()
  }

  /** Keeps the machine and the data as they are now; the server must not run. Returns how to bring them back. */
  snapshot(): () => void {
    const kept = mkdtempSync(join(this.folder, "kept-"))
    for (const name of ["config", "data"]) cpSync(join(this.folder, name), join(kept, name), { recursive: true })
    return () => {
      for (const name of ["config", "data"]) {
        rmSync(join(this.folder, name), { recursive: true, force: true })
        cpSync(join(kept, name), join(this.folder, name), { recursive: true })
      }
    }
  }

  /** Opens the database beside the server, or without it. */
  database<T>(work: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(this.dataDirectory, "halfkey.db"))
    try {
      return work(db)
    } finally {
      db.close()
    }
  }

  entries(): StoredEntry[] {
    const sql = "select seq, time, entry, leaf_hash from audit_entries order by seq"
    return this.database((db) => db.prepare(sql).all()) as unknown as StoredEntry[]
  }

  /** Replaces the whole log, numbered anew; with `rebuilt`, the server forgets its tree and makes another one. */
  replace(entries: readonly Pick<StoredEntry, "time" | "entry">[], { rebuilt = false } = {}): void {
    this.database((db) => {
      const { workspace_id } = db.prepare("select workspace_id from audit_entries limit 1").get() as {
        workspace_id: string
      }
      db.exec("begin; delete from audit_entries")
      const insert = db.prepare(
        "insert into audit_entries (workspace_id, seq, time, entry, leaf_hash) values (?, ?, ?, ?, ?)",
      )
      for (const [seq, { entry, time }] of entries.entries()) {
        insert.run(workspace_id, seq, time, entry, createHash("sha256").update("\0").update(entry).digest())
      }
      if (rebuilt) {
        for (const table of ["tiles", "blocks", "terms", "leaves", "checkpoints"]) db.exec(`delete from audit_${table}`)
      }
      db.exec("commit")
    })
  }
}
