import assert from "node:assert/strict"
import { existsSync, globSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

const root = join(import.meta.dirname, "..")

test("every file of core has its test beside it", () => {
  const sources = globSync("core/src/{primitives,formats,client,key-service,wire}/*.ts", { cwd: root })
  const missing = sources
    .filter((path) => !path.endsWith(".test.ts"))
    .filter((path) => !existsSync(join(root, path.replace(/\.ts$/, ".test.ts"))))
  assert.ok(sources.length > 80)
  assert.deepEqual(missing, [])
})
