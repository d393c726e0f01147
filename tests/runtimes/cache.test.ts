/** The cache of the package as it is published, in files, on every runtime: written by one run of a program, read by the next. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { Consumer } from "./consumer.ts"
import { runtimes } from "./runtimes.ts"

const run = promisify(execFile)
const consumer = new Consumer()
const server = new RealServer()
let program: string
let settings: string

const source = `
  import { fileCache } from "halfkey/cache"
  import { Secrets, unwrap } from "halfkey/secrets"
  const [settings, directory, only] = process.argv.slice(2)
  const store = fileCache(directory)
  const onFailure = (failure) => console.error(failure)
  const cache = { maxStale: 60, store, only: only === "only", onFailure }
  const secrets = new Secrets({ ...JSON.parse(settings), env: {}, cache })
  console.log(unwrap(await secrets.get("A")))
  await secrets.close()`

before(async () => {
  await consumer.install()
  program = await consumer.program("cache", source, "esm")
  await server.start()
  const { apiKey, clientId, clientKey, workspaceCRN } = unwrap(
    await createWorkspace({ endpoint: server.url, setupToken: server.setupToken, label: "admin" }),
  )
  const options = { apiKey, clientId, clientKey, workspaceCRN, endpoint: server.url, environment: "production" }
  settings = JSON.stringify(options)
  const secrets = new Secrets({ ...options, env: {} })
  unwrap(await secrets.set("A", "kept"))
  await secrets.close()
})
after(async () => {
  await server.stop()
  consumer.remove()
})

for (const { name } of runtimes()) {
  test(`on ${name}`, async (t) => {
    const found = runtimes(new URL(server.url).port).find((each) => each.name === name) ?? assert.fail()
    if (found.absent !== undefined) return t.skip(found.absent)
    const directory = join(consumer.folder, `cache of ${name}`)
    mkdirSync(directory, { mode: 0o700 })
    const [command, ...before] = found.command
    const allowed = name === "Deno" ? [`--allow-read=${directory}`, `--allow-write=${directory}`] : []
    const said = async (...words: string[]) => {
      const all = [...before, ...allowed, program, settings, directory, ...words]
      return await run(command, all, { cwd: consumer.folder, env: { NO_COLOR: "1" } })
    }
    assert.deepEqual(await said(), { stdout: "kept\n", stderr: "" })
    assert.equal(readdirSync(directory).length, 1)
    assert.deepEqual(await said("only"), { stdout: "kept\n", stderr: "" })
  })
}
