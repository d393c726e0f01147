#!/usr/bin/env node
await import(new URL("../src/main.ts", import.meta.url).href)
