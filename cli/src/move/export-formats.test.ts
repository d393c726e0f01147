/** What an export says is what a reader gets, to the byte, or the export is refused by name. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { fromUtf8, utf8 } from "@halfkey/core/primitives/bytes"
import fc from "fast-check"
import { parse } from "yaml"
import { type ExportFormat, exported, type NamedValue } from "./export-formats.ts"
import { readSource, type SourceFormat } from "./source.ts"
import { dotenvFile, parseAsDotenv } from "./testing/generated-dotenv.ts"
import { readAsCompose, readAsDocker } from "./testing/other-readers.ts"

const nobody = new Set<string>()
const text = async (secrets: readonly NamedValue[], format: ExportFormat) =>
  fromUtf8(await exported(secrets, format, nobody))
const of = (values: Readonly<Record<string, string>>): NamedValue[] =>
  Object.entries(values).map(([name, value]) => ({ name, value: utf8(value) }))

/** What readers trip over, more often than chance would have it. */
const trap = fc.constantFrom(
  ..."'\"`\\#$\n\r\t =:{}[],&*!|>%@-?~ üé🔑\0\u0007\u0085\u00a0\u2028\u2029\ufeff\uffff\u007f",
  ...["\r\n", "\\n", "\\r", "\\'", " #", `\${A}`, "$(id)", "\nB=2", "---", "null", "yes", "0x1F", "# "],
)
const value = fc.oneof(
  fc
    .array(fc.oneof(trap, fc.string({ unit: "grapheme", maxLength: 3 })), { maxLength: 12 })
    .map((parts) => utf8(parts.join(""))),
  fc.uint8Array({ maxLength: 40 }),
)
const name = fc.oneof(
  fc.constantFrom("A", "yes", "null", "export", "N", "e0", "a.b", "a-b", "pay/stripe.key", "__proto__", "constructor"),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_./-]{0,12}$/),
)
const secrets = fc.uniqueArray(fc.record({ name, value }), { selector: ({ name }) => name, maxLength: 6 })

/** The export, or `undefined` where it was refused for the format. */
async function attempt(all: readonly NamedValue[], format: ExportFormat): Promise<Uint8Array | undefined> {
  try {
    return await exported(all, format, new Set(all.map(({ name }) => name)))
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "lossy_format") return undefined
    throw error
  }
}

const asText = (all: readonly NamedValue[]) => all.map(({ name, value }) => [name, fromUtf8(value)] as const)

for (const format of ["dotenv", "json", "yaml"] as const) {
  test(`import, export, import is the identity for ${format}`, async () => {
    let fitting = 0
    await fc.assert(
      fc.asyncProperty(secrets, async (all) => {
        const written = await attempt(all, format)
        if (written === undefined) return
        if (all.length > 0) fitting++
        const { values } = await readSource(written, format, "the export")
        assert.deepEqual(
          [...values.keys()],
          all.map(({ name }) => name),
        )
        for (const { name, value } of all) assert.deepEqual(Buffer.from(values.get(name) ?? []), Buffer.from(value))
        const again = [...values].map(([name, value]) => ({ name, value }))
        assert.deepEqual(await attempt(again, format), written)
      }),
      { numRuns: 1000 },
    )
    assert.ok(fitting > 50, `only ${fitting} fitted`)
  })
}

test("what a generated dotenv file gives comes back from every format that holds it", async () => {
  const fitting = { dotenv: 0, json: 0, yaml: 0 }
  await fc.assert(
    fc.asyncProperty(dotenvFile, async (file) => {
      const values = await imported(utf8(file), "dotenv")
      if (values === undefined || values.size === 0) return
      const all = [...values].map(([name, value]) => ({ name, value }))
      for (const format of ["dotenv", "json", "yaml"] as const) {
        const written = await attempt(all, format)
        if (written === undefined) continue
        fitting[format]++
        assert.deepEqual(await imported(written, format), values)
      }
    }),
    { numRuns: 10_000, seed: 3 },
  )
  assert.ok(Math.min(...Object.values(fitting)) > 100, JSON.stringify(fitting))
})

/** What an import takes from the file, or `undefined` where it is refused. */
async function imported(file: Uint8Array, format: SourceFormat): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  try {
    return (await readSource(file, format, "the file")).values
  } catch (error) {
    if (error instanceof HalfkeyError && error.code === "invalid_argument") return undefined
    throw error
  }
}

test("the package dotenv reads an export as it is meant", async () => {
  let fitting = 0
  await fc.assert(
    fc.asyncProperty(secrets, async (all) => {
      const written = await attempt(all, "dotenv")
      if (written === undefined || all.length === 0) return
      fitting++
      // `__proto__` is no name for an object that is filled by assignment.
      const expected = asText(all).filter(([name]) => name !== "__proto__")
      assert.deepEqual(new Map(Object.entries(parseAsDotenv(fromUtf8(written)))), new Map(expected))
    }),
    { numRuns: 3000, seed: 18 },
  )
  assert.ok(fitting > 200, `only ${fitting} fitted`)
})

test("json and yaml hold every text, and other readers read the same", async () => {
  await fc.assert(
    fc.asyncProperty(secrets, async (all) => {
      const isText = all.every(
        ({ value }) => Buffer.from(new TextDecoder().decode(value)).equals(value) && !startsWithMark(value),
      )
      const [json, yaml] = [await attempt(all, "json"), await attempt(all, "yaml")]
      if (isText) assert.ok(json !== undefined && yaml !== undefined)
      if (json === undefined || yaml === undefined) return
      const expected = asText(all)
      assert.deepEqual(new Map(Object.entries(JSON.parse(fromUtf8(json)))), new Map(expected))
      for (const version of ["1.1", "1.2"] as const) {
        // As a Map: a name may be __proto__.
        const read: unknown = parse(fromUtf8(yaml), { version, mapAsMap: true }) ?? new Map()
        assert.deepEqual(read, new Map(expected))
      }
    }),
    { numRuns: 1000 },
  )
})

/** TextDecoder takes it for a byte order mark. */
function startsWithMark(value: Uint8Array): boolean {
  return value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf
}

test("Docker Compose reads dotenv as it is meant, docker reads docker as it is meant", async () => {
  const fitting = { dotenv: 0, docker: 0 }
  await fc.assert(
    fc.asyncProperty(secrets, async (all) => {
      for (const [format, read] of [
        ["dotenv", readAsCompose],
        ["docker", readAsDocker],
      ] as const) {
        const written = await attempt(all, format)
        if (written === undefined) continue
        fitting[format]++
        assert.deepEqual(read(fromUtf8(written)), new Map(asText(all)))
      }
    }),
    { numRuns: 1000 },
  )
  assert.ok(fitting.dotenv > 50 && fitting.docker > 50, JSON.stringify(fitting))
})

test("a shell gets the bytes of env, whatever they are", async () => {
  const all = fc.sample(value, { numRuns: 300, seed: 7 }).filter((bytes) => !bytes.includes(0))
  const named = all.map((value, index) => ({ name: `V_${index}`, value }))
  const script = await exported(named, "env", nobody)
  const names = named.map(({ name }) => `"$${name}"`).join(" ")
  const { stdout } = spawnSync("sh", ["-c", `eval "$(cat)"; printf '%s\\0' ${names}`], { input: script })
  // `$(…)` takes newlines from the end of the whole output, never from inside of quotes.
  assert.ok(stdout.equals(Buffer.concat(all.flatMap((bytes) => [bytes, Buffer.of(0)]))))
  // Exported again, it is the same text.
  const back = named.map(({ name }, index) => ({ name, value: partsOf(stdout)[index] ?? assert.fail(name) }))
  assert.deepEqual(await exported(back, "env", nobody), script)
})

/** What is before each NUL byte. */
function partsOf(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let start = 0, end = bytes.indexOf(0); end !== -1; start = end + 1, end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end))
  }
  return parts
}

test("exact output", async () => {
  const values = { PLAIN: "a b", EMPTY: "", QUOTE: "it's", LINES: "one\ntwo\n", DOLLAR: "$HOME #1", no: "007" }
  assert.equal(
    await text(of(values), "env"),
    `export PLAIN='a b'\nexport EMPTY=''\nexport QUOTE='it'\\''s'\nexport LINES='one\ntwo\n'\nexport DOLLAR='$HOME #1'\nexport no=007\n`,
  )
  assert.equal(
    await text(of(values), "dotenv"),
    `PLAIN=a b\nEMPTY=\nQUOTE=it's\nLINES='one\ntwo\n'\nDOLLAR='$HOME #1'\nno=007\n`,
  )
  assert.equal(await text(of({ A: "it's\n1", B: "x\r\ny" }), "dotenv"), `A="it's\n1"\nB="x\\r\ny"\n`)
  assert.equal(await text(of({ A: "'$HOME' #1" }), "docker"), "A='$HOME' #1\n")
  assert.equal(await text(of({ A: "1", B: "x\ny" }), "json"), `{\n  "A": "1",\n  "B": "x\\ny"\n}\n`)
  assert.equal(
    (await text(of(values), "yaml")).split("\n").slice(3, 6).join("\n"),
    `"LINES": "one\\ntwo\\n"\n"DOLLAR": "$HOME #1"\n"no": "007"`,
  )
  assert.deepEqual(
    [await text([], "json"), await text([], "yaml"), await text([], "dotenv"), await text([], "env")],
    ["{}\n", "", "", ""],
  )
})

test("what does not fit is refused by name, with the reason", async () => {
  const binary = { name: "BINARY", value: Uint8Array.of(0xff, 0, 1) }
  const cases: readonly (readonly [NamedValue[], ExportFormat, RegExp])[] = [
    [[binary], "json", /^the format json cannot hold BINARY: its value is no UTF-8 text$/],
    [[binary], "yaml", /^the format yaml cannot hold BINARY: its value is no UTF-8 text$/],
    [[binary], "env", /^the format env cannot hold BINARY: its value holds a NUL byte$/],
    [of({ "a/b": "1" }), "dotenv", /^the format dotenv cannot hold a\/b: its name may hold only/],
    [of({ "a.b": "1" }), "env", /^the format env cannot hold a\.b: its name is no name of a variable$/],
    [of({ A: "\0" }), "dotenv", /^the format dotenv cannot hold A: its value holds a NUL byte$/],
    [of({ A: `'"\n` }), "dotenv", /^the format dotenv cannot hold A: no quotes can hold its value/],
    [of({ A: "1\n2" }), "docker", /^the format docker cannot hold A: its value has several lines$/],
    [of({ A: "x".repeat(65_534) }), "docker", /^the format docker cannot hold A: its line would have 65536 bytes$/],
  ]
  for (const [all, format, message] of cases) {
    await assert.rejects(exported(all, format, nobody), { code: "lossy_format", message })
  }
})

test("a shell's own variables must be named", async () => {
  const all = of({ PATH: "/tmp" })
  await assert.rejects(exported(all, "env", nobody), {
    code: "invalid_argument",
    message: /^PATH decides which programs/,
  })
  assert.equal(fromUtf8(await exported(all, "env", new Set(["PATH"]))), "export PATH=/tmp\n")
  assert.equal(await text(all, "dotenv"), "PATH=/tmp\n")
})
