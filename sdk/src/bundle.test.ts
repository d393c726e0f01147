/** What a program that uses the SDK has to carry: little, and nothing of the server's. */
import assert from "node:assert/strict"
import { basename, join } from "node:path"
import { before, test } from "node:test"
import { gzipSync } from "node:zlib"
import { build, type Metafile, type OutputFile } from "esbuild"

const folder = join(import.meta.dirname, "..")
let files: OutputFile[]
let outputs: Metafile["outputs"]

before(async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ["src/secrets.ts", "src/admin.ts", "src/encryption.ts"],
    outdir: "unwritten",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    metafile: true,
    write: false,
  })
  files = outputFiles
  outputs = metafile.outputs
})

/** Names of a chunk and of all that it imports at once. */
function startOf(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found
  found.add(name)
  for (const { external, kind, path } of outputs[`unwritten/${name}`]?.imports ?? []) {
    if (!external && kind === "import-statement") startOf(basename(path), found)
  }
  return found
}

const textOf = (name: string) => files.find(({ path }) => basename(path) === name)?.text ?? assert.fail(`no ${name}`)
const gzipped = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(textOf(name)).length, 0)

test("what is loaded at the start is small, and the lattice code is not part of it", () => {
  assert.ok(gzipped(startOf("secrets.js")) <= 40 * 1024, `secrets: ${gzipped(startOf("secrets.js"))} bytes`)
  assert.ok(gzipped(new Set([...startOf("secrets.js"), ...startOf("admin.js")])) <= 64 * 1024)
  assert.ok(gzipped(startOf("encryption.js")) <= 40 * 1024, `encryption: ${gzipped(startOf("encryption.js"))} bytes`)
  const inputs = ["secrets.js", "admin.js", "encryption.js"]
    .flatMap((entry) => [...startOf(entry)])
    .flatMap((name) => Object.keys(outputs[`unwritten/${name}`]?.inputs ?? {}))
  assert.ok(inputs.length > 20)
  assert.deepEqual(
    inputs.filter((path) => /@hpke|mlkem|@noble/.test(path)),
    [],
  )
})

test("encryption of fields and the vault are loaded apart", () => {
  const inputsOf = (entry: string) =>
    [...startOf(entry)].flatMap((name) => Object.keys(outputs[`unwritten/${name}`]?.inputs ?? {}))
  for (const entry of ["secrets.js", "admin.js"]) {
    assert.deepEqual(
      inputsOf(entry).filter((path) => /encryption|field-value|field-payload|json-text/.test(path)),
      [],
    )
  }
  assert.deepEqual(
    inputsOf("encryption.js").filter((path) => /src\/(?:secrets|vault|watch|load|administration)/.test(path)),
    [],
  )
})

test("no chunk holds schemas, or code of the key service", () => {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs))
  assert.deepEqual(
    inputs.filter((path) => /typebox|key-service|\/wire\/|\/testing\//.test(path)),
    [],
  )
  // The labels of S6 and S11 belong to the other trust zone.
  const labelled = files.filter(({ text }) => /\("(?:seed|wrap|root-key\/id)",/.test(text))
  assert.deepEqual(
    labelled.map(({ path }) => path),
    [],
  )
})

test("nothing but node:crypto is asked of the runtime", () => {
  const externals = new Set(
    Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external).map(({ path }) => path)),
  )
  for (const name of externals) assert.match(name, /^(?:node:)?crypto$/)
})
