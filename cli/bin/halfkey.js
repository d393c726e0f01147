#!/usr/bin/env node
import * as nodeModule from "node:module"

// A private folder, not the shared one in /tmp that Node would take: whoever writes the cached code decides what runs.
const cache = process.env["XDG_CACHE_HOME"] || (process.env["HOME"] && `${process.env["HOME"]}/.cache`)
if (cache) nodeModule.enableCompileCache?.(`${cache}/halfkey/compiled`)

// `import "node:fs"` would load streams and promises as well, which takes longer than everything else here.
const { readFileSync } = nodeModule.createRequire(import.meta.url)("node:fs")

/** The newest bundle, a folder of its own; `undefined` where none was built. */
function bundle() {
  try {
    return new URL(`../dist/${readFileSync(new URL("../dist/current", import.meta.url), "utf8")}/`, import.meta.url)
  } catch {
    return undefined
  }
}

// `run` stands in front of other people's programs, so it has a small bundle of its own.
const run = process.argv[2] === "run"
const folder = bundle()
if (folder !== undefined) await import(new URL(run ? "halfkey-run.js" : "halfkey.js", folder).href)
else if (run) await import("../src/main-run.ts")
else await import("../src/main.ts")
