import assert from "node:assert/strict"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { checkArchitecture } from "./architecture/check.ts"
import { importsOf } from "./architecture/imports.ts"
import type { Manifest, Repository } from "./architecture/places.ts"

const root = join(import.meta.dirname, "..")
const packages = ["core", "sdk", "server", "cli", "dashboard"]

/** Files that may exceed the limit of lines, each with its own limit and the reason. */
const longFiles = new Map<string, number>()

function readRepository(): Repository {
  const paths = globSync(`{${packages.join()}}/src/**/*.{ts,tsx}`, { cwd: root })
  const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
  return {
    sources: new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])),
    manifests: new Map([".", ...packages].map((folder) => [folder, manifest(folder)])),
  }
}

test("the repository keeps its architecture", () => {
  const repository = readRepository()
  assert.equal(repository.manifests.size, 1 + packages.length)
  for (const folder of packages.filter((name) => existsSync(join(root, name, "src")))) {
    assert.ok(
      [...repository.sources.keys()].some((path) => path.startsWith(`${folder}/src/`)),
      `${folder} was not read`,
    )
  }
  const problems = checkArchitecture(repository, { longFiles })
  assert.equal(problems.length, 0, `\n${problems.join("\n")}\n`)
})

test("every way to import is seen", () => {
  const text = [
    'import "a"',
    'import { type B } from "b"',
    'import type { C } from "c"',
    'export * from "d"',
    'export type { E } from "e"',
    'type F = import("f").F',
    "const g = await import(`g`)",
    'const h = require("h")',
    'import i = require("i")',
    "const j = await import(`./$" + "{name}.ts`)",
    'const text = "import k from \'k\'" // import "l"',
  ].join("\n")
  const expected = ["a", "b", "c", "d", "e", "f", "g", "h", "i", undefined]
  const found = importsOf("x.ts", text)
  assert.deepEqual(
    found.map((each) => each.specifier),
    expected,
  )
  assert.deepEqual(
    found.map((each) => each.line),
    expected.map((_, index) => index + 1),
  )
})

const manifests = new Map<string, Manifest>([
  [".", { name: "root", devDependencies: { "fast-check": "1" } }],
  [
    "core",
    { name: "@halfkey/core", dependencies: { "@hpke/core": "1", "@noble/curves": "1", typebox: "1", pino: "1" } },
  ],
  ["sdk", { name: "halfkey", dependencies: { "@halfkey/core": "1" } }],
  ["server", { name: "@halfkey/server", dependencies: { "@halfkey/core": "1", kysely: "1" } }],
  ["cli", { name: "@halfkey/cli", dependencies: { "@halfkey/core": "1", halfkey: "1" } }],
  ["dashboard", { name: "@halfkey/dashboard", dependencies: { "@halfkey/core": "1" } }],
])
// The planted manifest of core declares pino, so that sources can break one rule at a time.
const ofManifest = "core/package.json must not depend on pino."

function problemsOf(path: string, text: string): string[] {
  const repository = { manifests, sources: new Map([[path, text]]) }
  return checkArchitecture(repository, { longFiles: new Map() }).filter((problem) => problem !== ofManifest)
}

const planted: readonly [path: string, specifier: string, reason: RegExp][] = [
  ["core/src/formats/pae.ts", "node:crypto", /does no I\/O/],
  ["core/src/formats/pae.ts", "@noble/curves/ed25519.js", /does no I\/O/],
  ["core/src/client/open.ts", "@hpke/core", /does no I\/O/],
  ["core/src/key-service/seed.ts", "node:fs", /does no I\/O/],
  ["core/src/wire/read.ts", "pino", /does no I\/O/],
  ["core/src/formats/pae.ts", "typebox", /does no I\/O/],
  ["core/src/primitives/hash.ts", "node:fs", /does no I\/O/],
  ["core/src/primitives/hash.ts", "pino", /does no I\/O/],
  ["core/src/index.ts", "node:fs", /does no I\/O/],
  ["core/src/client/open.ts", "../key-service/seed.ts", /two trust zones/],
  ["core/src/key-service/seed.ts", "../client/open.ts", /two trust zones/],
  ["core/src/key-service/seed.ts", "@halfkey/core/client/open", /two trust zones/],
  ["core/src/primitives/hash.ts", "../formats/pae.ts", /nothing of core but itself/],
  ["core/src/formats/pae.ts", "../client/open.ts", /may import only/],
  ["core/src/wire/read.ts", "../key-service/seed.ts", /may import only/],
  ["core/src/index.ts", "./client/open.ts", /may import only/],
  ["core/src/attic/old.ts", "../formats/pae.ts", /no room "attic"/],
  ["server/src/services/vault.ts", "@halfkey/core/client/open", /must never hold code that opens/],
  ["sdk/src/secrets.ts", "@halfkey/core/key-service/seed", /never hold the authority/],
  ["cli/src/main.ts", "@halfkey/core/key-service/seed", /never hold the authority/],
  ["dashboard/src/app.tsx", "@halfkey/core/key-service/seed", /never hold the authority/],
  ["sdk/src/secrets.ts", "@halfkey/core/primitives/aes-gcm", /only core may encrypt/],
  ["server/src/services/auth.ts", "@halfkey/core/primitives/aes-gcm", /only core may encrypt/],
  ["server/src/domain/ids.ts", "node:crypto", /may import only itself/],
  ["server/src/domain/ids.ts", "kysely", /may import only itself/],
  ["server/src/domain/ids.ts", "../store/sqlite.ts", /may import only itself/],
  ["server/src/domain/ids.ts", "@halfkey/core/key-service/seed", /may import only itself/],
  ["server/src/store/sqlite.ts", "../services/vault.ts", /must not import services or http/],
  ["server/src/store/sqlite.ts", "../http/routes.ts", /must not import services or http/],
  ["server/src/services/vault.ts", "../store/sqlite.ts", /must not import http or store/],
  ["server/src/services/vault.ts", "../http/routes.ts", /must not import http or store/],
  ["cli/src/main.ts", "../../sdk/src/secrets.ts", /leads out of the package/],
  ["cli/src/main.test.ts", "../../sdk/src/secrets.ts", /leads out of the package/],
  ["server/src/main.ts", "fs", /write node:fs/],
  ["server/src/main.ts", "halfkey/secrets", /does not declare it/],
  ["server/src/main.ts", "fast-check", /does not declare it/],
  ["server/src/main.test.ts", "lodash", /does not declare it/],
  ["server/src/main.ts", "./testing/database.ts", /must not import tests/],
]

test("found: what Node 20 does not have, in what runs on it", () => {
  const text = "const groups = Map.groupBy([], String)\n"
  assert.deepEqual(problemsOf("sdk/src/x.ts", text), ["sdk/src/x.ts uses Map.groupBy, which Node 20 does not have."])
  assert.equal(problemsOf("cli/src/x.ts", "for (const x of map.values().map(String)) use(x)").length, 1)
  assert.deepEqual(problemsOf("server/src/x.ts", text), [])
  assert.deepEqual(problemsOf("sdk/src/x.ts", "/** `Map.groupBy` is newer. */\nObject.values(x).map(String)\n"), [])
})

for (const [path, specifier, reason] of planted) {
  test(`found: ${path} imports ${specifier}`, () => {
    const problems = problemsOf(path, `import type { X } from "${specifier}"\n`)
    assert.equal(problems.length, 1, problems.join("\n"))
    assert.match(problems[0] ?? "", reason)
    assert.ok(problems[0]?.startsWith(`${path}:1 imports ${specifier}: `))
  })
}

const innocent: readonly [path: string, specifier: string][] = [
  ["core/src/primitives/hash.ts", "node:crypto"],
  ["core/src/primitives/hpke.ts", "@hpke/core"],
  ["core/src/primitives/hpke.ts", "./hash.ts"],
  ["core/src/formats/pae.ts", "../primitives/hash.ts"],
  ["core/src/wire/read.ts", "typebox"],
  ["core/src/client/open.ts", "../formats/pae.ts"],
  ["core/src/client/open.test.ts", "../key-service/seed.ts"],
  ["core/src/client/open.test.ts", "fast-check"],
  ["server/src/domain/ids.ts", "@halfkey/core/formats/ids"],
  ["server/src/services/vault.ts", "../domain/ids.ts"],
  ["server/src/services/keys.ts", "@halfkey/core/key-service/seed"],
  ["server/src/store/sqlite.ts", "kysely"],
  ["server/src/services/auth.ts", "@halfkey/core/primitives/hash"],
  ["cli/src/main.ts", "halfkey/secrets"],
]

for (const [path, specifier] of innocent) {
  test(`allowed: ${path} imports ${specifier}`, () => {
    assert.deepEqual(problemsOf(path, `import { x } from "${specifier}"\n`), [])
  })
}

test("found: a computed import", () => {
  assert.match(problemsOf("cli/src/main.ts", "await import(name)\n").join(), /computed path/)
})

test("found: names that could hold anything", () => {
  for (const name of ["utils.ts", "test-helpers.ts", "common/x.ts", "misc.test.ts", "string.util.ts"]) {
    assert.match(problemsOf(`sdk/src/${name}`, "").join(), /hides its purpose/, name)
  }
  assert.deepEqual(problemsOf("sdk/src/commonality.ts", ""), [])
})

test("found: files that are too long, unless allowed", () => {
  const long = (lines: number) => "//\n".repeat(lines)
  assert.deepEqual(problemsOf("core/src/formats/x.ts", long(200)), [])
  assert.match(problemsOf("core/src/formats/x.ts", long(201)).join(), /201 lines, more than 200/)
  assert.deepEqual(problemsOf("cli/src/x.ts", long(300)), [])
  assert.match(problemsOf("cli/src/x.ts", long(301)).join(), /301 lines, more than 300/)
  assert.deepEqual(problemsOf("core/src/formats/x.test.ts", long(900)), [])
  const sources = new Map([["cli/src/x.ts", long(301)]])
  assert.deepEqual(
    checkArchitecture({ sources, manifests: new Map() }, { longFiles: new Map([["cli/src/x.ts", 310]]) }),
    [],
  )
  const stale = checkArchitecture({ sources, manifests: new Map() }, { longFiles: new Map([["cli/src/y.ts", 310]]) })
  assert.match(stale.join(), /y\.ts is allowed to be long but does not exist/)
})

test("found: a dependency on the other trust zone", () => {
  const dependencies = { halfkey: "1", "@halfkey/cli": "1" }
  const repository = { sources: new Map(), manifests: new Map([["server", { name: "@halfkey/server", dependencies }]]) }
  const problems = checkArchitecture(repository, { longFiles: new Map() })
  assert.deepEqual(problems, [
    "server/package.json must not depend on halfkey.",
    "server/package.json must not depend on @halfkey/cli.",
  ])
  assert.deepEqual(checkArchitecture({ sources: new Map(), manifests }, { longFiles: new Map() }), [ofManifest])
})
