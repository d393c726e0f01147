/** Runs every TypeScript block of README.md, in order, against a real server, and compares what it prints. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { createWorkspace } from "./admin.ts"
import { unwrap } from "./result.ts"
import { RealServer } from "./testing/real-server.ts"

const folder = join(import.meta.dirname, "..")
const readme = readFileSync(join(folder, "README.md"), "utf8")
const server = new RealServer()
let env: Record<string, string>

before(async () => {
  await server.start()
  const made = unwrap(await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin" }))
  env = {
    CS_WORKSPACE_CRN: made.workspaceCRN,
    CS_CLIENT_ID: made.clientId,
    CS_CLIENT_KEY: made.clientKey,
    CS_CLIENT_ACCESS_KEY: made.apiKey,
    CS_ENDPOINT: server.url,
    CACHE_DIRECTORY: join(server.directory, "cache"),
  }
})
after(() => server.stop())

const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "")

test("the README has examples", () => {
  assert.ok(blocks.length >= 7)
})

for (const [index, code] of blocks.entries()) {
  const heading = readme
    .slice(0, readme.indexOf(code))
    .match(/^## .*$/gm)
    ?.at(-1)
  test(`example ${index + 1} of README.md, ${heading}`, async () => {
    const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line)
    const parameters = ["--input-type=module-typescript", "--eval", code]
    const { stderr, stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: folder, env })
    assert.equal(stderr, "")
    assert.deepEqual(
      stdout.split("\n").filter((line) => line !== ""),
      expected,
    )
  })
}
