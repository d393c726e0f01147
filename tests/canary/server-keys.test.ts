/** Root keys, passphrases and signing keys, through every rotation: in no log, output, argument and no file but their own. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { RootKey } from "@halfkey/core/key-service/root-key"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import { systemRandom } from "@halfkey/core/primitives/random"
import { halfkeyServer, plainEnvironment } from "../crash/commands.ts"
import { serverProgram, track } from "../crash/server-process.ts"
import { type Canary, CanaryScanner, textCanary } from "./canaries.ts"

const folder = mkdtempSync(join(tmpdir(), "halfkey-server-keys-"))
const data = join(folder, "data")
const passphraseFile = join(folder, "passphrase")
const passphrase = "pretzel umbrella gravity lantern"
const secrets: Canary[] = [textCanary("passphrase", passphrase)]
const said: Buffer[] = []
after(() => rmSync(folder, { recursive: true, force: true }))

const fileKey = () =>
  fromBase64Url(readFileSync(join(data, "root.key"), "utf8").slice("hkrt1 ".length).trim()) as Uint8Array

function remember(name: string, key: Uint8Array): void {
  secrets.push({ name: `bytes of ${name}`, bytes: key }, textCanary(name, toBase64Url(key)))
}

/** Every signing key that this root key unwraps. */
function rememberSigningKeys(rootKey: Uint8Array): number {
  const db = new DatabaseSync(join(data, "halfkey.db"), { readOnly: true })
  const rows = db.prepare("select kind, kid, wrapped from signing_keys").all()
  db.close()
  for (const { kind, kid, wrapped } of rows) {
    const seed = new RootKey(rootKey.slice()).unwrap({ kind } as never, new Uint8Array(wrapped as Uint8Array))
    remember(`${kind} ${kid}`, seed)
  }
  return rows.length
}

async function command(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const variables = { HALFKEY_DATA_DIR: data, HALFKEY_PORT: "0", HALFKEY_LOG_LEVEL: "trace", ...env }
  const { status, stdout, stderr } = await halfkeyServer([...words], { cwd: folder, env: variables })
  said.push(Buffer.from(stdout), Buffer.from(stderr))
  assert.equal(status === 0, stderr === "", stderr)
  return stdout.toString() + stderr
}

/** Starts a server with these variables, logging all that it can, and stops it. */
async function served(env: Readonly<Record<string, string>> = {}, during = async () => {}): Promise<void> {
  const log = openSync(join(folder, "log"), "w+")
  const variables = {
    ...plainEnvironment,
    HALFKEY_DATA_DIR: data,
    HALFKEY_PORT: "0",
    HALFKEY_LOG_LEVEL: "trace",
    ...env,
  }
  const child = track(spawn(process.execPath, [serverProgram], { env: variables, stdio: ["ignore", log, log] }))
  closeSync(log)
  const ended = once(child, "exit")
  const soFar = () => readFileSync(join(folder, "log"))
  while (!soFar().includes("listening on")) {
    assert.equal(child.exitCode, null, soFar().toString())
    await sleep(10)
  }
  await during()
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [0, null])
  said.push(soFar())
}

function assertAbsent(allowed: readonly string[] = []): void {
  const scanner = new CanaryScanner(secrets)
  assert.deepEqual(scanner.search(Buffer.concat(said)), [], "what was printed")
  for (const name of readdirSync(data)) {
    if (!allowed.includes(name)) assert.deepEqual(scanner.search(readFileSync(join(data, name))), [], name)
  }
}

test("rotations of every kind, and starts with wrong keys, show no key", async () => {
  await served()
  remember("first root key", fileKey())
  assert.equal(rememberSigningKeys(fileKey()), 2)
  await served({}, async () => {
    await command(["token-key", "rotate"])
    await command(["checkpoint-key", "rotate"])
    assert.match(await command(["root-key", "rotate"]), /a halfkey-server runs on/)
  })
  assert.equal(rememberSigningKeys(fileKey()), 4)
  assertAbsent(["root.key"])

  await command(["root-key", "rotate"])
  remember("second root key", fileKey())
  assertAbsent(["root.key"])
  const third = systemRandom(32)
  remember("third root key", third)
  const HALFKEY_ROOT_KEY = toBase64Url(third)
  await command(["root-key", "rotate"], { HALFKEY_NEW_ROOT_KEY: HALFKEY_ROOT_KEY })
  assert.match(await command([]), /needs the root key/)
  assertAbsent(["root.key"])
  rmSync(join(data, "root.key"))
  assertAbsent()
  await served({ HALFKEY_ROOT_KEY })

  writeFileSync(passphraseFile, `${passphrase}\n`)
  await command(["root-key", "rotate"], { HALFKEY_ROOT_KEY, HALFKEY_NEW_ROOT_KEY_PASSPHRASE_FILE: passphraseFile })
  await served({ HALFKEY_ROOT_KEY_PASSPHRASE_FILE: passphraseFile })
  assert.match(await command([], { HALFKEY_ROOT_KEY }), /needs the root key/)
  assert.match(await command([], { HALFKEY_ROOT_KEY: `${HALFKEY_ROOT_KEY}A` }), /is not 32 bytes/)
  writeFileSync(passphraseFile, passphrase.slice(0, 15))
  const refusal = await command([], { HALFKEY_ROOT_KEY_PASSPHRASE_FILE: passphraseFile })
  assert.match(refusal, /less than 16 bytes/)
  assert.ok(!refusal.includes(passphrase.slice(0, 7)))
  assertAbsent()
})
