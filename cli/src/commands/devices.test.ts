/** login, logout and devices, as a person and an admin use them on two machines against a real server (S9). */
import assert from "node:assert/strict"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { Installation, type Up } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const admin = new Installation()
const laptop = new Installation()
let up: Up
let crn = ""

before(async () => {
  up = await admin.up()
  crn = admin.profile()["workspaceCRN"] ?? ""
  await admin.ok(["set", "A", "-e", "production"], { stdin: "value" })
})
after(async () => {
  await admin.dispose()
  await laptop.dispose()
})

/** `halfkey login` that waits, once it shows its code. */
async function startLogin(args: readonly string[] = [], machine = laptop, where = [crn, "--endpoint", up.endpoint]) {
  const child = machine.spawn(["login", ...where, ...args])
  let stderr = ""
  const closed = once(child, "close") as Promise<[number | null]>
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text
      if (/halfkey login goes on\n/.test(stderr)) resolve()
    })
    closed.then(([code]) => reject(new Error(`login ended with ${code}: ${stderr}`)), reject)
  })
  const [, id = ""] = /^ {2}id +(\S+)$/m.exec(stderr) ?? []
  const [, code = ""] = /^ {2}code +(\S+)$/m.exec(stderr) ?? []
  return {
    id,
    code,
    stderr: () => stderr,
    interrupt: async () => {
      child.kill("SIGINT")
      await closed
    },
    end: async () => {
      const [exit] = await closed
      return { exit, stderr }
    },
  }
}

const lines = (text: string) => text.split("\n")
const profileNames = () => readdirSync(join(laptop.configDirectory, "profiles"))

describe("a person's device", () => {
  test("logs in: an admin types its code, and no variable is needed afterwards", async () => {
    const login = await startLogin(["--label", "Ada's laptop"])
    assert.deepEqual(lines(login.stderr()).slice(0, 5), [
      `halfkey: this device asks to be let into ${crn}`,
      "  label  Ada's laptop",
      `  id     ${login.id}`,
      `  code   ${login.code}`,
      `halfkey: tell an admin the code, who types: halfkey devices approve ${login.code} -e NAME`,
    ])
    const file = join(laptop.configDirectory, "logins", "127.0.0.1.json")
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const waiting = JSON.parse(await admin.ok(["devices", "list", "-o", "json"]))
    assert.deepEqual(
      waiting.map(({ since: _, ...row }: { since: string }) => row),
      [
        {
          label: "Ada's laptop",
          clientId: login.id,
          status: "pending",
          role: null,
          environments: [],
          address: "127.0.0.1",
        },
      ],
    )
    const approved = await admin.run(["devices", "approve", login.code, "-e", "production", "-e", "staging", "-y"])
    const own = admin.profile()["clientId"]
    assert.equal(approved.code, 0, approved.stderr)
    assert.deepEqual(
      lines(approved.stderr).map((line) =>
        line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME").replace(/admin on \S+/, "ADMIN"),
      ),
      [
        "halfkey: a device asks to be let in",
        "  label      Ada's laptop   (as its owner typed it)",
        `  id         ${login.id}`,
        "  asked      TIME, from 127.0.0.1",
        "  role       member",
        "  lets into  production, staging",
        `  code       ${login.code}`,
        "halfkey: the keys of production are sealed to",
        ...memberLines(String(own), login.id, approved.stderr),
        "halfkey: the keys of staging are sealed to",
        ...memberLines(String(own), login.id, approved.stderr),
        `halfkey: Ada's laptop (${login.id}) is let into production, staging`,
        "",
      ],
    )
    const { exit, stderr } = await login.end()
    assert.equal(exit, 0, stderr)
    assert.deepEqual(lines(stderr).slice(-3), [
      `halfkey: logged in to ${crn} as member, stored as profile 127.0.0.1`,
      "halfkey: you can use production, staging",
      "",
    ])
    assert.deepEqual(Object.keys(laptop.profile("127.0.0.1")), ["endpoint", "workspaceCRN", "clientId", "clientKey"])
    assert.equal(existsSync(file), false)
    assert.equal(await laptop.ok(["get", "A", "-e", "production"]), "value")
    await laptop.ok(["set", "B", "-e", "staging"], { stdin: "own" })
    assert.equal(await laptop.ok(["run", "-e", "staging", "--", "printenv", "B"]), "own\n")
    assert.equal(await laptop.ok(["run", "-e", "staging", "--", "printenv", "B"]), "own\n")
  })

  test("is understood by whoami, doctor, config explain and clients list", async () => {
    const { clientId = "", endpoint } = laptop.profile("127.0.0.1")
    assert.deepEqual(lines(await laptop.ok(["whoami"])), [
      "profile\t127.0.0.1",
      `endpoint\t${endpoint}`,
      `workspaceCRN\t${crn}`,
      `clientId\t${clientId}`,
      "label\tAda's laptop",
      "role\tmember",
      "granter\tfalse",
      "device\ttrue",
      "environments\tproduction,staging",
      "",
    ])
    assert.equal(JSON.parse(await laptop.ok(["whoami", "-o", "json"])).apiKeyId, null)
    const doctor = await laptop.run(["doctor"])
    assert.equal(doctor.code, 0, doctor.stdout)
    assert.match(doctor.stdout, /^ok {4}settings: device key of profile 127\.0\.0\.1$/m)
    assert.match(doctor.stdout, new RegExp(`^ok {4}credentials: role member, device ${clientId}$`, "m"))
    const explained = await laptop.ok(["config", "explain"])
    assert.match(explained, /^apiKey\t\(none: this is a device\)\tprofile\tprofile 127\.0\.0\.1$/m)
    const clients = JSON.parse(await admin.ok(["clients", "list", "-o", "json"]))
    const roles = clients.map(({ clientId: id, device }: { clientId: string; device: string | null }) => [id, device])
    assert.deepEqual(roles, [
      [admin.profile()["clientId"], null],
      [clientId, "member"],
    ])
    const variables = {
      CS_WORKSPACE_CRN: crn,
      CS_CLIENT_ID: clientId,
      CS_CLIENT_KEY: laptop.profile("127.0.0.1")["clientKey"],
    }
    const forgotten = await laptop.run(["list", "-e", "staging"], { env: variables })
    assert.deepEqual(
      [forgotten.code, lines(forgotten.stderr)[0]],
      [2, "halfkey: CS_CLIENT_ACCESS_KEY is not set, though CS_CLIENT_ID is"],
    )
  })

  test("does not log in twice, and a taken name is not overwritten", async () => {
    const again = await laptop.run(["login", crn, "--endpoint", up.endpoint])
    assert.equal(again.code, 5)
    assert.match(
      again.stderr,
      /^halfkey: this device is logged in to that workspace already, as profile 127\.0\.0\.1\n/,
    )
    const taken = await admin.run(["login", crn, "--endpoint", up.endpoint, "--profile", "local"])
    assert.deepEqual(
      [taken.code, taken.stderr],
      [5, "halfkey: there is a profile local already\n  try: --profile NAME, with another name\n"],
    )
  })

  test("logs out: it is revoked, and its key is gone from the disk", async () => {
    const { clientId = "", clientKey = "" } = laptop.profile("127.0.0.1")
    const asked = await laptop.run(["logout"])
    assert.deepEqual(
      [asked.code, asked.stderr],
      [2, "halfkey: profile 127.0.0.1 is still logged in: nobody can be asked here\n  try: the same with -y\n"],
    )
    // As a crash leaves it, between the profile and the end of the login.
    const leftover = { ...laptop.profile("127.0.0.1"), nonce: "", label: "" }
    writeFileSync(join(laptop.configDirectory, "logins", "127.0.0.1.json"), JSON.stringify(leftover), { mode: 0o600 })
    await laptop.ok(["export", "-e", "staging", "--max-stale", "1h"])
    const cached = () => readdirSync(join(laptop.configDirectory, "cache")).filter((file) => file.includes(clientId))
    assert.equal(cached().length, 1)
    const done = await laptop.run(["logout", "-y"])
    assert.deepEqual(cached(), [])
    assert.deepEqual(
      [done.code, done.stderr],
      [
        0,
        `halfkey: logged out: the key of profile 127.0.0.1, its token and what it remembered are deleted\nhalfkey: the server revoked it; an admin signs its environments again by: halfkey devices revoke ${clientId}\n`,
      ],
    )
    assert.deepEqual(profileNames(), [])
    for (const path of readdirSync(laptop.configDirectory, { recursive: true, encoding: "utf8" })) {
      const whole = join(laptop.configDirectory, path)
      if (statSync(whole).isFile()) assert.ok(!readFileSync(whole, "utf8").includes(clientKey), path)
    }
    assert.equal((await laptop.run(["get", "A", "-e", "production"])).code, 2)
    const listed = JSON.parse(await admin.ok(["devices", "list", "--all", "-o", "json"]))
    assert.deepEqual(
      listed.map(({ clientId: id, status }: { clientId: string; status: string }) => [id, status]),
      [[clientId, "revoked"]],
    )
    const revoked = await admin.run(["devices", "revoke", clientId, "-y"])
    assert.match(revoked.stderr, /has no access any more; signed again without it: production, staging\n/)
    assert.ok(!(await admin.ok(["grants", "list"])).includes(clientId))
  })

  test("goes on after Ctrl-C with the same code, and with another one when it is called otherwise", async () => {
    const first = await startLogin()
    await first.interrupt()
    const second = await startLogin()
    assert.deepEqual([second.id, second.code], [first.id, first.code])
    await second.interrupt()
    // As the note says it, without anything; and by the workspace alone.
    for (const where of [[], [crn]]) {
      const bare = await startLogin([], laptop, where)
      assert.deepEqual([bare.id, bare.code], [first.id, first.code])
      await bare.interrupt()
    }
    const unnamed = await laptop.run(["logout", "-y"])
    assert.equal(
      unnamed.stderr,
      "halfkey: no profile is chosen\n  try: halfkey logout --profile 127.0.0.1   (gives up a login that waits)\n",
    )
    const third = await startLogin(["--label", "other"])
    assert.notEqual(third.id, first.id)
    await third.interrupt()
    // Approved while nobody waits.
    await admin.ok(["devices", "approve", third.id, "--code", third.code, "-e", "staging", "--mode", "read"])
    const env = { CS_CLIENT_ID: first.id, CS_CLIENT_KEY: "hkck_of_a_service" }
    const last = await laptop.run(["login", crn, "--endpoint", up.endpoint, "--label", "other"], { env })
    assert.equal(last.code, 0, last.stderr)
    assert.deepEqual(lines(last.stderr), [
      `halfkey: logged in to ${crn} as member, stored as profile 127.0.0.1`,
      "halfkey: you can use staging:read",
      "halfkey: CS_CLIENT_ID, CS_CLIENT_KEY of this shell come before the profile",
      "  try: unset CS_CLIENT_ID CS_CLIENT_KEY   (or --profile 127.0.0.1)",
      "",
    ])
    await laptop.ok(["logout", "-y"])
    await admin.ok(["devices", "revoke", first.id, "-y"])
  })

  test("that is rejected is told so, and makes another key the next time", async () => {
    const login = await startLogin()
    const rejected = await admin.run(["devices", "revoke", login.id, "-y"])
    assert.equal(rejected.stderr, `halfkey: ${login.id} is rejected; it had no access\n`)
    const { exit, stderr } = await login.end()
    assert.equal(exit, 4)
    assert.equal(
      lines(stderr).slice(-4).join("\n"),
      `halfkey: the key that this device had made for it is deleted\nhalfkey: the device ${login.id} was rejected by an admin\n  try: halfkey login, for another try\n`,
    )
    const late = await admin.run(["devices", "approve", login.id, "--code", login.code, "-e", "staging"])
    assert.deepEqual([late.code, lines(late.stderr)[0]], [3, `halfkey: the device ${login.id} was rejected`])
    const again = await startLogin(["--profile", "work"])
    assert.notEqual(again.id, login.id)
    await again.interrupt()
    const givenUp = await laptop.run(["logout", "--profile", "work"])
    assert.deepEqual(
      [givenUp.code, givenUp.stderr],
      [0, "halfkey: the login work is given up, and its key deleted; it had no access yet\n"],
    )
    assert.ok(!readdirSync(join(laptop.configDirectory, "logins")).includes("work.json"))
    assert.equal((await laptop.run(["logout", "--profile", "work", "-y"])).code, 2)
    await admin.ok(["devices", "revoke", again.id, "-y"])
  })
})

describe("devices approve", () => {
  const signedNothing = async (id: string) => {
    assert.ok(!(await admin.ok(["grants", "list"])).includes(id))
    const [device] = JSON.parse(await admin.ok(["devices", "list", "-o", "json"]))
    assert.deepEqual([device.clientId, device.status], [id, "pending"])
  }

  test("signs nothing for a wrong code, nor where nobody can compare: -y does not stand for it", async () => {
    const login = await startLogin()
    const approve = ["devices", "approve"]
    for (const args of [[], [login.id], ["-y"], [login.id, "-y"], ["-y", "--no-input"]]) {
      const refused = await admin.run([...approve, ...args, "-e", "staging"])
      assert.deepEqual(
        [refused.code, refused.stderr],
        [
          2,
          "halfkey: nothing was approved: nobody can compare the code here\n  try: --code XXXXX-XXXXX, as the device shows it\n",
        ],
      )
    }
    const wrong = login.code.startsWith("0") ? `1${login.code.slice(1)}` : `0${login.code.slice(1)}`
    for (const args of [[wrong], [login.id, "--code", wrong], [wrong, "-y"]]) {
      const refused = await admin.run([...approve, ...args, "-e", "staging"])
      assert.equal(refused.code, 7)
      assert.match(
        refused.stderr,
        /^halfkey: check "code" failed: .* the code that was typed\n {2}try: look at the device/,
      )
    }
    const typo = await admin.run([...approve, "7K2QX", "-e", "staging"])
    assert.deepEqual([typo.code, lines(typo.stderr)[0]?.slice(0, 30)], [2, "halfkey: not a code, and not a"])
    assert.equal((await admin.run([...approve, login.code])).code, 2)
    await signedNothing(login.id)
    await login.interrupt()
  })

  test("at a terminal asks with the code in the question", { skip: noTerminal }, async () => {
    const login = await startLogin()
    const question = `Does the device show ${login.code}? [y/N] `
    const no = new Terminal(["devices", "approve", "-e", "staging", "-y"], admin.env())
    await no.shows(question)
    no.type("n\r")
    const refused = await no.end()
    assert.equal(refused.code, 1)
    assert.match(refused.shown, /halfkey: nothing was approved\n$/)
    await signedNothing(login.id)
    const yes = new Terminal(["devices", "approve", login.id, "-e", "staging", "--role", "admin"], admin.env())
    await yes.shows(question)
    yes.type("y\r")
    assert.equal((await yes.end()).code, 0)
    const { exit, stderr } = await login.end()
    assert.equal(exit, 0, stderr)
    assert.match(stderr, /as admin, stored as profile/)
    assert.match(await laptop.ok(["clients", "list"]), new RegExp(login.id))
  })

  test("a device of an admin may sign once it is a granter, and must not leave while it is", async () => {
    const { clientId = "" } = laptop.profile("127.0.0.1")
    const environments = ["-e", "staging"]
    const other = new Installation()
    const waiting = await startLogin([], other)
    const early = await laptop.run(["devices", "approve", waiting.code, ...environments])
    assert.deepEqual(
      [early.code, lines(early.stderr).some((line) => /may not sign/.test(line))],
      [4, true],
      early.stderr,
    )
    await admin.ok(["granters", "add", clientId, "-y"])
    await laptop.ok(["devices", "approve", waiting.code, ...environments])
    assert.equal((await waiting.end()).exit, 0)
    assert.equal(await other.ok(["get", "B", ...environments]), "own")
    const leaving = await laptop.run(["logout", "-y"])
    assert.equal(leaving.code, 2)
    assert.match(leaving.stderr, /is a granter: it signs who is a member\n {2}try: .*halfkey granters remove/)
    assert.ok(existsSync(join(laptop.configDirectory, "profiles", "127.0.0.1.json")))
    await admin.ok(["granters", "remove", clientId, "-y"])
    await other.dispose()
  })

  test("a lost laptop is out within a command, with new keys; logout can be without the server", async () => {
    const { clientId = "" } = laptop.profile("127.0.0.1")
    const revoked = await admin.run(["devices", "revoke", clientId, "--rotate", "-y"])
    assert.equal(revoked.code, 0, revoked.stderr)
    assert.match(revoked.stderr, /new keys, and nothing left under the old ones: staging\n/)
    const refused = await laptop.run(["get", "B", "-e", "staging"])
    assert.deepEqual([refused.code, lines(refused.stderr)[0]], [4, `halfkey: the client ${clientId} is revoked`])
    const local = await laptop.run(["logout", "--local", "-y"])
    assert.equal(local.code, 0)
    assert.match(
      local.stderr,
      /the server was not told and still knows this device, so whoever copied the key can use it\n {2}try: ask an admin to type: halfkey devices revoke /,
    )
    const again = await admin.run(["devices", "approve", clientId, "--code", "00000-00000", "-e", "staging"])
    assert.deepEqual([again.code, /was revoked at/.test(again.stderr)], [4, true])
  })
})

test("logout and devices revoke say where no member is left", async () => {
  const { clientId: own = "" } = admin.profile()
  const machine = new Installation()
  const login = await startLogin([], machine)
  await admin.ok(["devices", "approve", login.id, "--code", login.code, "-e", "staging"])
  assert.equal((await login.end()).exit, 0)
  await admin.ok(["environments", "create", "solo"])
  await admin.ok(["grants", "add", login.id, "-e", "solo"])
  await admin.ok(["grants", "revoke", own, "-e", "solo", "-y"])
  const warning = `halfkey: no member is left in solo: only the recovery kit opens what is there
  try: halfkey recover --help   (it puts every client out), or give it up: halfkey environments destroy solo
`
  const left = await machine.run(["logout", "-y"])
  assert.deepEqual([left.code, left.stderr.endsWith(warning)], [0, true], left.stderr)
  const signed = await admin.run(["devices", "revoke", login.id, "-y"])
  assert.deepEqual([signed.code, signed.stderr.endsWith(warning)], [0, true], signed.stderr)
  await admin.ok(["environments", "destroy", "solo", "-y"])
  await machine.dispose()
})

test("login says what is missing, and trusts no committed file with the choice of the server", async () => {
  const none = await laptop.run(["login"])
  assert.deepEqual([none.code, lines(none.stderr)[0]], [2, "halfkey: no workspace was named"])
  const elsewhere = `crn:eu-1.acme:${crn.slice(-26)}`
  const unknown = await laptop.run(["login", elsewhere])
  assert.deepEqual([unknown.code, lines(unknown.stderr)[0]], [2, "halfkey: no server was named"])
  const wrong = await laptop.run(["login", elsewhere, "--endpoint", up.endpoint])
  assert.deepEqual([wrong.code, lines(wrong.stderr)[0]], [4, "halfkey: this server has no such workspace"])
  const notDevice = await admin.run(["logout", "-y"])
  assert.deepEqual([notDevice.code, /is no device's: halfkey login did not make it/.test(notDevice.stderr)], [2, true])
})

/** The table of members before a seal: the admin, and the device as the new one; in order of their ids. */
function memberLines(own: string, device: string, shown: string): string[] {
  const label = /^ {2}(admin on \S+) +/m.exec(shown)?.[1] ?? ""
  const width = Math.max(label.length, "Ada's laptop".length)
  const row = (name: string, id: string, more: string) => `  ${name.padEnd(width)}  ${id}  read-write${more}`
  return [row(label, own, "").replace(label, "ADMIN"), row("Ada's laptop", device, "  (new)")]
}
