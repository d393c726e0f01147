/**
 * The vectors of the specification, Wycheproof's among them, on every runtime: each brings another library of cryptography,
 * and a signature that one takes and another refuses would part the members of a workspace.
 */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { after, before, test } from "node:test"
import { build, type Plugin } from "esbuild"
import { type Runtime, runtimes } from "./runtimes.ts"

const root = join(import.meta.dirname, "../..")
const folder = mkdtempSync(join(tmpdir(), "halfkey-vectors-"))
const bundle = join(folder, "vectors.test.mjs")
after(() => rmSync(folder, { recursive: true, force: true }))

/** These two look at the sources of this repository, which are the same everywhere. */
const aboutSources = ["tests/vectors/specification.test.ts", "tests/vectors/generated.test.ts"]

/** Node 20 reads no TypeScript, so there is one bundle for all. Files that a test reads lie where its source lies. */
const placesOfSources: Plugin = {
  name: "places-of-sources",
  setup: (build) =>
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.dirname", JSON.stringify(dirname(path))),
      loader: "ts",
    })),
}

before(async () => {
  const files = globSync(["core/src/primitives/*.test.ts", "tests/vectors/*.test.ts"], { cwd: root })
    .filter((path) => !aboutSources.includes(path))
    .sort()
  assert.ok(files.length >= 17, files.join())
  await build({
    stdin: { contents: files.map((path) => `import "./${path}"`).join("\n"), resolveDir: root },
    outfile: bundle,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    // Else tests are dropped, since nobody imports anything from them.
    ignoreAnnotations: true,
    plugins: [placesOfSources],
  })
})

/** How each runtime runs tests of node:test, and says how many passed and failed. */
function testCommand({ command: [program], name }: Runtime): { words: string[]; passed: RegExp; failed: RegExp } {
  if (name === "Bun") return { words: ["test", bundle], passed: /^ *(\d+) pass$/m, failed: /^ *(\d+) fail$/m }
  if (name === "Deno") {
    const words = ["test", "--no-check", "--no-prompt", "--allow-read", "--allow-env", bundle]
    return { words, passed: /(\d+) passed/, failed: /(\d+) failed/ }
  }
  assert.ok(program.includes("node"))
  return { words: ["--test-reporter=tap", bundle], passed: /^# pass (\d+)$/m, failed: /^# fail (\d+)$/m }
}

for (const runtime of runtimes()) {
  test(`the vectors hold on ${runtime.name}`, (t) => {
    if (runtime.absent !== undefined) return t.skip(runtime.absent)
    const { failed, passed, words } = testCommand(runtime)
    const env = { NO_COLOR: "1", HOME: folder, TMPDIR: folder }
    const { status, stderr, stdout } = spawnSync(runtime.command[0], words, { cwd: folder, env, encoding: "utf8" })
    const said = `${stdout}\n${stderr}`
    assert.equal(status, 0, said.slice(-4000))
    assert.equal(Number(failed.exec(said)?.[1]), 0)
    assert.ok(Number(passed.exec(said)?.[1]) >= 250, `only ${passed.exec(said)?.[1]} passed`)
  })
}
