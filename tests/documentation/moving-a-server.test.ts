/** The guide for a server that moves, or comes back as an older backup, is typed anew. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { after, before, describe, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { certificate, certificateKey } from "../../server/src/testing/certificate.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { type Step, transcript } from "./transcript.ts"

const root = join(import.meta.dirname, "../..")
const guide = readFileSync(join(root, "docs/guides/moving-a-server.md"), "utf8")
const backupAt = guide.indexOf("## Only an older backup is left")
const folder = mkdtempSync(join(tmpdir(), "halfkey-guide-"))
const config = join(folder, "config")
const bin = join(folder, "bin")
/** What `export` of the guide has set, for the server and for commands. */
const exported: Record<string, string> = {}
let server = new ServerProcess(join(folder, "var/lib/halfkey"))

/** Directories of the guide are directories of this test, its address is that of the server. */
const here = (text: string) =>
  text
    .replaceAll(/\/(var\/lib|srv|etc)\b/g, `${folder}/$1`)
    .replaceAll("https://secrets.example.com", server.origin ?? "")

const withoutIds = (text: string) => text.replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>")

/** What it printed, in the order of a terminal: what `|| echo` adds comes last. */
function sh(command: string, input = ""): string {
  const env = {
    PATH: [bin, process.env["PATH"]].join(delimiter),
    HOME: folder,
    HALFKEY_CONFIG_DIR: config,
    NODE_EXTRA_CA_CERTS: join(folder, "etc/halfkey/cert.pem"),
    ...exported,
  }
  const { stderr, stdout } = spawnSync("sh", ["-c", here(command)], { cwd: folder, env, encoding: "utf8", input })
  const said = stderr + stdout
  return said === "" || said.endsWith("\n") ? said : `${said}\n`
}

async function type({ command, output }: Step): Promise<void> {
  if (command === "systemctl stop halfkey-server") assert.equal((await server.signal("SIGTERM")).code, 0)
  else if (command === "systemctl start halfkey-server") {
    server = new ServerProcess(exported["HALFKEY_DATA_DIR"] ?? "", exported)
    await server.start()
    // Here every start has another port; there the address stays.
    if (exported["CS_ENDPOINT"] !== undefined) exported["CS_ENDPOINT"] = server.origin ?? ""
  } else if (command.startsWith("export ")) {
    const [name = "", value = ""] = command.slice("export ".length).split("=")
    exported[name] = here(value)
  } else assert.equal(withoutIds(sh(command)), withoutIds(output))
}

let laptop = ""

before(async () => {
  for (const name of ["bin", "srv", "etc/halfkey", "config/profiles"]) {
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  }
  writeFileSync(
    join(bin, "halfkey"),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, "cli/bin/halfkey.js")}" "$@"\n`,
    {
      mode: 0o755,
    },
  )
  writeFileSync(join(folder, "etc/halfkey/cert.pem"), certificate)
  writeFileSync(join(folder, "etc/halfkey/key.pem"), certificateKey)
  const endpoint = await server.start()
  const setupToken = readFileSync(join(server.dataDirectory, "setup-token"), "utf8").trim()
  const { recoveryKit: _, ...credentials } = unwrap(
    await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000, environments: ["production"] }),
  )
  writeFileSync(join(config, "profiles/local.json"), JSON.stringify({ endpoint, ...credentials }), { mode: 0o600 })
  sh("halfkey set DATABASE_URL -e production", "postgres://old")
  const created = sh("halfkey clients create laptop -e production -q")
  laptop = /"CS_CLIENT_ID": "([^"]+)"/.exec(created)?.[1] ?? assert.fail(created)
})
after(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

describe("to another machine", () => {
  for (const step of transcript(guide.slice(0, backupAt))) test(`$ ${step.command}`, () => type(step))
})

describe("only an older backup is left", () => {
  test("(what happens after the backup, and that its disk is gone)", async () => {
    sh("halfkey set DATABASE_URL -e production", "postgres://new")
    assert.match(sh(`halfkey grants revoke ${laptop} -e production -y`), /is no member of production any more/)
    await server.kill()
    rmSync(server.dataDirectory, { recursive: true })
  })

  for (const step of transcript(guide.slice(backupAt))) test(`$ ${step.command}`, () => type(step))
})
