/** The guide to the audit log is typed anew, by an admin of a fresh workspace. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, before, test } from "node:test"
import { Admin, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { cliProgram } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { transcript } from "./transcript.ts"

const root = join(import.meta.dirname, "../..")
const guide = readFileSync(join(root, "docs/guides/audit.md"), "utf8")
const steps = transcript(guide)
const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
const bin = join(folder, "bin")
const config = join(folder, "config")
const server = new ServerProcess(join(folder, "data"))
const hasJq = spawnSync("sh", ["-c", "command -v jq"]).status === 0

/** What is different each time: hashes, ids, times and counts. */
const withoutNumbers = (text: string) =>
  text
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<client>")
    .replaceAll(/\b[a-z2-7]{16}\b/g, "<key>")
    .replaceAll(/\b[A-Z2-7]{26}\b/g, "<workspace>")
    .replaceAll(/(?<=ROOT: +|rootHash\t)[\w-]{43}/g, "<hash>")
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "<time>")
    .replaceAll(/(?<![\w@/.-])\d+\b(?![\w.-])/g, "<n>")
    .replaceAll(/ {2,}/g, "  ")

function sh(command: string): string {
  const env = {
    PATH: [bin, process.env["PATH"]].join(delimiter),
    HOME: folder,
    HALFKEY_CONFIG_DIR: config,
    CS_ENDPOINT: server.origin,
    HALFKEY_PROFILE: "local",
  }
  const { stderr, stdout } = spawnSync("sh", ["-c", command], { cwd: folder, env, encoding: "utf8" })
  // In the order of a terminal: data first, then what was done; what `|| echo` adds comes last.
  const said = command.includes("|| echo") ? stderr + stdout : stdout + stderr
  return said === "" || said.endsWith("\n") ? said : `${said}\n`
}

before(async () => {
  mkdirSync(bin)
  writeFileSync(join(bin, "halfkey"), `#!/bin/sh\nexec "${process.execPath}" "${cliProgram}" "$@"\n`, { mode: 0o755 })
  await server.start()
  assert.equal(
    sh(`halfkey init --endpoint ${server.origin} --setup-token-file data/setup-token --save-profile local -q > kit`),
    "",
  )
  assert.equal(
    sh("printf value | halfkey set DATABASE_URL -e production -q; halfkey get DATABASE_URL -e production"),
    "value\n",
  )
})
after(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

test("the guide shows every command of the log", () => {
  const commands = steps.map(({ command }) => command).join("\n")
  for (const words of ["audit list", "audit verify -o", "audit export --file", "audit verify --file"]) {
    assert.ok(commands.includes(words), words)
  }
})

for (const { command, output } of steps) {
  test(`$ ${command}`, { skip: command.includes("jq ") && !hasJq }, () => {
    assert.equal(withoutNumbers(sh(command)), withoutNumbers(output))
  })
}

test("the table's commands are understood", () => {
  const lines = [...guide.matchAll(/^\|.*\| `(halfkey audit [^`]+)`/gm)].map(([, line = ""]) => line)
  assert.ok(lines.length >= 5)
  for (const line of lines.filter((each) => !each.includes("--follow"))) {
    assert.match(sh(`${line} -o json`), /^(?:\[|halfkey: no entry)/, line)
  }
})

test("the program runs", async () => {
  const { apiKey, clientId, clientKey, workspaceCRN } = JSON.parse(
    readFileSync(join(config, "profiles/local.json"), "utf8"),
  )
  const options = { apiKey, clientId, clientKey, workspaceCRN, endpoint: server.origin, env: {} }
  const [, program = ""] = /^```ts\n([\s\S]*?)^```$/m.exec(guide) ?? []
  const body = program.replace(/^import .*$/gm, "").replace("new Admin()", "new Admin(options)")
  assert.ok(body.includes("admin.audit.verify()"))
  const shown: string[] = []
  const run = new Function(
    "Admin",
    "unwrap",
    "options",
    "console",
    `return (async () => {${body}; await admin.close()})()`,
  )
  await run(Admin, unwrap, options, { log: (...texts: unknown[]) => shown.push(texts.join(" ")) })
  assert.match(shown[0] ?? "", /^21 \{"action":/)
  const secrets = new Secrets({ ...options, environment: "production", audit: { reason: "an example" } })
  unwrap(await secrets.get("DATABASE_URL"))
  await secrets.close()
})
