/** kit verify and recover: every key of a workspace is lost, and its kit is typed in on a new machine. */
import assert from "node:assert/strict"
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const admin = new Installation()
let kit = ""
let endpoint = ""
before(async () => {
  const up = await admin.up()
  endpoint = up.endpoint
  kit = /hkrk_[\w-]+/.exec(up.stdout())?.[0] ?? ""
  await admin.ok(["set", "A", "-e", "production"], { stdin: "secret of production" })
  await admin.ok(["set", "A", "-e", "staging"], { stdin: "secret of staging" })
})
after(() => admin.dispose())

const otherKit = "hkrk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/** A machine on which nothing is configured. */
const machine = (name: string) => ({ HALFKEY_CONFIG_DIR: join(admin.directory, name) })

test("kit verify says whether a kit is whole and the right one, without a server", async () => {
  const { workspaceCRN = "" } = admin.profile()
  const verify = (stdin: string, ...more: string[]) =>
    admin.run(["kit", "verify", "--kit-file", "-", ...more], { stdin })
  const right = await verify(`  ${kit}\n`, "--endpoint", "http://127.0.0.1:1")
  assert.deepEqual(
    [right.code, right.stdout, right.stderr],
    [0, `the recovery kit is whole, and that of ${workspaceCRN}\n`, ""],
  )
  const mistyped = await verify(`${kit.slice(0, -4)}AAAA`)
  assert.equal(mistyped.code, 2)
  assert.match(mistyped.stderr, /^halfkey: the recovery kit is not usable: its checksum does not fit\n/)
  assert.ok(!mistyped.stderr.includes(kit.slice(5, 20)))
  assert.equal((await verify(otherKit)).code, 2)
  const other = await verify(kit, "--workspace", workspaceCRN.replace(/.{4}$/, "AAAA"))
  assert.equal(other.code, 2)
  assert.match(
    other.stderr,
    /^halfkey: the recovery kit is that of workspace [A-Z2-7]{26}\n {2}try: take the kit of crn:/,
  )
  const file = join(admin.directory, "kit.txt")
  writeFileSync(file, `${kit}\n`)
  await admin.ok(["kit", "verify", "--kit-file", file])
  const unknown = await admin.run(["kit", "verify", "--kit-file", file], { env: machine("nothing") })
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [2, "halfkey: no workspace is known to compare the kit with\n  try: --workspace crn:…   (or --profile NAME)\n"],
  )
  await admin.ok(["kit", "verify", "--kit-file", file, "--workspace", workspaceCRN], { env: machine("nothing") })
  const nobody = await admin.run(["kit", "verify"])
  assert.deepEqual([nobody.code, nobody.stderr], [2, "halfkey: no recovery kit was given\n  try: --kit-file FILE\n"])
})

test("recover refuses what is wrong before anybody loses anything", async () => {
  const args = ["recover", "--kit-file", "-", "--endpoint", endpoint]
  const env = machine("careful")
  const unsure = await admin.run(args, { env, stdin: kit })
  assert.deepEqual(
    [unsure.code, unsure.stderr],
    [2, "halfkey: nothing was recovered: nobody can be asked here\n  try: the same with -y\n"],
  )
  const mistyped = await admin.run([...args, "-y"], { env, stdin: `${kit}x` })
  assert.equal(mistyped.code, 2)
  const foreign = await admin.run([...args, "-y", "--workspace", "crn:local.self:AAAAAAAAAAAAAAAAAAAAAAAAAA"], {
    env,
    stdin: kit,
  })
  assert.equal(foreign.code, 2)
  assert.match(foreign.stderr, /the recovery kit is that of workspace/)
  const taken = await admin.run([...args, "-y", "--save-profile", "local"], { stdin: kit })
  assert.equal(taken.code, 5)
  const nowhere = await admin.run(["recover", "--kit-file", "-", "-y"], { env, stdin: kit })
  assert.deepEqual(
    [nowhere.code, nowhere.stderr],
    [2, "halfkey: no server was named\n  try: --endpoint https://halfkey.example.com\n"],
  )
  assert.equal(await admin.ok(["get", "A", "-e", "production"]), "secret of production")
  assert.ok(!existsSync(join(env.HALFKEY_CONFIG_DIR, "profiles", "recovered.json")))
})

test("with the kit alone, a new machine reads everything, and the old one nothing", async () => {
  const env = machine("new")
  const { clientId: old = "", workspaceCRN = "" } = admin.profile()
  const done = await admin.run(["recover", "--kit-file", "-", "--endpoint", endpoint, "-y", "--label", "rescuer"], {
    env,
    stdin: kit,
  })
  assert.equal(done.code, 0, done.stderr)
  assert.equal(done.stdout, "")
  const [heading, loses = "", sealed, comes = "", ...rest] = done.stderr.split("\n")
  assert.equal(heading, `halfkey: in ${workspaceCRN} these lose all access, as do every other client and API key`)
  assert.match(loses, new RegExp(`^ {2}admin on .* ${old} +granter, development, production, staging$`))
  assert.equal(sealed, "halfkey: every environment is sealed to")
  assert.match(comes, /^ {2}rescuer {2}[0-9a-f-]{36} {2}\(new\)$/)
  assert.deepEqual(rest, [
    `halfkey: recovered ${workspaceCRN}: you are its only admin, stored as profile recovered`,
    "halfkey: you can use development, production, staging",
    "halfkey: what is written from now on is sealed under keys that nobody else had; for what is there already",
    "  try: halfkey rotate --all",
    "",
  ])
  assert.ok(![done.stderr, done.stdout].some((text) => text.includes(kit.slice(5, 20))))
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
  await admin.ok(["set", "B", "-e", "production"], { env, stdin: "after" })
  await admin.ok(["clients", "create", "colleague", "-e", "production", "-q"], { env })
  await admin.ok(["doctor"], { env })
  await admin.ok(["rotate", "--all", "-y"], { env })
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  assert.equal((await admin.run(["get", "A", "-e", "production"])).code, 4)
})

test("repeated after it had stored its profile, it says that the profile works, and recovers nothing again", async () => {
  const env = machine("new")
  const again = ["recover", "--kit-file", "-", "--endpoint", endpoint, "-y"]
  const { workspaceCRN = "" } = admin.profile()
  const refusal = (use: string) => ({
    code: 5,
    signal: null,
    stdout: "",
    stderr:
      `halfkey: there is a profile recovered already, and it works: it is a granter of ${workspaceCRN}; nothing is left to recover\n` +
      `  try: ${use}\n  try: --save-profile NAME   (to recover once more, with another name)\n`,
  })
  assert.deepEqual(await admin.run(again, { env, stdin: kit }), refusal("halfkey whoami --profile recovered"))
  // As a kill leaves it between the profile and the default.
  writeFileSync(join(env.HALFKEY_CONFIG_DIR, "default-profile"), "other\n", { mode: 0o600 })
  assert.deepEqual(await admin.run(again, { env, stdin: kit }), refusal("halfkey config use recovered"))
  await admin.ok(["config", "use", "recovered"], { env })
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  // The one that was put out works no more.
  const out = await admin.run([...again, "--save-profile", "local"], { stdin: kit })
  assert.deepEqual(
    [out.code, out.stderr],
    [
      5,
      "halfkey: there is a profile local already\n  try: --save-profile NAME   (to recover once more, with another name)\n",
    ],
  )
})

test("on the machine that has lost nothing but its rights, the new profile becomes the default", async () => {
  const done = await admin.run(["recover", "--kit-file", "-", "-y", "-q"], { stdin: kit })
  assert.equal(done.code, 0, done.stderr)
  assert.equal(await admin.ok(["get", "B", "-e", "production"]), "after")
  assert.match(await admin.ok(["whoami"]), /^profile\trecovered\n/)
})

test("at a terminal the kit is asked for without an echo, and a no changes nothing", { skip: noTerminal }, async () => {
  const { HALFKEY_CONFIG_DIR } = machine("terminal")
  const terminal = new Terminal(["recover", "--endpoint", endpoint], admin.env({ HALFKEY_CONFIG_DIR }))
  await terminal.shows("Recovery kit: ")
  terminal.type(`${kit}\r`)
  await terminal.shows("[y/N] ")
  terminal.type("n\n")
  const { shown, code } = await terminal.end()
  assert.equal(code, 1)
  assert.match(shown, /halfkey: nothing was recovered\n$/)
  assert.ok(!shown.includes(kit.slice(5, 20)))
  assert.equal(await admin.ok(["get", "B", "-e", "production"]), "after")
})

test("what was disabled or destroyed stays so, and can be brought back by the new admin", async () => {
  await admin.ok(["environments", "disable", "production", "-y"])
  await admin.ok(["environments", "destroy", "staging", "-y"])
  const env = machine("third")
  const done = await admin.run(["recover", "--kit-file", "-", "--endpoint", endpoint, "-y"], { env, stdin: kit })
  assert.equal(done.code, 0, done.stderr)
  assert.match(
    done.stderr,
    /halfkey: you can use development\nhalfkey: production is disabled, as before\n {2}try: halfkey environments enable production\nhalfkey: staging is destroyed, as before\n {2}while there is time: halfkey environments undo-destroy staging\n/,
  )
  const rotated = await admin.run(["rotate", "--all"], { env })
  assert.equal(rotated.code, 4)
  assert.match(
    rotated.stderr,
    /\nhalfkey: not rotated, since it is disabled: production\n {2}try: halfkey environments enable production\n$/,
  )
  await admin.ok(["environments", "enable", "production"], { env })
  await admin.ok(["environments", "undo-destroy", "staging"], { env })
  await admin.ok(["rotate", "--all"], { env })
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
})
