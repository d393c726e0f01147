// Bundles the server into server/dist when a source is newer: sources that are stripped of their types at every start
// take twice the memory, in the program and again in its writer's thread.
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
/** The thread is started by its name beside the program. */
const entries = {
  "halfkey-server": join(root, "server/src/main.ts"),
  "writer-worker": join(root, "server/src/store/sqlite/writer-worker.ts"),
}
const outdir = join(root, "server/dist")
const program = join(outdir, "halfkey-server.js")
const stamp = join(outdir, "inputs.sha256")
const day = 24 * 60 * 60 * 1000

/** One hash over path, size and time of everything that the bundle is made of; unlike a newest time, it sees deletions. */
function inputs() {
  const hash = createHash("sha256")
  const add = (/** @type {string} */ path) => {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  for (const sources of ["core/src", "server/src"]) {
    const folder = join(root, sources)
    for (const path of readdirSync(folder, { encoding: "utf8", recursive: true }).sort()) {
      if (path.endsWith(".ts") && !path.endsWith(".test.ts")) add(join(folder, path))
    }
  }
  add(join(root, "server/package.json"))
  add(join(root, "package-lock.json"))
  add(fileURLToPath(import.meta.url))
  return hash.digest("hex")
}

/** Builds when needed. Needs the installed packages. */
export async function buildServer() {
  const wanted = inputs()
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return

  const esbuild = await import("esbuild")
  const { outputFiles } = await esbuild.build({
    entryPoints: entries,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    minifySyntax: true,
    // The text of a program stays in memory as long as it runs.
    minifyWhitespace: true,
    legalComments: "none",
    chunkNames: "[name]-[hash]",
    // It has a native part.
    external: ["better-sqlite3"],
    // Packages in CommonJS call require(), which ES modules do not have.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module"\nconst require = createRequireForBundle(import.meta.url)',
    },
    absWorkingDir: root,
    logLevel: "error",
    write: false,
  })

  // The program comes last and by rename, and the chunks of earlier builds stay for a day: a server that runs loads
  // some of them lazily.
  mkdirSync(outdir, { recursive: true })
  const current = new Set([basename(stamp)])
  for (const { path, contents } of outputFiles.toSorted(
    (a, b) => Number(a.path === program) - Number(b.path === program),
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

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildServer()
