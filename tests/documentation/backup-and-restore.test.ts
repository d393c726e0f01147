/** The guide for backups is typed anew. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, before, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { ServerProcess } from "../crash/server-process.ts"
import { transcript } from "./transcript.ts"

const root = join(import.meta.dirname, "../..")
const guide = readFileSync(join(root, "docs/guides/backup-and-restore.md"), "utf8")
const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
const bin = join(folder, "bin")
/** What `export` of the guide has set. */
const exported: Record<string, string> = {}
let server = new ServerProcess(join(folder, "var/lib/halfkey"))

/** Directories of the guide are directories of this test. */
const here = (text: string) => text.replaceAll(/\/(var\/lib|srv|mnt)\b/g, `${folder}/$1`)

/** What differs with each run. */
const plain = (text: string) =>
  text
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<sum>")
    .replaceAll(/\b[0-9a-f]{16}\b/g, "<key>")
    .replaceAll(/\d+\.\d MiB/g, "<size>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z/g, "<time>")
    .replaceAll(/\d+ audit entries/g, "<entries>")
    .replaceAll(/schema \d+/g, "<schema>")

function sh(command: string): string {
  const env = { PATH: [bin, process.env["PATH"]].join(delimiter), HOME: folder, ...exported }
  const { stderr, stdout } = spawnSync("sh", ["-c", here(command)], { cwd: folder, env, encoding: "utf8" })
  // In the order of a terminal: what `|| echo` adds comes last.
  return stderr + stdout
}

async function type(command: string, output: string): Promise<void> {
  if (command === "systemctl stop halfkey-server") assert.equal((await server.signal("SIGTERM")).code, 0)
  else if (command === "systemctl start halfkey-server") {
    // The one whose disk is gone.
    await server.kill()
    server = new ServerProcess(exported["HALFKEY_DATA_DIR"] ?? "", exported)
    await server.start()
  } else if (command.startsWith("export ")) {
    const [name = "", value = ""] = command.slice("export ".length).split("=")
    exported[name] = here(value)
  } else assert.equal(plain(sh(command)), plain(here(output)))
}

let credentials = { workspaceCRN: "", clientId: "", clientKey: "", apiKey: "" }

before(async () => {
  for (const name of ["bin", "mnt/backups", "mnt/safe", "srv"]) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(
    join(bin, "halfkey-server"),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, "server/bin/halfkey-server.js")}" "$@"\n`,
    { mode: 0o755 },
  )
  const endpoint = await server.start()
  const setupToken = readFileSync(join(server.dataDirectory, "setup-token"), "utf8").trim()
  const made = await createWorkspace({
    endpoint,
    setupToken,
    label: "admin",
    timeoutMs: 60_000,
    environments: ["production"],
  })
  const { recoveryKit: _, ...rest } = unwrap(made)
  credentials = rest
  const secrets = new Secrets({ endpoint, ...credentials, environment: "production" })
  unwrap(await secrets.set("DATABASE_URL", "postgres://old"))
  await secrets.close()
  copyFileSync(join(server.dataDirectory, "root.key"), join(folder, "mnt/safe/root.key"))
})
after(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

for (const step of transcript(guide)) test(`$ ${step.command}`, () => type(step.command, step.output))

test("afterwards a client reads what was backed up", async () => {
  const endpoint = await server.start()
  const secrets = new Secrets({ endpoint, ...credentials, environment: "production" })
  assert.equal(unwrap(await secrets.get("DATABASE_URL")), "postgres://old")
  await secrets.close()
})
