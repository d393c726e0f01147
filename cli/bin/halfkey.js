#!/usr/bin/env node
import { existsSync } from "node:fs"
import * as nodeModule from "node:module"

// A private folder, not the shared one in /tmp that Node would take: whoever writes the cached code decides what runs.
const cache = process.env["XDG_CACHE_HOME"] || (process.env["HOME"] && `${process.env["HOME"]}/.cache`)
if (cache) nodeModule.enableCompileCache?.(`${cache}/halfkey/compiled`)

const bundle = new URL("../dist/halfkey.js", import.meta.url)
await import((existsSync(bundle) ? bundle : new URL("../src/main.ts", import.meta.url)).href)
