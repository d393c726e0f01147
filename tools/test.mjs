// Runs every check of the repository and stops at the first that fails:
//
//   node tools/test.mjs                 everything
//   node tools/test.mjs core sdk/src    only the tests under these paths
//   node tools/test.mjs --only=lint,types,dead-code,bundle,tests
import { spawnSync } from "node:child_process"
import { existsSync, globSync, statSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))
const rooms = ["core", "sdk", "server", "cli", "tests", "examples"]

/**
 * @param {string[]} parameters
 * @returns {boolean} whether it succeeded
 */
function node(...parameters) {
  const { status, signal } = spawnSync(process.execPath, parameters, { cwd: root, stdio: "inherit" })
  if (signal !== null) console.error(`Ended by ${signal}.`)
  return status === 0
}

/** @param {string[]} paths */
function testFiles(paths) {
  const wanted = (paths.length > 0 ? paths : rooms).map((path) => relative(root, resolve(path)))
  const missing = paths.filter((path) => !existsSync(path))
  if (missing.length > 0) throw new Error(`There is no ${missing.join(", ")}.`)
  return wanted
    .filter((path) => existsSync(join(root, path)))
    .flatMap((path) =>
      statSync(join(root, path)).isDirectory() ? globSync(`${path || "."}/**/*.test.ts`, { cwd: root }) : [path],
    )
    .filter((path) => !path.split(sep).some((part) => part === "node_modules" || part === "dist"))
    .sort()
}

/** @param {string[]} paths */
function runTests(paths) {
  const files = testFiles(paths)
  if (files.length === 0) {
    console.error("No test was found.")
    return false
  }
  const reporter = process.stdout.isTTY ? "spec" : "./tools/test-reporter.mjs"
  // No limit of time for a test: crash and property tests take what they take.
  return node("--test", "--test-concurrency=2", `--test-reporter=${reporter}`, ...files)
}

/** @type {Record<string, { heading: string, run: (paths: string[]) => boolean | Promise<boolean> }>} */
const stages = {
  lint: {
    heading: "lint and format (biome)",
    run: () => node("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."),
  },
  types: { heading: "types (tsc)", run: () => node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json") },
  "dead-code": { heading: "dead code (knip)", run: () => node("node_modules/knip/bin/knip.js", "--no-progress") },
  bundle: {
    heading: "bundles of CLI and server (esbuild)",
    run: () => node("tools/build.mjs"),
  },
  tests: { heading: "tests (node --test)", run: runTests },
}

const { values, positionals } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true })
const chosen = values.only?.split(",") ?? (positionals.length > 0 ? ["bundle", "tests"] : Object.keys(stages))
for (const name of chosen) {
  const stage = stages[name]
  if (stage === undefined) throw new Error(`There is no stage ${name}: ${Object.keys(stages).join(", ")}.`)
  console.log(`== ${stage.heading}`)
  if (!(await stage.run(positionals))) {
    console.error(`== failed: ${stage.heading}`)
    process.exit(1)
  }
}
