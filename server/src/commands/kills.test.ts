/** Commands that are killed at each step: the database is the one before or the one after, and typing it again does it. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { backupScene } from "../testing/backup-scene.ts"
import type { TestServer } from "../testing/test-server.ts"
import type { BackupStep } from "./backup.ts"
import type { RestoreStep } from "./restore.ts"

const dyingCommand = fileURLToPath(new URL("../testing/dying-command.ts", import.meta.url))

function kill({ dataDirectory }: TestServer, name: string, step: string, words: readonly string[]): void {
  const { signal, stderr } = spawnSync(process.execPath, [dyingCommand, name, step, ...words], {
    env: { HALFKEY_DATA_DIR: dataDirectory },
    encoding: "utf8",
  })
  assert.equal(signal, "SIGKILL", stderr)
}

const partials = (folder: string) => readdirSync(folder).filter((name) => name.includes(".partial"))

const backupSteps: readonly BackupStep[] = ["the copy", "half of the file", "the file", "its place"]

test("a backup that is killed is not there, or whole; the next one cleans up", async (context) => {
  const { server, folder, file, backUp, restore } = await backupScene(context)
  for (const step of backupSteps) {
    const to = `${file}.${backupSteps.indexOf(step)}`
    kill(server, "backup", step, [to])
    assert.equal(existsSync(to), step === "its place", step)
    if (step === "its place") assert.match(await restore([to, "--dry-run"]), /can be restored/)
    else {
      const before = readFileSync(server.databasePath).length
      assert.ok(before > 0)
      await backUp([to])
      assert.match(await restore([to, "--dry-run"]), /can be restored/)
    }
  }
  assert.deepEqual(partials(folder), [])
  assert.deepEqual(partials(server.dataDirectory), [])
})

const restoreSteps: readonly RestoreStep[] = ["half of the database", "the database", "checked", "aside", "its place"]

test("a restore that is killed has not begun, or is done; both serve, and it can be typed again", async (context) => {
  const { server, admin, file, backUp, restore, check } = await backupScene(context)
  await backUp([file])
  await admin.set("production", { FIRST: "later" })
  await server.stop()
  for (const step of restoreSteps) {
    kill(server, "restore", step, [file, "--replace"])
    assert.equal((await check()).exit, 0, step)
    await server.startAgain()
    const value = step === "its place" ? "one" : "later"
    assert.deepEqual(await admin.get("production", "FIRST"), { FIRST: value }, step)
    await server.stop()
  }
  assert.deepEqual(partials(server.dataDirectory), [])
  const asides = () => readdirSync(server.dataDirectory).filter((name) => name.includes(".replaced-"))
  const before = asides().length
  await restore([file, "--replace"])
  assert.equal(asides().length, before + 1)
  await server.startAgain()
  assert.deepEqual(await admin.get("production", "FIRST"), { FIRST: "one" })
})

test("on an empty directory, too", async (context) => {
  const { server, admin, folder, file, backUp, restore } = await backupScene(context)
  await backUp([file])
  await server.stop()
  const HALFKEY_ROOT_KEY_FILE = join(server.dataDirectory, "root.key")
  for (const step of restoreSteps) {
    const HALFKEY_DATA_DIR = join(folder, step.replaceAll(" ", "-"))
    const env = { HALFKEY_DATA_DIR, HALFKEY_ROOT_KEY_FILE }
    const { signal, stderr } = spawnSync(process.execPath, [dyingCommand, "restore", step, file], {
      env,
      encoding: "utf8",
    })
    assert.equal(signal, "SIGKILL", stderr)
    const isDone = step === "its place"
    assert.equal(existsSync(join(HALFKEY_DATA_DIR, "halfkey.db")), isDone, step)
    if (!isDone) await restore([file], env)
    assert.deepEqual(partials(HALFKEY_DATA_DIR), [], step)
    await server.startAgain(env)
    assert.deepEqual(await admin.get("production", "FIRST"), { FIRST: "one" })
    await server.stop()
  }
})
