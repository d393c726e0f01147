import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { vectorFiles } from "../../tools/generate-vectors.ts"
import { vectorFolder } from "./vector-file.ts"

test("the vectors in spec/vectors are what tools/generate-vectors.ts writes", async () => {
  const files = await vectorFiles()
  const stored = readdirSync(vectorFolder).filter((name) => name.endsWith(".json"))
  assert.deepEqual([...files.keys()].sort(), stored.sort())
  for (const [name, text] of files) {
    const same = readFileSync(join(vectorFolder, name), "utf8") === text
    assert.ok(same, `${name} is not current: run node tools/generate-vectors.ts, and read what changed and why`)
  }
})
