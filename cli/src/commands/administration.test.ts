/** environments, clients, keys, whoami and doctor: two machines and one server. */
import assert from "node:assert/strict"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
before(() => admin.up())
after(() => admin.dispose())

interface Listed {
  readonly [name: string]: unknown
}
const json = async (...args: string[]): Promise<Listed[]> => JSON.parse(await admin.ok([...args, "-o", "json"]))

/** Variables of a new client, as another machine would have them. */
async function newClient(...args: string[]): Promise<Record<string, string>> {
  const variables = JSON.parse(await admin.ok(["clients", "create", ...args, "-q"]))
  return {
    ...variables,
    CS_ENDPOINT: admin.profile()["endpoint"],
    HALFKEY_CONFIG_DIR: join(admin.directory, "other-machine"),
  }
}

test("a client gets into the environments it was let into, and into no others", async () => {
  await admin.ok(["set", "A", "-e", "production"], { stdin: "secret of production" })
  await admin.ok(["set", "A", "-e", "staging"], { stdin: "secret of staging" })
  const created = await admin.run(["clients", "create", "api server", "-e", "staging"])
  assert.equal(created.code, 0)
  const { clientId: own = "" } = admin.profile()
  const credentials = JSON.parse(created.stdout)
  assert.deepEqual(Object.keys(credentials), [
    "CS_WORKSPACE_CRN",
    "CS_CLIENT_ID",
    "CS_CLIENT_KEY",
    "CS_CLIENT_ACCESS_KEY",
  ])
  const [heading, ...members] = created.stderr.split("\n")
  assert.equal(heading, "halfkey: the keys of staging are sealed to")
  assert.match(members[0] ?? "", new RegExp(`^ {2}admin on .* {2}${own} {2}read-write$`))
  assert.equal(members[1]?.replace(/ +/g, " "), ` api server ${credentials.CS_CLIENT_ID} read-write (new)`)
  const env = {
    ...credentials,
    CS_ENDPOINT: admin.profile()["endpoint"],
    HALFKEY_CONFIG_DIR: join(admin.directory, "api"),
  }
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
  const refused = await admin.run(["get", "A", "-e", "production"], { env })
  assert.equal(refused.code, 3)
  assert.match(
    refused.stderr,
    /^halfkey: there is no environment production, or no grant for it\n.*available: staging\n$/s,
  )
})

test("-o env prints lines that a shell takes", async () => {
  const lines = await admin.ok(["clients", "create", "shell", "-e", "development", "-o", "env", "-q"])
  assert.match(
    lines,
    /^CS_WORKSPACE_CRN=crn:local\.self:[A-Z2-7]{26}\nCS_CLIENT_ID=[0-9a-f-]{36}\nCS_CLIENT_KEY=hkck_[\w-]{48}\nCS_CLIENT_ACCESS_KEY=hkak_[a-z2-7]{16}_[\w-]{48}\n$/,
  )
})

test("--mode read may read and not write", async () => {
  const env = await newClient("reader", "-e", "staging", "--mode", "read")
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
  assert.equal((await admin.run(["set", "B", "-e", "staging"], { env, stdin: "x" })).code, 4)
})

test("--save-profile stores the client instead of printing it", async () => {
  const args = ["clients", "create", "laptop", "-e", "development", "--save-profile", "laptop"]
  const { stdout, stderr, code } = await admin.run(args)
  assert.deepEqual([code, stdout], [0, ""])
  assert.match(stderr, /client laptop \(\S+\) is stored as profile laptop: use --profile laptop\n$/)
  assert.match(await admin.ok(["whoami", "--profile", "laptop"]), /^profile\tlaptop\n.*role\tmember\ngranter\tfalse\n/s)
  const again = await admin.run(args)
  assert.deepEqual(
    [again.code, again.stderr],
    [5, "halfkey: there is a profile laptop already\n  try: choose another name\n"],
  )
})

test("grant lets in, revoke puts out at once, and the client shows in the lists", async () => {
  const env = await newClient("worker", "-e", "staging")
  const id = env["CS_CLIENT_ID"] ?? ""
  const granted = await admin.run(["clients", "grant", id.toUpperCase(), "-e", "production", "--mode", "read"])
  assert.equal(granted.code, 0, granted.stderr)
  assert.match(
    granted.stderr,
    new RegExp(
      `the keys of production are sealed to\n.*\n.*${id} +read +\\(new\\)\nhalfkey: ${id} may now use production \\(read\\)\n$`,
    ),
  )
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { env }), "secret of production")
  const listed = (await json("clients", "list")).find(({ clientId }) => clientId === id)
  assert.deepEqual(listed?.["environments"], ["production:read", "staging"])

  const unsure = await admin.run(["clients", "revoke", id])
  assert.deepEqual(
    [unsure.code, unsure.stderr],
    [2, `halfkey: ${id} was not revoked: nobody can be asked here\n  try: the same with -y\n`],
  )
  const revoked = await admin.run(["clients", "revoke", id, "-y"])
  assert.equal(revoked.code, 0)
  assert.match(revoked.stderr, /has no access any more; signed again without it: production, staging\n/)
  const refused = await admin.run(["get", "A", "-e", "production"], { env })
  assert.equal(refused.code, 4)
  assert.ok(!(await json("clients", "list")).some(({ clientId }) => clientId === id))
  assert.ok(
    (await json("clients", "list", "--all")).some(({ clientId, revokedAt }) => clientId === id && revokedAt !== null),
  )
  assert.equal((await admin.run(["clients", "revoke", id, "-y"])).code, 0)
})

test("ids are typed in full", async () => {
  for (const id of ["6b0c0a52", "6b0c0a52-77d5-4f0e-9c2e-2d1f5c3b9a10", ""]) {
    const { code, stderr } = await admin.run(["clients", "grant", id, "-e", "production"])
    assert.equal(code, 2)
    assert.match(stderr, /^halfkey: not a client id: /)
  }
  const unknown = await admin.run(["clients", "grant", "6b0c0a52-77d5-8f0e-9c2e-2d1f5c3b9a10", "-e", "production"])
  assert.equal(unknown.code, 3)
})

test("a member may not administer", async () => {
  const env = await newClient("curious", "-e", "staging")
  for (const args of [
    ["clients", "list"],
    ["clients", "create", "x", "-e", "staging"],
    ["keys", "list"],
    ["environments", "create", "mine"],
  ]) {
    const { code, stdout } = await admin.run(args, { env })
    assert.deepEqual([code, stdout], [4, ""], args.join(" "))
  }
})

test("API keys: created narrowed, listed, revoked", async () => {
  const created = JSON.parse(
    await admin.ok([
      "keys",
      "create",
      "report",
      "-e",
      "staging",
      "--read-only",
      "--network",
      "127.0.0.0/8",
      "--expires",
      "30d",
      "-q",
    ]),
  )
  const listed = (await json("keys", "list")).find(({ id }) => id === created.id)
  assert.deepEqual(
    [listed?.["role"], listed?.["readOnly"], listed?.["environments"], listed?.["networks"], listed?.["expiresAt"]],
    ["member", true, ["staging"], ["127.0.0.0/8"], created.expiresAt],
  )
  const env = {
    ...admin.variables(),
    CS_CLIENT_ACCESS_KEY: created.CS_CLIENT_ACCESS_KEY,
    HALFKEY_CONFIG_DIR: join(admin.directory, "report"),
  }
  assert.equal(await admin.ok(["get", "A", "-e", "staging"], { env }), "secret of staging")
  for (const args of [
    ["get", "A", "-e", "production"],
    ["set", "B", "-e", "staging"],
  ]) {
    assert.equal((await admin.run(args, { env, stdin: "x" })).code, 4, args.join(" "))
  }
  await admin.ok(["keys", "revoke", created.id, "-y"])
  assert.equal((await admin.run(["get", "A", "-e", "staging"], { env })).code, 4)
  assert.ok(!(await json("keys", "list")).some(({ id }) => id === created.id))
})

test("a control key without a client administers, and opens nothing", async () => {
  const lines = await admin.ok(["keys", "create", "terraform", "--role", "control", "--no-client", "-o", "env", "-q"])
  const { CS_WORKSPACE_CRN, CS_ENDPOINT } = admin.variables()
  const env = {
    CS_WORKSPACE_CRN,
    CS_ENDPOINT,
    CS_CLIENT_ACCESS_KEY: lines.trim().split("=")[1],
    HALFKEY_CONFIG_DIR: join(admin.directory, "control"),
  }
  assert.match(await admin.ok(["environments", "list"], { env }), /production\t-\t/)
  const refused = await admin.run(["get", "A", "-e", "staging"], { env })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /^halfkey: CS_CLIENT_ID, CS_CLIENT_KEY are not set\n/)
})

test("wrong use of keys is told before any request", async () => {
  for (const [args, reason] of [
    [["keys", "create", "x", "--no-client"], /--no-client needs --role control/],
    [["keys", "create", "x", "--expires", "soon"], /--expires cannot be "soon"/],
    [["keys", "create", "x", "--expires", "2001-01-01"], /--expires is in the past/],
    [["keys", "create", " x"], /not a label/],
    [["keys", "revoke", "hkak_3k5v6w2o4ab7cdqz_AAAA", "-y"], /that is a whole API key/],
    [["clients", "create", "x"], /no environment was named/],
    [["environments", "create", "No Such"], /not an environment name/],
  ] as const) {
    const { code, stderr } = await admin.run(args, { env: { CS_ENDPOINT: "http://127.0.0.1:1" } })
    assert.equal(code, 2, args.join(" "))
    assert.match(stderr, reason)
    assert.ok(!stderr.includes("_AAAA"))
  }
})

test("environments are created and listed", async () => {
  assert.equal(
    (await admin.run(["environments", "create", "preview"])).stderr,
    "halfkey: the environment preview is ready; you are its only member\n",
  )
  assert.equal((await admin.run(["environments", "create", "preview"])).code, 5)
  assert.match(
    await admin.ok(["environments", "list"]),
    /^development\tread-write\t\d+\tenabled\t.*\npreview\tread-write\t1\tenabled\t/,
  )
  await admin.ok(["set", "A", "-e", "preview"], { stdin: "x" })
})

test("whoami tells what the server confirms", async () => {
  const { endpoint, workspaceCRN, clientId } = admin.profile()
  const lines = (await admin.ok(["whoami"])).split("\n")
  assert.deepEqual(lines.filter((line) => !line.startsWith("label\t")).slice(0, 6), [
    "profile\tlocal",
    `endpoint\t${endpoint}`,
    `workspaceCRN\t${workspaceCRN}`,
    `clientId\t${clientId}`,
    "role\tadmin",
    "granter\ttrue",
  ])
  assert.equal(JSON.parse(await admin.ok(["whoami", "-o", "json"], { env: { ...admin.variables() } })).profile, null)
})

test("doctor finds nothing, then the worst of what is wrong", async () => {
  const healthy = await admin.run(["doctor"])
  assert.equal(healthy.code, 0, healthy.stdout)
  assert.ok(
    healthy.stdout.split("\n").every((line) => line === "" || line.startsWith("ok  ")),
    healthy.stdout,
  )
  assert.match(healthy.stdout, /ok {4}environment production: verified, mode read-write\n/)
  const away = await admin.run(["doctor", "--endpoint", "http://127.0.0.1:1"])
  assert.equal(away.code, 6)
  assert.match(away.stdout, /FAIL {2}tcp: .*ECONNREFUSED\n {8}try: halfkey up/)
  const other = JSON.parse(
    (await admin.run(["doctor", "-o", "json"], { env: { ...admin.variables(), CS_CLIENT_KEY: "hkck_x" } })).stdout,
  )
  assert.ok(
    other.some(
      ({ status, text }: { status: string; text: string }) => status === "fail" && text.includes("CS_CLIENT_KEY"),
    ),
  )
  const nothing = await admin.run(["doctor"], { env: { HALFKEY_CONFIG_DIR: join(admin.directory, "nothing") } })
  assert.equal(nothing.code, 2)
  assert.match(nothing.stdout, /FAIL {2}settings: no workspace is configured on this machine\n {8}try: halfkey up/)
})

test("doctor sees files that others may read", async () => {
  const directory = join(admin.directory, "open")
  await admin.ok(["clients", "create", "open", "-e", "staging", "--save-profile", "p", "-q"], {
    env: { ...admin.variables(), HALFKEY_CONFIG_DIR: directory },
  })
  const path = join(directory, "profiles", "p.json")
  chmodSync(path, 0o644)
  const { code, stdout } = await admin.run(["doctor"], { env: { HALFKEY_CONFIG_DIR: directory } })
  assert.equal(code, 2)
  assert.match(
    stdout,
    new RegExp(
      `FAIL {2}profile p: other users of this machine may read ${path} \\(mode 0644\\)\n {8}try: chmod 600 ${path}\n`,
    ),
  )
  const used = await admin.run(["list", "-e", "staging"], { env: { HALFKEY_CONFIG_DIR: directory } })
  assert.equal(used.code, 2)
})

test("settings of a repository: its environment, its workspace, never its endpoint alone", async () => {
  const cwd = join(admin.directory, "repository")
  mkdirSync(cwd)
  writeFileSync(
    join(cwd, "halfkey.json"),
    JSON.stringify({ environment: "staging", workspaceCRN: admin.profile()["workspaceCRN"] }),
  )
  assert.equal(await admin.ok(["get", "A"], { cwd }), "secret of staging")
  assert.equal(await admin.ok(["get", "A"], { cwd, env: { CS_ENVIRONMENT: "production" } }), "secret of production")
  const explained = await admin.ok(["config", "explain"], { cwd })
  assert.match(explained, new RegExp(`^environment\tstaging\tfile\t${cwd}/halfkey.json$`, "m"))
  assert.match(explained, /^clientKey\t\(set, checksum ok\)\tprofile\tprofile local$/m)
  const { clientKey = "", apiKey = "" } = admin.profile()
  assert.ok(![clientKey, apiKey].some((key) => explained.includes(key.slice(6, 20))))
  writeFileSync(join(cwd, "halfkey.json"), JSON.stringify({ environment: "staging", endpoint: "http://127.0.0.1:1" }))
  const refused = await admin.run(["get", "A"], { cwd })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /which nothing of yours confirms/)
  writeFileSync(join(cwd, "halfkey.json"), JSON.stringify({ environment: "staging", minimumRevision: 1000 }))
  const stale = await admin.run(["get", "A"], { cwd })
  assert.equal(stale.code, 7)
  assert.match(stale.stderr, /revision \d+ is below 1000, pinned in halfkey.json\n {2}try: .*`halfkey reconcile`/)
  const list = JSON.parse(await admin.ok(["environments", "list", "-o", "json"])) as Record<string, string>[]
  const id = list.find(({ name }) => name === "staging")?.["keysetId"] ?? ""
  assert.deepEqual(await admin.run(["get", "A", "-e", id], { cwd }), stale)
  assert.equal(await admin.ok(["get", "A", "-e", "production"], { cwd }), "secret of production")
})
