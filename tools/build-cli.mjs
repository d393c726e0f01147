// Bundles the CLI into cli/dist when a source is newer: one file starts several times faster than a hundred.
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const entry = join(root, "cli/src/main.ts")
const outdir = join(root, "cli/dist")
const bundle = join(outdir, "halfkey.js")
const stamp = join(outdir, "inputs.sha256")
const day = 24 * 60 * 60 * 1000

/** One hash over path, size and time of everything that the bundle is made of; unlike a newest time, it sees deletions. */
function inputs() {
  const hash = createHash("sha256")
  const add = (/** @type {string} */ path) => {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  for (const sources of ["core/src", "sdk/src", "cli/src"]) {
    const folder = join(root, sources)
    if (!existsSync(folder)) continue
    for (const path of readdirSync(folder, { encoding: "utf8", recursive: true }).sort()) {
      if (path.endsWith(".ts") && !path.endsWith(".test.ts")) add(join(folder, path))
    }
  }
  add(join(root, "package-lock.json"))
  add(fileURLToPath(import.meta.url))
  return hash.digest("hex")
}

/** Builds when needed; does nothing while there is no CLI. Needs the installed packages. */
export async function buildCli() {
  if (!existsSync(entry)) return
  const wanted = inputs()
  if (existsSync(bundle) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return

  const esbuild = await import("esbuild")
  const { outputFiles } = await esbuild.build({
    entryPoints: { halfkey: entry },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    legalComments: "none",
    chunkNames: "[name]-[hash]",
    // Found at run time when it is installed beside the CLI; it has native parts.
    external: ["@halfkey/server"],
    // Packages in CommonJS call require(), which ES modules do not have.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module"\nconst require = createRequireForBundle(import.meta.url)',
    },
    absWorkingDir: root,
    logLevel: "error",
    write: false,
  })

  // The entry comes last and by rename, and the chunks of earlier builds stay for a day, since a running `halfkey`
  // loads its chunks lazily.
  mkdirSync(outdir, { recursive: true })
  const current = new Set([basename(stamp)])
  for (const { path, contents } of outputFiles.toSorted(
    (a, b) => Number(a.path === bundle) - Number(b.path === bundle),
  )) {
    const partial = join(dirname(path), `.${basename(path)}.${process.pid}`)
    writeFileSync(partial, contents)
    renameSync(partial, path)
    current.add(basename(path))
  }
  writeFileSync(stamp, wanted)
  for (const name of readdirSync(outdir)) {
    const path = join(outdir, name)
    if (!current.has(name) && Date.now() - statSync(path).mtimeMs > day) rmSync(path, { force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildCli()
