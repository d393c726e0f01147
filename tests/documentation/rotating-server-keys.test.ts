/** The guide for operators is typed anew, on a server that systemd would run. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, before, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { ServerProcess, serverProgram } from "../crash/server-process.ts"
import { transcript } from "./transcript.ts"

const root = join(import.meta.dirname, "../..")
const guide = readFileSync(join(root, "docs/guides/rotating-server-keys.md"), "utf8")
const steps = transcript(guide)
const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
const data = join(folder, "halfkey")
const bin = join(folder, "bin")
/** What `export` of the guide has set, for the server and for commands. */
const exported: Record<string, string> = {}
let server = new ServerProcess(data)
let secrets: (endpoint: string) => Secrets

/** `/var/lib` is a directory of this test. */
const here = (text: string) => text.replaceAll("/var/lib", folder)

/** What is different each time: ids of root keys, kids, fingerprints. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{16}\b/g, "<id>")
    .replaceAll(/(?<=token key )[\w-]{16}(?![\w-])/g, "<kid>")
    .replaceAll(/\b([0-9a-f]{4} ){7}[0-9a-f]{4}\b/g, "<fingerprint>")
}

before(async () => {
  mkdirSync(bin)
  writeFileSync(join(bin, "halfkey-server"), `#!/bin/sh\nexec "${process.execPath}" "${serverProgram}" "$@"\n`, {
    mode: 0o755,
  })
  const endpoint = await server.start()
  const setupToken = readFileSync(join(data, "setup-token"), "utf8").trim()
  const { recoveryKit: _, ...credentials } = unwrap(
    await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }),
  )
  secrets = (at) => new Secrets({ ...credentials, endpoint: at, environment: "production", timeoutMs: 60_000, env: {} })
  const client = secrets(endpoint)
  unwrap(await client.set("A", "kept"))
  await client.close()
})
after(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

test("the guide has commands for every key", () => {
  const commands = steps.map(({ command }) => command).join("\n")
  for (const words of ["root-key rotate", "token-key rotate", "--at-once", "checkpoint-key rotate"]) {
    assert.ok(commands.includes(words), words)
  }
})

for (const { command, output } of steps) {
  test(`$ ${command}`, async () => {
    if (command === "systemctl stop halfkey-server") {
      assert.equal((await server.signal("SIGTERM")).code, 0)
    } else if (command === "systemctl start halfkey-server") {
      server = new ServerProcess(data, exported)
      await readsAll(await server.start())
    } else if (command.startsWith("export ")) {
      const [name = "", value = ""] = command.slice("export ".length).split("=")
      exported[name] = here(value)
    } else {
      const env = { PATH: [bin, process.env["PATH"]].join(delimiter), HALFKEY_DATA_DIR: data, ...exported }
      const { stdout, stderr } = spawnSync("sh", ["-c", here(command)], { cwd: folder, env, encoding: "utf8" })
      // In the order of a terminal: what `|| echo` adds comes last.
      const said = stderr + stdout
      assert.equal(withoutIds(said), withoutIds(here(output)))
    }
  })
}

test("everything can be read at the end", async () => {
  await readsAll(server.origin ?? "")
})

async function readsAll(endpoint: string): Promise<void> {
  const client = secrets(endpoint)
  assert.equal(unwrap(await client.get("A")), "kept")
  await client.close()
}
