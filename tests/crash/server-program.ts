/**
 * The server from its very sources, in one file: it starts three times as fast as a hundred, which is what a loop of
 * hundreds of starts needs. Whether the unbundled program survives a crash is tested as well, less often.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { build } from "esbuild"

const root = join(import.meta.dirname, "../..")
const serverRequire = createRequire(join(root, "server/package.json"))

/** The program as it stands in the repository. */
export const sourceProgram = join(root, "server/bin/halfkey-server.js")

/** Bundles into a folder and returns the path of the program. */
export async function bundleServer(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n')
  await build({
    absWorkingDir: root,
    entryPoints: { main: "server/src/main.ts", "writer-worker": "server/src/store/sqlite/writer-worker.ts" },
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    logLevel: "error",
    // Packages in CommonJS call require() and look for their own folder.
    banner: {
      js: `import { createRequire as requireOfBundle } from "node:module"
import { dirname as dirnameOfBundle } from "node:path"
import { fileURLToPath as pathOfBundle } from "node:url"
const require = requireOfBundle(import.meta.url)
const __filename = pathOfBundle(import.meta.url)
const __dirname = dirnameOfBundle(__filename)`,
    },
    plugins: [
      {
        name: "native-part-stays-outside",
        setup: (plugins) => {
          plugins.onResolve({ filter: /^better-sqlite3$/ }, ({ path }) => ({
            path: serverRequire.resolve(path),
            external: true,
          }))
        },
      },
    ],
  })
  return join(folder, "main.js")
}
