// Bundles the CLI into cli/dist when a source is newer: one file starts several times faster than a hundred, and what only
// a few commands need lies beside it, since a start pays for every byte that it reads.
import { createRequire } from "node:module"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { buildWhenNeeded } from "./bundle-output.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
/** The bundle of everything. */
const entries = { halfkey: join(root, "cli/src/main.ts") }
/** The small ones of `halfkey run`: what sends its request, and what opens the answer. In CommonJS, which loads sooner. */
const runEntries = {
  "halfkey-run": join(root, "cli/src/main-run.ts"),
  "run-quickly": join(root, "cli/src/run-quickly.ts"),
}
const requireBuiltin = createRequire(import.meta.url)

/** Large packages that the sources import lazily: `import("yaml")`. The text is what the file of each exports. */
const lazyPackages = new Map([
  ["@hpke/core", 'export * from "@hpke/core"'],
  ["@hpke/hybridkem-x-wing", 'export * from "@hpke/hybridkem-x-wing"'],
  // In CommonJS, whose exports must be named.
  ["yaml", 'export { isMap, isNode, isScalar, LineCounter, parseDocument, stringify } from "yaml"'],
])

/** @returns {import("esbuild").BuildOptions} */
function commonOptions() {
  return {
    outdir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // Packages in CommonJS call require(), which ES modules do not have.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module"\nconst require = createRequireForBundle(import.meta.url)',
    },
    absWorkingDir: root,
    logLevel: "error",
    write: false,
  }
}

/**
 * `import "node:http"` runs every getter of the module, one of which loads WebSockets: 25 ms. Here each name that is used is
 * taken from `require` by itself; the marks let esbuild drop the others.
 * @type {import("esbuild").Plugin}
 */
const builtinsByName = {
  name: "builtins-by-name",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "require-call" ? { path, external: true } : { path, namespace: "builtin", sideEffects: false },
    )
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const names = Object.keys(requireBuiltin(path)).filter((name) => name !== "default")
      const exported = names.map(
        (name) => `const $${name} = /* @__PURE__ */ (() => builtin.${name})(); export { $${name} as ${name} }`,
      )
      return { contents: [`const builtin = require(${JSON.stringify(path)})`, ...exported].join("\n") }
    })
  },
}

/**
 * What the smallest bundle imports later is a file beside it, by `require`: an `import()` would need Node's module loader.
 * @type {import("esbuild").Plugin}
 */
const runQuicklyOutside = {
  name: "run-quickly-outside",
  setup(build) {
    build.onResolve({ filter: /^\.\/run-quickly/ }, ({ kind, path }) => {
      if (kind === "entry-point") return undefined
      return kind === "dynamic-import" ? { path, namespace: "beside" } : { path, external: true }
    })
    build.onLoad({ filter: /.*/, namespace: "beside" }, () => ({
      contents: 'module.exports = require("./run-quickly.cjs")',
    }))
  },
}

/**
 * Each lazy package as a file of its own; what they share, once more.
 * @param {typeof import("esbuild")} esbuild
 */
async function buildLazyPackages(esbuild) {
  const { outputFiles = [], metafile } = await esbuild.build({
    ...commonOptions(),
    entryPoints: [...lazyPackages.keys()].map((name) => ({
      in: `lazy:${name}`,
      out: name.replaceAll(/^@|(\/)/g, (_, slash) => (slash ? "-" : "")),
    })),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    metafile: true,
    plugins: [
      {
        name: "lazy-packages",
        setup(build) {
          build.onResolve({ filter: /^lazy:/ }, ({ path }) => ({ path: path.slice("lazy:".length), namespace: "lazy" }))
          build.onLoad({ filter: /.*/, namespace: "lazy" }, ({ path }) => ({
            contents: lazyPackages.get(path) ?? "",
            resolveDir: root,
          }))
        },
      },
    ],
  })
  const files = new Map(
    Object.entries(metafile?.outputs ?? {}).flatMap(([path, { entryPoint }]) =>
      entryPoint === undefined ? [] : [[entryPoint.replace(/^lazy:/, ""), `./${basename(path)}`]],
    ),
  )
  return { outputFiles, files }
}

async function build() {
  const esbuild = await import("esbuild")
  const lazy = await buildLazyPackages(esbuild)
  const lazyFiles = {
    name: "lazy-files-outside",
    /** @param {import("esbuild").PluginBuild} build */
    setup(build) {
      build.onResolve({ filter: /^(@|yaml$)/ }, ({ path }) => {
        const file = lazy.files.get(path)
        return file === undefined ? undefined : { path: file, external: true }
      })
    },
  }
  const main = await esbuild.build({
    ...commonOptions(),
    entryPoints: entries,
    // Found at run time when it is installed beside the CLI; it has native parts.
    external: ["@halfkey/server"],
    plugins: [builtinsByName, lazyFiles],
  })
  const run = await esbuild.build({
    ...commonOptions(),
    entryPoints: runEntries,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    define: { "import.meta.url": "bundleUrl" },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    plugins: [builtinsByName, lazyFiles, runQuicklyOutside],
  })
  return [...lazy.outputFiles, ...(main.outputFiles ?? []), ...(run.outputFiles ?? [])]
}

/** Builds when needed. Needs the installed packages. */
export async function buildCli() {
  const sources = ["core/src", "sdk/src", "cli/src", "tools/build-cli.mjs"]
  await buildWhenNeeded({ dist: "cli/dist", sources, build })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildCli()
