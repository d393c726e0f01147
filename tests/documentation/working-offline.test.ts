/** The guide to the cache is typed anew: with a server, then without one. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, before, test } from "node:test"
import { cliProgram } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { transcript } from "./transcript.ts"

const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/working-offline.md"), "utf8")
const [online = "", offline = ""] = guide.split("## The server is away")
const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
const bin = join(folder, "bin")
const server = new ServerProcess(join(folder, "data"))

/** What is different each time: the port, times and ages. */
const withoutNumbers = (text: string) =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, "<server>")
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/\b\d+ (?:s|min)\b/g, "<age>")

function sh(
  command: string,
  env: Record<string, string> = {},
): { readonly said: string; readonly status: number | null } {
  const own = {
    PATH: [bin, process.env["PATH"]].join(delimiter),
    HOME: folder,
    HALFKEY_CONFIG_DIR: join(folder, "config"),
    ...env,
  }
  const { status, stderr, stdout } = spawnSync("sh", ["-c", command], { cwd: folder, env: own, encoding: "utf8" })
  const said = stderr + stdout
  return { said: said === "" || said.endsWith("\n") ? said : `${said}\n`, status }
}

before(async () => {
  mkdirSync(bin)
  writeFileSync(join(bin, "halfkey"), `#!/bin/sh\nexec "${process.execPath}" "${cliProgram}" "$@"\n`, { mode: 0o755 })
  await server.start()
  const init = `halfkey init --endpoint ${server.origin} --setup-token-file data/setup-token --save-profile local -q > kit`
  assert.equal(sh(init).status, 0)
  for (const [name, value] of [
    ["DATABASE_URL", "postgres://localhost/app"],
    ["API_TOKEN", "token-1"],
  ]) {
    assert.equal(sh(`printf %s ${value} | halfkey set ${name} -e development -q`).status, 0)
  }
})
after(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

test("the guide's commands print what it says, with the server and without it", async () => {
  const type = (text: string) => {
    const steps = transcript(text)
    for (const { command, output } of steps) {
      assert.equal(withoutNumbers(sh(command).said), withoutNumbers(output), command)
    }
    return steps.length
  }
  assert.ok(type(online) >= 2)
  await server.kill()
  assert.ok(type(offline) >= 6)
})

test("the exit codes are those of the guide", () => {
  for (const [command, status] of [
    ["halfkey get DATABASE_URL -e development", 6],
    ["halfkey get DATABASE_URL -e development --max-stale 12h", 0],
    ["halfkey get TYPO -e development --offline", 3],
    ["halfkey get DATABASE_URL -e production --offline", 6],
  ] as const) {
    assert.equal(sh(command).status, status, command)
  }
  assert.equal(sh("halfkey get DATABASE_URL -e development", { HALFKEY_MAX_STALE: "12h" }).status, 0)
})
