/** `halfkey run` stands in front of every start of somebody's program: it runs nothing of the cache where nobody asked for one. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { build, type Metafile } from "esbuild"

const root = join(import.meta.dirname, "../..")
const ofCache =
  /sdk\/src\/cache\/(?!options|refusals)|sdk\/src\/file-cache|cli\/src\/offline\/|cache-files|core\/src\/client\/cache-file/

async function outputsOf(entry: string): Promise<Metafile["outputs"]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: "unwritten",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    metafile: true,
    write: false,
    external: ["@hpke/*", "yaml"],
  })
  return metafile.outputs
}

/** Sources that run as soon as the entry does. */
function atOnce(outputs: Metafile["outputs"], name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found
  found.add(name)
  for (const { external, kind, path } of outputs[name]?.imports ?? []) {
    if (!external && kind === "import-statement") atOnce(outputs, path, found)
  }
  return found
}

for (const entry of ["cli/src/run-quickly.ts", "cli/src/main-run.ts"]) {
  test(`${entry} loads no cache by itself`, async () => {
    const outputs = await outputsOf(entry)
    const [start = ""] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? []
    const sources = [...atOnce(outputs, start)].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}))
    assert.ok(sources.includes(entry))
    assert.deepEqual(
      sources.filter((path) => ofCache.test(path)),
      [],
    )
    // What could be loaded later shows that the search finds it.
    const all = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))
    if (entry.endsWith("run-quickly.ts")) assert.ok(all.some((path) => ofCache.test(path)))
  })
}
