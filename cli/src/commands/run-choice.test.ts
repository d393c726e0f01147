/** Which secrets `halfkey run` gives to the program, of which environments, and under which names. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the texts that are expanded
import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
const printed = ["--", process.execPath, "-p", "JSON.stringify(process.env)"]
const own = new Set([
  "HOME",
  "PATH",
  "HALFKEY_CONFIG_DIR",
  "HALFKEY_DATA_DIR",
  "HALFKEY_PORT",
  "XDG_CACHE_HOME",
  "PWD",
  "SHLVL",
  "_",
  "OLDPWD",
])

async function variables(...args: string[]): Promise<Record<string, string>> {
  const all: Record<string, string> = JSON.parse(await halfkey.ok(["run", ...args, ...printed]))
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => !own.has(name))
      .sort(),
  )
}

async function refusal(...args: string[]): Promise<string> {
  const touch = ["--", "touch", join(halfkey.directory, "started")]
  const { code, stdout, stderr } = await halfkey.run(["run", ...args, ...touch])
  assert.deepEqual([code, stdout], [125, ""])
  return stderr
}

before(async () => {
  await halfkey.up()
  await halfkey.ok(["environments", "create", "base", "-q"])
  for (const [environment, name, value] of [
    ["base", "URL", "pg://${USER_NAME}@h$x"],
    ["base", "USER_NAME", "of base"],
    ["base", "pay/key", "no variable"],
    ["staging", "USER_NAME", "of staging"],
    ["staging", "LEVEL", "$HOME"],
    ["staging", "BROKEN", "canary-${"],
  ] as const) {
    await halfkey.ok(["set", name, "-e", environment, "-q"], { stdin: value })
  }
})
after(() => halfkey.dispose())

test("later environments win, and only a dollar stands for itself", async () => {
  const first = { BROKEN: "canary-${", LEVEL: "$HOME", URL: "pg://${USER_NAME}@h$x", USER_NAME: "of base" }
  assert.deepEqual(await variables("-q", "-e", "staging", "-e", "base"), first)
  assert.deepEqual(await variables("-q", "-e", "base,staging"), { ...first, USER_NAME: "of staging" })
})

test("names and patterns choose, and of one environment only what is named is read", async () => {
  assert.deepEqual(await variables("-e", "staging", "--only", "LEVEL"), { LEVEL: "$HOME" })
  const chosen = await variables("-e", "base", "-e", "staging", "--only", "U*,LEVEL", "--except", "USER_*")
  assert.deepEqual(chosen, { LEVEL: "$HOME", URL: "pg://${USER_NAME}@h$x" })
  const log = ["audit", "list", "--name", "BROKEN", "--action", "secret.read", "--limit", "0", "-o", "json"]
  const reads = async () => JSON.parse(await halfkey.ok(log)).length
  const before = await reads()
  await variables("-e", "staging", "--only", "LEVEL")
  assert.equal(await reads(), before)
  await variables("-e", "staging", "--only", "LEV*")
  assert.equal(await reads(), before + 1)
})

test("each environment is one request", async () => {
  const log = ["audit", "list", "--action", "secret.read", "--limit", "0", "-o", "json"]
  const requests = async () => {
    const entries: { requestId: string }[] = JSON.parse(await halfkey.ok(log))
    return new Set(entries.map(({ requestId }) => requestId)).size
  }
  const before = await requests()
  await variables("-q", "-e", "base", "-e", "staging")
  assert.equal(await requests(), before + 2)
})

test("what is wanted and not there is refused, what is excepted and not there is told", async () => {
  assert.equal(
    await refusal("-e", "base", "-e", "staging", "--only", "LEVEL,ABSENT,X*"),
    "halfkey: nothing was started: not in base, staging: ABSENT, X*\n  try: halfkey list -e base\n",
  )
  assert.match(await refusal("-e", "staging", "--only", "ABSENT"), /^halfkey: .*ABSENT/)
  const { code, stderr } = await halfkey.run(["run", "-e", "staging", "--except", "ABSENT", "--", "true"])
  assert.deepEqual([code, stderr], [0, "halfkey: --except leaves nothing out, since no secret has the name: ABSENT\n"])
})

test("empty lists and empty environments of a script are refused, and mean neither all nor another one", async () => {
  assert.match(await refusal("-e", "staging", "--only", ""), /^halfkey: --only takes names of secrets/)
  assert.match(await refusal("-e", "staging", "--except", "A,,B"), /^halfkey: --except takes names of secrets/)
  assert.match(await refusal("-e", "staging", "-e", ""), /^halfkey: -e names no environment\n/)
  assert.match(await refusal("-e", "base", "-e", "stagin"), /there is no environment stagin\b/)
  assert.match(await refusal("-e", "base", "--prefix", "1="), /^halfkey: no variable can begin with that --prefix\n/)
})

test("a prefix begins every name, and the whole name counts", async () => {
  assert.deepEqual(await variables("-e", "staging", "--except", "BROKEN", "--prefix", "TF_VAR_"), {
    TF_VAR_LEVEL: "$HOME",
    TF_VAR_USER_NAME: "of staging",
  })
  assert.match(await refusal("-e", "staging", "--prefix", "LD_"), /--allow-name LD_/)
})

test("values of other secrets come in by --expand alone, and what cannot be expanded is not shown", async () => {
  const expanded = await variables("-q", "-e", "base", "-e", "staging", "--except", "BROKEN", "--expand")
  assert.deepEqual(expanded, { LEVEL: "$HOME", URL: "pg://of staging@h$x", USER_NAME: "of staging" })
  assert.deepEqual(await variables("-e", "base", "--only", "URL", "--expand"), { URL: "pg://of base@h$x" })
  const told = await refusal("-e", "staging", "--expand")
  assert.equal(
    told,
    "halfkey: nothing was started: the value of BROKEN cannot be expanded: it holds ${ without the name of a secret and }\n  try: $${ for the characters themselves, or the same without --expand\n",
  )
})
