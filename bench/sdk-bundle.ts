/** `halfkey/secrets` as a program's bundler would pack it: what loads at once, and what only when it is needed. */
import { writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { temporaryDirectory } from "./leftovers.ts"

export interface SdkBundle {
  readonly entry: string
  /** Gzipped bytes of the entry and of every chunk that it imports statically. */
  readonly eagerBytes: number
  /** Gzipped bytes of the rest: X-Wing and what it needs. */
  readonly lazyBytes: number
}

export async function bundleSdk(): Promise<SdkBundle> {
  const outdir = temporaryDirectory()
  const { metafile, outputFiles } = await build({
    stdin: { contents: 'export * from "halfkey/secrets"', resolveDir: import.meta.dirname, loader: "ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    legalComments: "none",
    entryNames: "secrets",
    outExtension: { ".js": ".mjs" },
    metafile: true,
    write: false,
  })
  for (const { contents, path } of outputFiles) writeFileSync(path, contents)
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]))
  const eager = new Set<string>()
  const visit = (name: string) => {
    if (eager.has(name)) return
    eager.add(name)
    for (const { kind, path } of outputs.get(name)?.imports ?? []) {
      if (kind === "import-statement" && outputs.has(basename(path))) visit(basename(path))
    }
  }
  visit("secrets.mjs")
  const size = (isEager: boolean) =>
    outputFiles
      .filter(({ path }) => eager.has(basename(path)) === isEager)
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
  return {
    entry: join(outdir, "secrets.mjs"),
    eagerBytes: size(true),
    lazyBytes: size(false),
  }
}
