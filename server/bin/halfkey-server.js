#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs"

// The database's native part ends an older runtime by a segmentation fault, without a word.
if (Number(process.versions.node.split(".")[0]) < 22) {
  console.error(`halfkey-server: it needs Node 22 or newer, this is ${process.versions.node}`)
  console.error("  hint: start it with Node 22 or newer; in a clone of the repository, npm start brings its own")
  process.exit(2)
}

// The bundle takes half the memory and starts faster; the sources run too, by the same runtime.
const current = new URL("../dist/current", import.meta.url)
const program = existsSync(current) ? `../dist/${readFileSync(current, "utf8")}/halfkey-server.js` : "../src/main.ts"
await import(new URL(program, import.meta.url).href)
