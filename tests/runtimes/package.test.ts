/** The package as it is published, on every runtime that it promises, imported and required: a whole life against a real server. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { Consumer } from "./consumer.ts"
import { type OddServer, oddServer } from "./odd-server.ts"
import { type Runtime, runtimes } from "./runtimes.ts"
import type { Report } from "./whole-life.ts"

const run = promisify(execFile)
const consumer = new Consumer()
const life = readFileSync(join(import.meta.dirname, "whole-life.ts"), "utf8")
const formats = ["esm", "cjs"] as const

before(async () => {
  await consumer.install()
  for (const format of formats) {
    await consumer.program("whole-life", life, format)
    await consumer.program("main", mainProgram(format), format)
  }
})
after(() => consumer.remove())

function mainProgram(format: "cjs" | "esm"): string {
  const loads = {
    esm: `
      import * as admin from "halfkey/admin"
      import * as cache from "halfkey/cache"
      import * as encryption from "halfkey/encryption"
      import * as secrets from "halfkey/secrets"
      import { wholeLife } from "./whole-life.mjs"`,
    cjs: `
      const admin = require("halfkey/admin")
      const cache = require("halfkey/cache")
      const encryption = require("halfkey/encryption")
      const secrets = require("halfkey/secrets")
      const { wholeLife } = require("./whole-life.cjs")`,
  }
  return `${loads[format]}
    const [endpoint, setupToken, odd, cacheFolder] = process.argv.slice(2)
    wholeLife({ ...secrets, ...admin, ...encryption, ...cache }, endpoint, setupToken, JSON.parse(odd), cacheFolder).then(
      (done) => console.log(JSON.stringify({ version: process.version, done })),
      (error) => {
        console.error(error)
        process.exitCode = 1
      },
    )`
}

/** Deno reads nothing for an import; its `require` reads files as any program does, and a cache in files is files. */
function permissions({ name }: Runtime, format: "cjs" | "esm", cacheFolder: string): string[] {
  if (name !== "Deno") return []
  const read = format === "cjs" ? consumer.folder : cacheFolder
  return [`--allow-read=${read}`, `--allow-write=${cacheFolder}`]
}

/** Answers that are looked at. */
const expected = 32
for (const { name } of runtimes()) {
  for (const format of formats) {
    test(`a whole life on ${name}, ${format === "esm" ? "imported" : "required"}`, async (t) => {
      const server = new RealServer()
      let odd: OddServer | undefined
      try {
        await server.start()
        odd = await oddServer()
        const runtime = runtimes(new URL(server.url).port, odd.port).find((each) => each.name === name) ?? assert.fail()
        if (runtime.absent !== undefined) return t.skip(runtime.absent)
        const [program, ...before] = runtime.command
        const main = join(consumer.folder, format === "esm" ? "main.mjs" : "main.cjs")
        const cacheFolder = join(consumer.folder, `cache-${name}-${format}`)
        const words = [
          ...before,
          ...permissions(runtime, format, cacheFolder),
          main,
          server.url,
          server.setupToken,
          JSON.stringify(odd.endpoints),
          cacheFolder,
        ]
        const { stderr, stdout } = await run(program, words, { cwd: consumer.folder, env: { NO_COLOR: "1" } })
        assert.equal(stderr, "")
        const { done, version }: Report = JSON.parse(stdout)
        assert.match(version, runtime.version)
        assert.equal(done.length, expected, done.join(", "))
      } finally {
        odd?.close()
        await server.stop()
      }
    })
  }
}

test("Deno may forbid to read variables: options need none, and a failure says which to allow", async (t) => {
  const deno = runtimes().find(({ name }) => name === "Deno") ?? assert.fail()
  if (deno.absent !== undefined) return t.skip(deno.absent)
  const source = `
    import { Secrets } from "halfkey/secrets"
    const { failure } = await new Secrets({ workspaceCRN: "x" }).get("A")
    console.log(failure.message, failure.hint)`
  const program = await consumer.program("variables", source, "esm")
  const said = async (...permissions: string[]) => {
    const words = ["run", "--no-prompt", ...permissions, program]
    return (await run(deno.command[0], words, { cwd: consumer.folder, env: { NO_COLOR: "1" } })).stdout
  }
  const variables = "CS_WORKSPACE_CRN,CS_CLIENT_ID,CS_CLIENT_KEY,CS_CLIENT_ACCESS_KEY,CS_ENDPOINT,CS_ENVIRONMENT"
  assert.equal(
    await said(),
    `CS_CLIENT_ID, CS_CLIENT_KEY, CS_CLIENT_ACCESS_KEY cannot be read: this program may not read variables run it with --allow-env=${variables}, or pass clientId, clientKey, apiKey\n`,
  )
  assert.match(await said(`--allow-env=${variables}`), /^CS_CLIENT_ID, CS_CLIENT_KEY, CS_CLIENT_ACCESS_KEY are not set/)
})

for (const { absent, command, name } of runtimes().filter(({ name }) => /Node 20|Bun|Deno/.test(name))) {
  test(`the test kit on ${name} starts its server on the Node of PATH`, async (t) => {
    if (absent !== undefined) return t.skip(absent)
    const source = `
      import { unwrap } from "halfkey/secrets"
      import { startTestWorkspace } from "halfkey/testing"
      const place = unwrap(await startTestWorkspace())
      unwrap(await place.secrets.set("A", "tested"))
      console.log(unwrap(await place.secrets.get("A")))
      await place.close()`
    const program = await consumer.program(`kit-${name}`, source, "esm")
    const words = name === "Deno" ? ["run", "--no-prompt", "--allow-all", program] : [program]
    // The server is found from the working directory, as that of a project that has installed it.
    const options = { cwd: join(import.meta.dirname, "../.."), env: { NO_COLOR: "1", PATH: dirname(process.execPath) } }
    const { stdout } = await run(command[0], words, options)
    assert.equal(stdout, "tested\n")
  })
}

test("the test kit on Node 20 alone says which Node it needs", async (t) => {
  const old = runtimes().find(({ name }) => name === "Node 20") ?? assert.fail()
  if (old.absent !== undefined) return t.skip(old.absent)
  const [node] = old.command
  const source = `
    import { startTestWorkspace } from "halfkey/testing"
    const { failure } = await startTestWorkspace({ node: process.execPath })
    console.log(failure.code, failure.message)
    console.log(failure.hint)`
  const program = await consumer.program("kit-old", source, "esm")
  const options = { cwd: join(import.meta.dirname, "../.."), env: { NO_COLOR: "1" } }
  assert.match(
    (await run(node, [program], options)).stdout,
    /^invalid_configuration the test server did not start: halfkey-server: it needs Node 22 or newer, this is 20\.[\d.]+\npass node, the path of a program of Node 22 or newer, or put one first into PATH\n$/,
  )
})
