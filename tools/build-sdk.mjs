// Builds the package that is published into sdk/dist: ES modules, CommonJS and types for Node 20 and newer, with a package.json of
// its own, since the one in sdk/ leads to the sources.
//
//   node tools/build-sdk.mjs [folder] && npm pack ./sdk/dist
import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "tsdown"

const root = fileURLToPath(new URL("..", import.meta.url))
const sdk = join(root, "sdk")
const outDir = process.argv[2] ?? join(sdk, "dist")

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))

await build({
  cwd: sdk,
  config: false,
  entry: {
    secrets: "src/secrets.ts",
    admin: "src/admin.ts",
    encryption: "src/encryption.ts",
    cache: "src/file-cache.ts",
    testing: "src/test-kit.ts",
  },
  outDir,
  format: ["esm", "cjs"],
  // Chunks apart from entries: else one takes the name of the other.
  outputOptions: (options, format) => ({
    ...options,
    chunkFileNames: format === "cjs" ? "parts/[name].cjs" : "parts/[name].mjs",
  }),
  target: "node20",
  platform: "node",
  // The core is part of this package; the lattice code stays a dependency, loaded when it is needed.
  noExternal: [/^@halfkey\/core\//],
  external: [/^@hpke\//],
  dts: { eager: true },
  tsconfig: join(root, "tsconfig.base.json"),
  hash: false,
  logLevel: "error",
})

const { dependencies: _, exports: entries, ...manifest } = readJson(join(sdk, "package.json"))
const { dependencies } = readJson(join(root, "core", "package.json"))
const loaded = Object.entries(dependencies).filter(([name]) => name.startsWith("@hpke/"))
const published = {
  ...manifest,
  exports: Object.fromEntries(
    Object.keys(entries).map((entry) => [
      entry,
      {
        import: { types: `${entry}.d.mts`, default: `${entry}.mjs` },
        require: { types: `${entry}.d.cts`, default: `${entry}.cjs` },
      },
    ]),
  ),
  dependencies: Object.fromEntries(loaded),
}
writeFileSync(join(outDir, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`)
copyFileSync(join(sdk, "README.md"), join(outDir, "README.md"))
copyFileSync(join(root, "LICENSE"), join(outDir, "LICENSE"))
