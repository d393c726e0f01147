#!/usr/bin/env node
import { existsSync } from "node:fs"

// The bundle takes half the memory and starts faster; the sources run too, by the same runtime.
const bundle = new URL("../dist/halfkey-server.js", import.meta.url)
await import((existsSync(bundle) ? bundle : new URL("../src/main.ts", import.meta.url)).href)
