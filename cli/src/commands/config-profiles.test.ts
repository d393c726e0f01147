/** `config profiles` and `config use`: offline, in every format. */
import assert from "node:assert/strict"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { Profiles } from "../settings/profiles.ts"
import { Installation } from "../testing/installation.ts"

const halfkey = new Installation()
after(() => halfkey.dispose())

const crn = (letter: string) => `crn:local.self:${letter.repeat(26)}`
const id = (digit: string) => `6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a1${digit}`
const secret = "canary-of-a-key"
const profile = (letter: string, digit: string) => ({
  endpoint: `https://${letter.toLowerCase()}.example`,
  workspaceCRN: crn(letter),
  clientId: id(digit),
  clientKey: secret,
})

test("without a profile, the list is empty and says what to type", async () => {
  assert.deepEqual(await halfkey.run(["config", "profiles"]), {
    code: 0,
    signal: null,
    stdout: "",
    stderr: "halfkey: there is no profile yet\n  try: halfkey up, or halfkey login\n",
  })
  assert.deepEqual(await halfkey.run(["config", "use", "work"]), {
    code: 2,
    signal: null,
    stdout: "",
    stderr: "halfkey: there is no profile work on this machine\n  try: there is no profile yet: halfkey up\n",
  })
})

test("lists what there is, which one holds here and which one by default; no key", async () => {
  const profiles = new Profiles(halfkey.configDirectory)
  profiles.save("home", profile("A", "0"))
  profiles.save("work", { ...profile("B", "1"), apiKey: secret })
  profiles.save("open", profile("C", "2"))
  chmodSync(profiles.pathOf("open"), 0o644)
  const row = (...cells: string[]) => `${cells.join("\t")}\n`
  const home = ["device", "https://a.example", crn("A"), id("0")]
  const work = ["client", "https://b.example", crn("B"), id("1")]
  const open = row("open", "", "not usable", "", "", "")
  const stderr = "halfkey: a profile is not usable\n  try: halfkey doctor\n"
  const expected = { code: 0, signal: null, stderr }
  assert.deepEqual(await halfkey.run(["config", "profiles"]), {
    ...expected,
    stdout: row("home", "here,default", ...home) + open + row("work", "", ...work),
  })
  const byName = { ...expected, stdout: row("home", "default", ...home) + open + row("work", "here", ...work) }
  assert.deepEqual(await halfkey.run(["config", "profiles", "--profile", "work"]), byName)
  assert.deepEqual(await halfkey.run(["config", "profiles"], { env: { HALFKEY_PROFILE: "work" } }), byName)
  const repository = join(halfkey.directory, "repository")
  mkdirSync(repository)
  writeFileSync(join(repository, "halfkey.json"), JSON.stringify({ workspaceCRN: crn("B") }))
  assert.deepEqual(await halfkey.run(["config", "profiles"], { cwd: repository }), byName)
  const { stdout } = await halfkey.run(["config", "profiles", "-o", "json"])
  assert.deepEqual(JSON.parse(stdout)[2], {
    name: "work",
    uses: [],
    kind: "client",
    endpoint: "https://b.example",
    workspaceCRN: crn("B"),
    clientId: id("1"),
  })
  assert.ok(!stdout.includes(secret))
})

test("use makes a profile the default, and says what comes before it", async () => {
  const done = `halfkey: work is the default profile from now on: ${crn("B")} at https://b.example\n`
  const outcome = { code: 0, signal: null, stdout: "" }
  assert.deepEqual(await halfkey.run(["config", "use", "work"]), { ...outcome, stderr: done })
  assert.match(await halfkey.ok(["config", "explain"]), /^profile\twork\tdefault\tdefault-profile$/m)
  assert.deepEqual(await halfkey.run(["config", "use", "work"], { env: { HALFKEY_PROFILE: "home" } }), {
    ...outcome,
    stderr: `${done}halfkey: here, home comes before it: HALFKEY_PROFILE says so\n`,
  })
  assert.deepEqual(await halfkey.run(["config", "use", "wrk"]), {
    code: 2,
    signal: null,
    stdout: "",
    stderr: "halfkey: there is no profile wrk on this machine\n  try: --profile work (did you mean work?)\n",
  })
  // A default that cannot be used would make every command fail.
  assert.equal((await halfkey.run(["config", "use", "open"])).code, 2)
  assert.match(await halfkey.ok(["config", "explain"]), /^profile\twork\t/m)
})
