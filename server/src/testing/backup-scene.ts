/** A server with something in it, and the commands that an operator types beside it. For tests only. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { backUp } from "../commands/backup.ts"
import { check, type Report } from "../commands/check.ts"
import { restore } from "../commands/restore.ts"
import { readConfig } from "../config.ts"
import type { Env } from "./rotation-scene.ts"
import { TestServer } from "./test-server.ts"
import { TestWorkspace } from "./test-workspace.ts"

/** A running server with secrets, and a directory for backups. */
export async function backupScene(context: TestContext, env: Env = {}) {
  const server = await TestServer.start(context, { env })
  const workspace = await TestWorkspace.create(server, ["production", "staging"])
  const { admin } = workspace
  await admin.set("production", { FIRST: "one", SECOND: "two" })
  await admin.set("staging", { FIRST: "three" })
  const folder = mkdtempSync(join(tmpdir(), "halfkey-backup-"))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const parts = (more: Env = {}) => ({
    config: readConfig({ HALFKEY_DATA_DIR: server.dataDirectory, HALFKEY_PORT: "0", ...env, ...more }),
  })
  return {
    server,
    admin,
    workspace,
    folder,
    file: join(folder, "halfkey.backup"),
    backUp: (words: readonly string[], more?: Env) => backUp(parts(more), words),
    restore: (words: readonly string[], more?: Env) => restore(parts(more), words),
    check: (words: readonly string[] = [], more?: Env) => check(parts(more), words),
    report: async (more?: Env): Promise<Report> => JSON.parse((await check(parts(more), ["-o", "json"])).text),
  }
}
