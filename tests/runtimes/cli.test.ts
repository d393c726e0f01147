/** The command as it is published, on the oldest Nodes that it promises: in, out, and in front of a program. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { createWorkspace } from "halfkey/admin"
import { unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { cliProgram } from "../crash/commands.ts"
import { runtimes } from "./runtimes.ts"

const server = new RealServer()
const folder = mkdtempSync(join(tmpdir(), "halfkey-nodes-"))
let credentials: Record<string, string>

before(async () => {
  await server.start()
  const { setupToken, url: endpoint } = server
  const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }))
  credentials = {
    CS_WORKSPACE_CRN: made.workspaceCRN,
    CS_CLIENT_ID: made.clientId,
    CS_CLIENT_KEY: made.clientKey,
    CS_CLIENT_ACCESS_KEY: made.apiKey,
    CS_ENDPOINT: endpoint,
  }
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const nodes = runtimes().filter(({ name }) => name.startsWith("Node"))
const environments = ["development", "staging", "production"]

for (const [index, { absent, command, name, version }] of nodes.entries()) {
  test(`the command on ${name}`, (t) => {
    if (absent !== undefined) return t.skip(absent)
    const [node] = command
    const home = join(folder, `home-${index}`)
    // As `#!/usr/bin/env node` finds it.
    const env = {
      ...credentials,
      HOME: home,
      PATH: `${dirname(node)}:/usr/bin:/bin`,
      CS_ENVIRONMENT: environments[index],
    }
    const halfkey = (words: readonly string[], input = "") => {
      const { status, stderr, stdout } = spawnSync(node, [cliProgram, ...words], { env, cwd: folder, input })
      assert.equal(status, 0, `halfkey ${words.join(" ")}: ${stderr}`)
      return `${stdout}`
    }
    const file = join(folder, `${index}.env`)
    writeFileSync(file, `A=1\nB="two\nlines"\nC='grüß dich'\n`)
    halfkey(["import", file, "-y"])
    halfkey(["set", "D"], "from a pipe")
    assert.equal(halfkey(["get", "B"]), "two\nlines")
    assert.deepEqual(
      JSON.parse(halfkey(["list", "-o", "json"])).map((each: { name: string }) => each.name),
      ["A", "B", "C", "D"],
    )
    assert.equal(halfkey(["export", "--format", "dotenv"]), "A=1\nB='two\nlines'\nC=grüß dich\nD=from a pipe\n")
    assert.deepEqual(JSON.parse(halfkey(["export", "--format", "json"])), {
      A: "1",
      B: "two\nlines",
      C: "grüß dich",
      D: "from a pipe",
    })
    assert.equal(halfkey(["export", "--format", "yaml"]).split("\n")[0], '"A": "1"')
    const shown = "process.stdout.write(process.version + ' ' + process.env.B + ' ' + process.env.CS_CLIENT_KEY)"
    const said = halfkey(["run", "--", "node", "-e", shown])
    assert.match(said, version)
    assert.match(said, / two\nlines undefined$/)
    assert.match(halfkey(["history", "D", "-o", "json"]), /"version": 1/)
  })
}
