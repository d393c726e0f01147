/** Every example in the comments of the SDK, in its README and in the documentation: compiled, and run against a real server. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { transform } from "esbuild"
import { createWorkspace } from "halfkey/admin"
import { unwrap } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import { type Callable, type EntryModel, readModel } from "../../tools/reference/model.ts"
import type { Orders, Outcome } from "./run-examples.ts"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")
const cache = join(root, "node_modules/.cache")
const scene = [
  "admin",
  "clientId",
  "encryption",
  "endpoint",
  "place",
  "recoveryKit",
  "secrets",
  "setupToken",
  "users",
  "workspaceCRN",
]

interface Written {
  readonly name: string
  readonly code: string
  /** As a module that imports what it uses, and takes the rest of the scene. */
  readonly module: string
  readonly uses: readonly string[]
  readonly expected: string
}

let model: EntryModel[]
let examples: Written[]
/** Inside the repository, so that packages are found. */
let folder: string

before(async () => {
  model = await readModel()
  examples = model.flatMap((entry) => {
    const callables = [...entry.groups.flatMap((group) => group.callables), ...entry.functions]
    const documented = [...entry.groups.map(({ doc, title }) => ({ doc, path: title })), ...callables, ...named(entry)]
    return documented.flatMap(({ doc, path }) => doc.examples.map((code) => written(path, code)))
  })
  examples.push(
    ...blocksOf(["README.md", "docs/guides/audit.md"]).map(({ code, name }) => written(name, withoutImports(code))),
  )
  // What ends everything comes last.
  const isEnd = ({ name }: Written) => Number(name === "recoverWorkspace")
  examples.sort((left, right) => isEnd(left) - isEnd(right))
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, "halfkey-examples-"))
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** Blocks of TypeScript in documents. */
function blocksOf(pages: readonly string[]): { name: string; code: string }[] {
  return pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => ({
      name: `${page}, block ${index + 1}`,
      code,
    })),
  )
}

const withoutImports = (code: string) => code.replaceAll(/^import .*\n/gm, "")

const named = ({ types }: EntryModel) => types.map(({ doc, name }) => ({ doc, path: name }))

/** Which entry exports a name: `halfkey/secrets` before others. */
function entryOf(name: string): string | undefined {
  return model.find(
    ({ functions, groups, types }) =>
      types.some((each) => each.name === name) ||
      functions.some((each) => each.path === name) ||
      groups.some((each) => each.title === name),
  )?.name
}

function written(name: string, code: string): Written {
  const used = new Set(code.replaceAll(/"[^"]*"|\/\/.*$/gm, "").match(/(?<![.\w])[A-Za-z]\w*/g))
  const declared = new Set(
    [...code.matchAll(/\b(?:const|let) (\w+|\{[^}]*\}|\[[^\]]*\])/g)].flatMap(
      ([, names]) => names?.match(/\w+/g) ?? [],
    ),
  )
  const uses = scene.filter((each) => used.has(each) && !declared.has(each))
  const imports = [...used].flatMap((each) => {
    if (each === "z") return 'import { z } from "zod"'
    const entry = declared.has(each) || uses.includes(each) ? undefined : entryOf(each)
    return entry === undefined
      ? []
      : `import { ${/^[A-Z]/.test(each) && !isValue(each) ? "type " : ""}${each} } from "halfkey/${entry}"`
  })
  const from = pathToFileURL(join(import.meta.dirname, "run-examples.ts")).pathname
  const head = [...imports, `import type { Scene } from ${JSON.stringify(from)}`].join("\n")
  const module = `${head}\nexport async function example({ ${uses.join(", ")} }: Scene) {\n${code}\n}\n`
  const expected = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line).join("\n")
  return { name, code, module, uses, expected }
}

const isValue = (name: string) => ["Admin", "Encryption", "Secrets", "SecretsError", "UNBOUND"].includes(name)

test("every public method and function has an example", () => {
  const bare = model.flatMap(({ functions, groups, name }) =>
    [...groups.flatMap((group) => group.callables), ...functions]
      .filter(({ doc, path }: Callable) => doc.examples.length === 0 && !path.startsWith("new "))
      .map(({ path }) => `${name}: ${path}`),
  )
  assert.deepEqual(bare, [])
  assert.ok(examples.length >= 60, `only ${examples.length}`)
})

test("examples compile, those of the README and of the documentation too", async () => {
  for (const [index, { module }] of examples.entries()) writeFileSync(join(folder, `example-${index}.ts`), module)
  const pages = [
    "README.md",
    "sdk/README.md",
    ...globSync("docs/**/*.md", { cwd: root, exclude: ["docs/reference/**"] }),
  ]
  for (const [index, { code, name }] of blocksOf(pages).entries()) {
    writeFileSync(join(folder, `page-${index}.ts`), `// ${name}\n${code}\nexport {}\n`)
  }
  const settings = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: { noUnusedLocals: false, noPropertyAccessFromIndexSignature: false },
    include: ["*.ts"],
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings))
  const tsc = join(root, "node_modules/typescript/bin/tsc")
  const { stdout } = await run(process.execPath, [tsc, "-p", folder], { cwd: root }).catch(
    (error: { stdout: string }) => error,
  )
  const shown = stdout.replaceAll(/\bexample-(\d+)\.ts/g, (file, index) => `${file} (${examples[Number(index)]?.name})`)
  assert.equal(shown, "")
})

test("examples do what they say, against a real server", async (t) => {
  const [server, empty] = [new RealServer({ HALFKEY_DESTROY_AFTER_DAYS: "7" }), new RealServer()]
  try {
    await Promise.all([server.start(), empty.start()])
    const { setupToken, url: endpoint } = server
    const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs: 60_000 }))
    const orders: Orders = { endpoint, made, empty: { endpoint: empty.url, setupToken: empty.setupToken } }
    const env = {
      PATH: process.env["PATH"],
      CS_WORKSPACE_CRN: made.workspaceCRN,
      CS_CLIENT_ID: made.clientId,
      CS_CLIENT_KEY: made.clientKey,
      CS_CLIENT_ACCESS_KEY: made.apiKey,
      CS_ENDPOINT: endpoint,
    }
    const main = await writeProgram()
    const { stderr, stdout } = await run(process.execPath, [main, JSON.stringify(orders)], { cwd: root, env })
    const outcomes: Outcome[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      outcomes.map(({ name }) => name),
      examples.map(({ name }) => name),
      stderr,
    )
    for (const [index, { error, failures, name, printed }] of outcomes.entries()) {
      const { code, expected } = examples[index] ?? assert.fail()
      await t.test(name, () => {
        assert.equal(error, undefined)
        if (expected !== "" || !name.includes(".md")) assert.equal(printed, expected)
        // A failure that nobody looks at is a mistake of the example.
        if (!/failure|catch/.test(code)) assert.deepEqual(failures, [])
      })
    }
  } finally {
    await Promise.all([server.stop(), empty.stop()])
  }
})

/** All examples as one program. */
async function writeProgram(): Promise<string> {
  const runner = pathToFileURL(join(import.meta.dirname, "run-examples.ts")).href
  const lines = [`import { runExamples } from ${JSON.stringify(runner)}`]
  const list: string[] = []
  for (const [index, { module, name, uses }] of examples.entries()) {
    const { code } = await transform(module, { loader: "ts", format: "esm", target: "node24" })
    writeFileSync(join(folder, `example-${index}.mjs`), code)
    lines.push(`import { example as example${index} } from "./example-${index}.mjs"`)
    list.push(`{ name: ${JSON.stringify(name)}, uses: ${JSON.stringify(uses)}, run: example${index} }`)
  }
  const main = join(folder, "main.mjs")
  // Whatever an example writes goes beside it.
  const body = `process.chdir(${JSON.stringify(folder)})\nawait runExamples([${list.join(",\n")}], JSON.parse(process.argv[2]))`
  writeFileSync(main, [...lines, body].join("\n"))
  return main
}
