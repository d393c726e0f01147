import assert from "node:assert/strict"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { temporaryDirectory } from "../testing/test-context.ts"
import { findHalfkeyFile, parseHalfkeyFile } from "./halfkey-file.ts"

test("the nearest file above counts, and none beyond the repository", (t) => {
  const root = temporaryDirectory(t)
  const deep = join(root, "repository", "a", "b")
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(root, "halfkey.json"), '{ "environment": "outside" }')
  assert.equal(findHalfkeyFile(deep)?.environment, "outside")
  mkdirSync(join(root, "repository", ".git"))
  assert.equal(findHalfkeyFile(deep), undefined)
  writeFileSync(join(root, "repository", "halfkey.json"), '{ "environment": "production", "minimumRevision": 3 }')
  assert.deepEqual(findHalfkeyFile(deep), {
    path: join(root, "repository", "halfkey.json"),
    environment: "production",
    minimumRevision: 3,
  })
})

test("what it must not or cannot hold is refused with a reason", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{ "clientKey": "hkck_canary" }', /clientKey does not belong into a file that is committed/],
    ['{ "apiKey": "hkak_canary" }', /apiKey does not belong/],
    ['{ "enviroment": "x" }', /unknown field "enviroment"/],
    ['{ "environment": 1 }', /environment must be a text/],
    ['{ "minimumRevision": 0 }', /minimumRevision must be a whole number/],
    ['{ "minimumRevision": { "production": "7" } }', /minimumRevision must hold whole numbers from 1, by environment/],
    ['{ "minimumRevision": [7] }', /minimumRevision must hold whole numbers/],
    ["[]", /it is no JSON object/],
    ["{ canary", /it is no JSON/],
  ]
  for (const [text, reason] of cases) {
    assert.throws(
      () => parseHalfkeyFile(text, "/r/halfkey.json"),
      (error: Error) => reason.test(error.message) && !error.message.includes("canary"),
      text,
    )
  }
})
