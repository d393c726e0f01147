/** `halfkey inject`: the real command on a real server, what it writes to the byte, and what it leaves alone. */
import assert from "node:assert/strict"
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
const out = (name: string) => join(halfkey.directory, name)
const inject = (args: readonly string[], stdin: string | Uint8Array = "") =>
  halfkey.run(["inject", "-e", "development", ...args], { stdin })
before(async () => {
  await halfkey.up()
  for (const [name, value] of [
    ["URL", "postgres://u:p@h/{{ KEY }}"],
    ["KEY", "canary-4711"],
    ["app/pem.key", "-----BEGIN-----\nx\n"],
  ] as const) {
    await halfkey.ok(["set", name, "-e", "development", "-q", "--keep-newline"], { stdin: value })
  }
})
after(() => halfkey.dispose())

test("values stand where the template names them, on stdout or in a file of our own", async () => {
  const template = "url: {{ URL }}\nkey: '{{KEY}}' {{{{ raw }}\n{{ app/pem.key }}"
  const expected = "url: postgres://u:p@h/{{ KEY }}\nkey: 'canary-4711' {{ raw }}\n-----BEGIN-----\nx\n"
  writeFileSync(out("a.template"), template)
  for (const outcome of [await inject(["-i", "-"], template), await inject(["-i", out("a.template")])]) {
    assert.deepEqual(outcome, { code: 0, signal: null, stdout: expected, stderr: "" })
  }
  const { code, stdout, stderr } = await inject(["-i", out("a.template"), "-o", out("a")])
  assert.deepEqual([code, stdout, stderr], [0, "", `halfkey: wrote ${out("a")} with 3 secrets of development\n`])
  assert.equal(readFileSync(out("a"), "utf8"), expected)
  assert.equal(statSync(out("a")).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(halfkey.directory).filter((name) => name.startsWith(".a.")),
    [],
  )
})

test("bytes that are no text come through", async () => {
  const bytes = Buffer.of(0xff, 0x00, 0xc3)
  await halfkey.ok(["set", "BYTES", "-e", "staging", "-q", "--value-file", "-"], { stdin: bytes })
  await halfkey.ok(["inject", "-i", "-", "-o", out("bytes"), "-e", "staging"], {
    stdin: Buffer.concat([bytes, Buffer.from("{{ BYTES }}")]),
  })
  assert.deepEqual(readFileSync(out("bytes")), Buffer.concat([bytes, bytes]))
})

test("missing names are all told with their lines, and nothing is written", async () => {
  const template = "{{ KEY }}\n{{ ABSENT }} {{ GONE }}\n\n{{ ABSENT }}\n"
  const { code, stdout, stderr } = await inject(["-i", "-", "-o", out("missing")], template)
  assert.deepEqual([code, stdout], [3, ""])
  assert.equal(
    stderr,
    "halfkey: nothing was written: stdin names what is not in development: ABSENT (lines 2, 4), GONE (line 2)\n  try: halfkey list -e development\n",
  )
  assert.equal(statSync(out("missing"), { throwIfNoEntry: false }), undefined)
})

test("braces without a name are told by their lines, without what stands there", async () => {
  const { code, stdout, stderr } = await inject(["-i", "-"], "{{ KEY }}\n{{ .canary-4711 }}\n{{")
  assert.deepEqual([code, stdout], [2, ""])
  assert.equal(
    stderr,
    "halfkey: nothing was written: in stdin, lines 2, 3, {{ is not followed by the name of a secret and }}\n  try: {{ NAME }}, or {{{{ for two braces themselves\n",
  )
})

test("a file that inject did not write, or that was changed, stays", async () => {
  const refusal = (path: string) =>
    `halfkey: ${path} is there already, and is not what inject wrote there\n  try: another path, or --force to replace it\n`
  writeFileSync(out("foreign"), "mine", { mode: 0o644 })
  const write = (name: string, ...more: string[]) => inject(["-i", "-", "-o", out(name), ...more], "{{ KEY }}")
  const refused = await write("foreign")
  assert.deepEqual([refused.code, refused.stderr], [2, refusal(out("foreign"))])
  assert.equal(readFileSync(out("foreign"), "utf8"), "mine")
  assert.equal((await write("foreign", "--force")).code, 0)
  assert.equal(statSync(out("foreign")).mode & 0o777, 0o600)
  assert.equal((await write("foreign")).code, 0, "now it is our own")
  appendFileSync(out("foreign"), "changed")
  assert.equal((await write("foreign")).stderr, refusal(out("foreign")))
  symlinkSync(out("a.template"), out("link"))
  assert.equal((await write("link")).stderr, refusal(out("link")))
  mkdirSync(out("folder"))
  const folder = await write("folder", "--force")
  assert.deepEqual([folder.code, folder.stderr], [2, `halfkey: ${out("folder")} is no file\n`])
  const itself = await inject(["-i", out("a.template"), "-o", out("./a.template"), "--force"])
  assert.match(itself.stderr, /^halfkey: the template would be replaced by what comes of it\n/)
})

test("what cannot be read or written is told", async () => {
  const absent = await inject(["-i", out("no-template")])
  assert.deepEqual(
    [absent.code, absent.stderr],
    [
      2,
      `halfkey: the template ${out("no-template")} could not be read: no such file (ENOENT)\n  try: -i with the path of a template, or - for stdin\n`,
    ],
  )
  const nowhere = await inject(["-i", "-", "-o", out("nowhere/x")], "{{ KEY }}")
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.stderr, /^halfkey: .*nowhere\/x could not be written: ENOENT\n/)
  const none = await inject([])
  assert.deepEqual(
    [none.code, none.stderr],
    [2, "halfkey: required option '-i, --in-file <file>' not specified\n  try: halfkey inject --help\n"],
  )
})

test("a template without places is written as it is, and asks the server nothing", async () => {
  const { code, stdout, stderr } = await inject(["-i", "-", "--endpoint", "http://127.0.0.1:1"], "plain { }\n")
  assert.deepEqual([code, stdout], [0, "plain { }\n"])
  assert.equal(stderr, "halfkey: stdin has no {{ NAME }}: it is written as it is\n")
})
