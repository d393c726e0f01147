/** `halfkey run`: what keeps it from starting a program, and that nothing is started then. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { unwrap } from "halfkey/secrets"
import { Workplace } from "./workplace.ts"

let workplace: Workplace
before(async () => {
  workplace = await Workplace.open()
})
after(() => workplace.close())

/** Secrets that are there while `action` runs, in an environment where nothing else is. */
async function withSecrets(secrets: Record<string, string | Uint8Array>, action: () => Promise<void>): Promise<void> {
  const options = { environment: "staging" }
  unwrap(await workplace.secrets.setMany(secrets, options))
  try {
    await action()
  } finally {
    for (const name of Object.keys(secrets)) unwrap(await workplace.secrets.delete(name, options))
  }
}

const mark = () => join(workplace.cwd, "was-started")
/** A program that leaves a mark where it was started. */
const run = (...options: string[]) => ["run", "-e", "staging", ...options, "--", "touch", mark()]

/** What a machine remembers of secrets may grow when it reads them, whatever comes of it: so it reads them once before. */
async function remember(): Promise<void> {
  await workplace.run(["run", "-e", "staging", "--", "true"])
}

async function refused(stderr: string | RegExp, options: readonly string[] = []): Promise<void> {
  await remember()
  await workplace.refused(run(...options), { exit: 125, stderr, asksServer: true })
  assert.equal(existsSync(mark()), false, "nothing is started")
}

test("a value that is no UTF-8, and one with a NUL byte", async () => {
  const hint = (name: string) =>
    `  try: store it as text (base64, for instance), or leave it out (--except ${name}) and let the program read it: halfkey get ${name}\n`
  await withSecrets({ BINARY: new Uint8Array([0xff, 0xfe, 0x41]) }, () =>
    refused(`halfkey: a variable cannot hold the value of BINARY: it is no UTF-8 text\n${hint("BINARY")}`),
  )
  await withSecrets({ WITH_NUL: "before\0after" }, () =>
    refused(`halfkey: a variable cannot hold the value of WITH_NUL: it holds a NUL byte\n${hint("WITH_NUL")}`),
  )
})

test("the same values in formats that cannot hold them", async () => {
  await withSecrets({ BINARY: new Uint8Array([0xff, 0xfe, 0x41]), WITH_NUL: "a\0b" }, async () => {
    await remember()
    for (const [name, format, why] of [
      ["BINARY", "json", "its value is no UTF-8 text"],
      ["BINARY", "yaml", "its value is no UTF-8 text"],
      ["BINARY", "tsv", "its value is no UTF-8 text"],
      ["WITH_NUL", "env", "its value holds a NUL byte"],
    ] as const) {
      await workplace.refused(["get-many", name, "-e", "staging", "-o", format], {
        exit: 7,
        stderr: `halfkey: the format ${format} cannot hold ${name}: ${why}\n  try: halfkey get ${name}   (prints the exact bytes)\n`,
        asksServer: true,
      })
    }
  })
})

test("more than the system takes as variables", async () => {
  // As an argument or a variable, one text of 128 KiB is too much for Linux; a server may be told to take larger values.
  const secrets = Object.fromEntries(Array.from({ length: 110 }, (_, index) => [`LARGE_${index}`, "x".repeat(65_000)]))
  await withSecrets(secrets, () =>
    refused(
      /^halfkey: nothing was started: arguments and variables take \d+ bytes together, the system allows \d+; the largest is LARGE_\d+ with 65\d\d\d\n {2}try: let the program read large values itself: halfkey get LARGE_\d+\n$/,
    ),
  )
})

for (const [name, effect] of [
  ["LD_PRELOAD", "makes the dynamic linker load other libraries"],
  ["DYLD_INSERT_LIBRARIES", "makes the dynamic linker of macOS load other libraries"],
  ["PATH", "decides which programs are found"],
  ["NODE_OPTIONS", "makes Node or Bun load other code"],
  ["BASH_ENV", "makes shells run a file at start"],
] as const) {
  test(`a secret with the dangerous name ${name}`, () =>
    withSecrets({ [name]: "/evil" }, async () => {
      await refused(
        `halfkey: nothing was started: a secret's name changes how programs load (${name} ${effect})\n  try: if that is meant: --allow-name ${name}\n`,
      )
      const allowed = ["run", "-e", "staging", "--allow-name", name, "--", "/usr/bin/env"]
      const { status, stdout } = await workplace.run(allowed)
      assert.equal(status, 0)
      assert.match(stdout.toString(), new RegExp(`^${name}=/evil$`, "m"))
    }))
}

test("several dangerous names are told at once, and each needs its own word", () =>
  withSecrets({ LD_PRELOAD: "x", NODE_OPTIONS: "y" }, async () => {
    await refused(
      /\(LD_PRELOAD .*; NODE_OPTIONS .*\)\n {2}try: if that is meant: --allow-name LD_PRELOAD --allow-name NODE_OPTIONS\n$/,
    )
    await refused(/\(LD_PRELOAD [^;]*\)\n {2}try: if that is meant: --allow-name LD_PRELOAD\n$/, [
      "--allow-name",
      "NODE_OPTIONS",
    ])
  }))

test("programs that are not there, cannot be executed, or were not named", async () => {
  await remember()
  const asks = { asksServer: true } as const
  const start = ["run", "-e", "staging", "--"]
  await workplace.refused([...start, "no-such-program"], {
    exit: 127,
    stderr: 'halfkey: the program "no-such-program" was not found\n',
    ...asks,
  })
  for (const path of ["/etc/passwd", workplace.cwd]) {
    await workplace.refused([...start, path], {
      exit: 126,
      stderr: `halfkey: "${path}" cannot be executed: EACCES\n`,
      ...asks,
    })
  }
  const stderr = "halfkey: no program was named\n  try: halfkey run -e development -- <program>\n"
  await workplace.refused(["run", "-e", "staging"], { exit: 125, stderr })
  await workplace.refused(start, { exit: 125, stderr })
  await workplace.refused([...start, ""], { exit: 125, stderr })
  await workplace.refused(["run", "--bogus", "--", "true"], {
    exit: 125,
    stderr: "halfkey: unknown option '--bogus'\n  try: halfkey run --help\n",
  })
})
