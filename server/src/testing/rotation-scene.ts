/** A stopped server whose root key is about to change. For tests only. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import Database from "better-sqlite3"
import { rotateRootKeyCommand } from "../commands/rotate-root-key.ts"
import { readConfig } from "../config.ts"
import { TestServer } from "./test-server.ts"
import { TestWorkspace } from "./test-workspace.ts"

export type Env = Readonly<Record<string, string>>

/** A stopped server that has written something, and a way to see whether all of it can be read still. */
export async function stopped(context: TestContext, env: Env = {}) {
  const server = await TestServer.start(context, { env })
  const workspace = await TestWorkspace.create(server, ["production", "staging"])
  const { admin } = workspace
  const values: Record<string, string> = { FIRST: "one" }
  assert.equal((await admin.set("production", values)).status, 200)
  const token = await admin.token()
  await server.stop()
  const works = async (started: Env = {}) => {
    await server.startAgain(started)
    assert.deepEqual(await admin.get("production", "FIRST"), values)
    assert.equal((await admin.set("staging", { SECOND: "two" })).status, 200, "new seeds can be made")
    assert.equal(await admin.token(), token, "clients notice nothing")
    await server.stop()
  }
  return { server, workspace, works }
}

export function rotate(server: TestServer, env: Env = {}): Promise<string> {
  const onFatal = (error: Error) => void server.fatal.push(error)
  return rotateRootKeyCommand({ config: readConfig({ HALFKEY_DATA_DIR: server.dataDirectory, ...env }), onFatal })
}

export const keyPath = (server: TestServer) => join(server.dataDirectory, "root.key")

export function keyIn(path: string): Uint8Array {
  return fromBase64Url(readFileSync(path, "utf8").slice("hkrt1 ".length).trim()) as Uint8Array
}

export const idOf = (key: Uint8Array) => new RootKey(key.slice()).fingerprint

export function databaseId({ databasePath }: TestServer): string {
  const db = new Database(databasePath, { readonly: true })
  const row = db.prepare("select hex(root_key_id) as id from server").get() as { id: string }
  db.close()
  return row.id.toLowerCase()
}
