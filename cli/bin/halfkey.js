#!/usr/bin/env node
import * as nodeModule from "node:module"

// A private folder, not the shared one in /tmp that Node would take: whoever writes the cached code decides what runs.
const cache = process.env["XDG_CACHE_HOME"] || (process.env["HOME"] && `${process.env["HOME"]}/.cache`)
if (cache) nodeModule.enableCompileCache?.(`${cache}/halfkey/compiled`)

// `import "node:fs"` would load streams and promises as well, which takes longer than everything else here.
const { existsSync } = nodeModule.createRequire(import.meta.url)("node:fs")
// `run` stands in front of other people's programs, so it has a small bundle of its own.
const run = process.argv[2] === "run"
const bundle = new URL(`../dist/halfkey${run ? "-run" : ""}.js`, import.meta.url)
if (existsSync(bundle)) await import(bundle.href)
else if (run) await import("../src/main-run.ts")
else await import("../src/main.ts")
