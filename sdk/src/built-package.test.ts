/** The package as it is published: built, and typed for strangers. That it works on every runtime: tests/runtimes. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")
const cache = join(root, "node_modules/.cache")
let folder: string

before(async () => {
  mkdirSync(cache, { recursive: true })
  // Inside the repository, so that the package finds its dependencies.
  folder = mkdtempSync(join(cache, "halfkey-package-"))
  await run(process.execPath, [join(root, "tools/build-sdk.mjs"), folder])
})
after(() => rmSync(folder, { recursive: true, force: true }))

test("its test kit starts a server", async () => {
  for (const [type, load] of [
    ["module", "await import"],
    ["commonjs", "require"],
  ] as const) {
    const path = (file: string) =>
      JSON.stringify(type === "module" ? pathToFileURL(join(folder, `${file}.mjs`)) : join(folder, `${file}.cjs`))
    const code = `
      (async () => {
        const { startTestWorkspace } = ${load}(${path("testing")})
        const { unwrap } = ${load}(${path("secrets")})
        const place = unwrap(await startTestWorkspace())
        unwrap(await place.secrets.set("A", "tested"))
        console.log(unwrap(await place.secrets.get("A")))
        await place.close()
      })()
    `
    const { stdout } = await run(process.execPath, [`--input-type=${type}`, "--eval", code], { cwd: root })
    assert.equal(stdout, "tested\n", type)
  }
})

test("its types stand on their own", async () => {
  const consumer = `
    import { Admin, createWorkspace } from "./admin.mjs"
    import { type Failure, type Result, Secrets, type StandardSchema, unwrap } from "./secrets.mjs"
    import { type CacheStore, fileCache } from "./cache.mjs"
    import { startTestWorkspace, type TestWorkspace } from "./testing.mjs"
    import { Encryption, encryptedColumn, encryptedTable, UNBOUND } from "./encryption.mjs"
    import { trace } from "@opentelemetry/api"
    import * as v from "valibot"
    import { z } from "zod"
    const secrets = new Secrets({ environment: "production" })
    const result: Result<string> = await secrets.get("A")
    const text: string = unwrap(result)
    if (result.failure) { const failure: Failure = result.failure; console.log(failure.code === "secret_not_found") }
    else console.log(result.data.length, text)
    // @ts-expect-error a number is no value
    await secrets.set("A", 7)
    const admin = new Admin()
    const { credentials } = unwrap(await admin.clients.create({ label: "x", environments: [{ name: "production" }] }))
    const key: string = credentials.clientKey
    console.log(key, createWorkspace)
    const text2: Promise<Result<TestWorkspace>> = startTestWorkspace()
    const schema: StandardSchema<string, number> = { "~standard": { version: 1, vendor: "x", validate: () => ({ value: 1 }) } }
    const { PORT } = unwrap(await secrets.load({ PORT: schema }))
    const port: number = PORT
    const store: CacheStore = fileCache("/nowhere")
    console.log(text2, port, new Secrets({ cache: { maxStale: 60, store } }))
    const own = { A: z.coerce.number(), B: v.optional(v.picklist(["x", "y"]), "x") }
    const loaded: { A: number; B: "x" | "y" } = unwrap(await secrets.load(own))
    const { D }: { D: boolean } = unwrap(await secrets.load(z.object({ D: z.stringbool() })))
    // @ts-expect-error it is a number
    const wrong: string = loaded.A
    // @ts-expect-error no text is a number
    await secrets.load({ A: z.number() })
    const users = encryptedTable("users", { email: encryptedColumn("email"), born: encryptedColumn("born", "date") })
    const eql = await Encryption({ schemas: [users], config: { keyset: { name: "tenant-acme" } } })
    const row = unwrap(await eql.encryptModel({ id: 1, email: "a", born: null }, { table: users, row: 1 }))
    const version: 1 = row.email.v
    const model: { id: number; email: string; born: Date | null } = unwrap(await eql.decryptModel(row, { table: users, row: 1 }))
    const born: Date | null = unwrap(await eql.decrypt(row.born, { column: users.born, row: UNBOUND }))
    // @ts-expect-error a number is no text
    await eql.encrypt(7, { column: users.email, row: 1 })
    // @ts-expect-error a date is wanted
    await eql.encryptModel({ born: "1815" }, { table: users, row: 1 })
    console.log(version, model, born)
    console.log(wrong, D, new Secrets({ tracer: trace.getTracer("x") }))
  `
  writeFileSync(join(folder, "consumer.mts"), consumer)
  const older = consumer
    .replaceAll(".mjs", ".cjs")
    .replace("const secrets =", "async function main() { const secrets =")
  writeFileSync(join(folder, "consumer.cts"), `${older}}\nmain()`)
  const flags = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom"]
  const parameters = [
    join(root, "node_modules/typescript/bin/tsc"),
    ...flags,
    "--ignoreConfig",
    "consumer.mts",
    "consumer.cts",
  ]
  const { stdout } = await run(process.execPath, parameters, { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  )
  assert.equal(stdout, "")
})

test("its manifest names every entry, and depends on nothing but the lattice code", () => {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  assert.deepEqual(Object.keys(manifest.dependencies), ["@hpke/core", "@hpke/hybridkem-x-wing"])
  assert.deepEqual(Object.keys(manifest.exports), ["./secrets", "./admin", "./encryption", "./cache", "./testing"])
  for (const entry of Object.values<Record<"import" | "require", Record<string, string>>>(manifest.exports)) {
    for (const { default: code, types } of [entry.import, entry.require]) {
      for (const path of [code, types]) assert.ok(path !== undefined && existsSync(join(folder, path)), path)
    }
  }
})
