/** Values and keys, set and used by the real command, occur in no byte that somebody else could see. */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { parseRecoveryKit } from "@halfkey/core/formats/text-keys"
import { noTerminal } from "../../cli/src/testing/terminal.ts"
import { type Canary, CanaryScanner, textCanary } from "./canaries.ts"
import { failingCommands } from "./failing-commands.ts"
import { Household } from "./household.ts"
import { oddRequests } from "./odd-requests.ts"
import { canWatch } from "./process-watch.ts"
import { production, Story, text, values } from "./story.ts"

type Place = readonly [name: string, bytes: Uint8Array]

const story = new Story()
const { household } = story
const allValues = Object.values(values)
before(() => story.begin())
after(() => household.close())

function assertAbsent(canaries: readonly Canary[], places: Iterable<Place>): void {
  const scanner = new CanaryScanner(canaries)
  let searched = 0
  for (const [place, bytes] of places) {
    searched += bytes.length
    assert.deepEqual(scanner.search(bytes), [], `${place} shows a secret`)
  }
  assert.ok(searched > 0, "nothing was searched")
}

/** That what may be somewhere is there shows that the right bytes are searched. */
function assertPresent(canaries: readonly Canary[], places: readonly Place[]): void {
  for (const canary of canaries) {
    const scanner = new CanaryScanner([canary])
    const isThere = places.some(([, bytes]) => scanner.search(bytes).length > 0)
    assert.ok(isThere, `${canary.name} is not where it has to be`)
  }
}

const asText = ({ name }: Canary) => !name.startsWith("bytes ")

test("the server's database, its WAL and its logs, at every moment of its life", async () => {
  const secrets = [...allValues, ...story.allKeys, ...story.seeds()]
  const places = () => household.files(household.dataDirectory, household.logs)
  const files = places()
  assertAbsent(secrets, files)
  for (const name of ["data/halfkey.db", "data/halfkey.db-wal", "data/halfkey.db-shm", "logs/server.log"]) {
    assert.ok(files.has(name), `${name} is not there`)
  }
  const stored = Buffer.concat([...files].filter(([path]) => path.includes("halfkey.db")).map(([, bytes]) => bytes))
  assert.ok(stored.includes("PROMPTED") || (noTerminal && stored.includes("STDIN")))
  assert.ok(!files.has("data/setup-token"), "a used token is still there")
  await household.endServer("SIGKILL")
  assertAbsent(secrets, places())
  await household.startServer()
  await story.quietly(0, ["list", ...production])
  assertAbsent(secrets, places())
  await household.endServer("SIGTERM")
  assertAbsent(secrets, places())
  await household.startServer()
  const rootKeyPath = join(household.dataDirectory, "root.key")
  const rootKey = Buffer.from(readFileSync(rootKeyPath, "utf8").trim().slice("hkrt1 ".length), "base64url")
  const others = [...places()].filter(([path]) => path !== "data/root.key")
  assertAbsent([{ name: "root key", bytes: rootKey }], others)
})

test("the network, as the server sees it", () => {
  const { accessToken, apiKey, clientKey, halves, recoveryKit, setupToken, shownKeys } = story.keys
  const directions = (["client", "server"] as const).map((from): Place => [from, household.wire.recorded(from)])
  // These are the server's own: it gave them, and is shown them again.
  assertPresent([...apiKey, ...setupToken, ...shownKeys].filter(asText), directions)
  assertPresent(accessToken, directions)
  assertAbsent([...allValues, ...clientKey, ...recoveryKit, ...halves], directions)
})

test("the configuration directory holds keys in the profile only, the token in its file only, values nowhere", () => {
  const { accessToken, apiKey, clientKey, halves, recoveryKit, setupToken, shownKeys } = story.keys
  const files = [...household.files(household.configDirectory)]
  const kinds = files.map(([path]) => path.replace(/[^/]+\.(json|archive|receipts|cache)$/, "*.$1"))
  const state = ["state/*.archive", "state/*.json", "state/*.receipts"]
  const caches = ["cache/*.cache", "cache/*.cache"]
  const expected = [...caches, "default-profile", "profiles/*.json", ...state, "tokens/*.json"]
  assert.deepEqual(
    kinds.sort(),
    expected.map((path) => `config/${path}`),
  )
  assertPresent([...clientKey, ...apiKey, ...accessToken].filter(asText), files)
  const outside = (folder: string) => files.filter(([path]) => !path.startsWith(`config/${folder}/`))
  assertAbsent([...allValues, ...recoveryKit, ...setupToken, ...halves, ...shownKeys, ...story.seeds()], files)
  assertAbsent([...clientKey, ...apiKey], outside("profiles"))
  assertAbsent(accessToken, outside("tokens"))
})

test("home, caches and temporary files", () => {
  const others = household.files(join(household.directory, "home"), household.cache)
  assertAbsent([...allValues, ...story.allKeys], others)
  assert.deepEqual([...household.files(household.temporary).keys()], [])
  assert.deepEqual([...household.temporaryNames], [], "a temporary file was there for a while")
})

test("what halfkey run passes on, and what it shows of itself meanwhile", { skip: !canWatch }, async () => {
  const { apiKey, clientId, clientKey, workspaceCRN } = story.admin
  const given = { CS_WORKSPACE_CRN: workspaceCRN, CS_CLIENT_ID: clientId, CS_CLIENT_KEY: clientKey }
  const env = { ...given, CS_CLIENT_ACCESS_KEY: apiKey, CS_ENDPOINT: household.wire.url }
  for (const invocation of [{}, { env }]) {
    const args = ["run", ...production, "--", "cat", "/proc/self/environ"]
    const { code, stderr, stdout } = await household.run(args, invocation)
    assert.equal(code, 0, text(stderr))
    assertPresent([values.STDIN], [["the program's variables", stdout]])
    assertAbsent(story.allKeys, [["the program's variables", stdout]])
  }
  // A name that env(1) would take for a variable: for such a program, halfkey stays beside it instead of giving its process away.
  const shell = join(household.directory, "s=h")
  symlinkSync("/bin/sh", shell)
  const parent = ["run", ...production, "--", shell, "-c", "cat /proc/$PPID/environ /proc/$PPID/cmdline"]
  const { stdout } = await household.run(parent)
  assert.ok(stdout.includes("halfkey.js"))
  assertAbsent([...allValues, ...story.allKeys], [["halfkey run", stdout]])
})

test("what --mount gives is at its path alone, and nowhere when the program was killed", {
  skip: !canWatch,
}, async () => {
  const place = mkdtempSync(join(household.directory, "mounted-"))
  const memory = existsSync("/dev/shm") ? mkdtempSync("/dev/shm/halfkey-canary-") : undefined
  for (const type of memory === undefined ? ["fifo"] : ["fifo", "file"]) {
    const shown = mkdtempSync(join(household.directory, "shown-"))
    const copies = ["/proc/$$/environ", "/proc/$PPID/environ", "/proc/$PPID/cmdline"]
    const copy = copies.map((from, index) => `cp ${from} "$1/${index}"`).join(" && ")
    const script = `cat "$0" > /dev/null && ${copy} && cat "$0"; kill -KILL $$`
    const path = join(place, "secrets.json")
    const options = ["--mount", path, "--mount-type", type, "--watch", "--interval", "1h"]
    const args = ["run", ...production, ...options, "--", "sh", "-c", script, path, shown]
    const { code, stderr, stdout } = await household.run(args, { env: { XDG_RUNTIME_DIR: memory ?? "" } })
    assert.equal(code, 137, text(stderr))
    assert.equal(JSON.parse(text(stdout)).STDIN, text(values.STDIN.bytes))
    const files = household.files(shown)
    assert.equal(files.size, copies.length)
    assertAbsent([...allValues, ...story.allKeys], [...files, ["stderr", stderr]])
    assert.deepEqual(readdirSync(place), [])
    if (memory !== undefined) assert.deepEqual(readdirSync(memory), [])
  }
  if (memory !== undefined) rmdirSync(memory)
})

test("arguments and variables of every process, and the files that they write", { skip: !canWatch }, () => {
  const secrets = [...allValues, ...story.allKeys]
  const { seen } = household.watch
  for (const part of ["halfkey-server", "\0init\0", "\0set\0", "\0get\0", "\0run\0", "\0doctor\0"]) {
    assert.ok(
      seen.some((each) => each.arguments.includes(part)),
      `${part} was never looked at`,
    )
  }
  assertAbsent(
    secrets,
    seen.map((each): Place => [`the arguments of ${each.pid}`, each.arguments]),
  )
  // A program of `run` is meant to have values, and a person may give a command its keys by variables.
  const own = seen.filter((each) => !each.isProgramOfRun && !each.variables.includes("CS_CLIENT_KEY="))
  assertAbsent(
    secrets,
    own.map((each): Place => [`the variables of ${each.pid}`, each.variables]),
  )
  const outside = seen.flatMap(({ writes }) => writes).filter((path) => !path.startsWith(`${household.directory}/`))
  assert.deepEqual([...new Set(outside)], [], "a file was written elsewhere")
})

test("what commands say, also when they fail, with HALFKEY_DEBUG=1", async () => {
  for (const { args, exit, invocation } of failingCommands(story)) {
    await story.quietly(exit, args, { ...invocation, env: { HALFKEY_DEBUG: "1", ...invocation?.env } })
  }
  const said = story.said.flatMap(({ args, stderr, stdout }): Place[] => [
    [`stderr of ${args[0]}`, stderr],
    [`stdout of ${args[0]}`, stdout],
  ])
  assertAbsent([...allValues, ...story.allKeys], said)
})

test("refusals of the server, and its log of them, whatever a request holds", async () => {
  const secret = textCanary("part of a request", `odd request ${"8e1f0c77".repeat(3)} and its end`)
  const answers: Place[] = []
  for (const { init, isName, path } of oddRequests(text(secret.bytes), story.accessToken(), story.admin.apiKey)) {
    const answer = await fetch(household.serverUrl + path, init)
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`)
    const said = `${JSON.stringify([...answer.headers])}\n${await answer.text()}`
    if (!isName) answers.push([`the refusal of ${init.method ?? "GET"} ${path}`, Buffer.from(said)])
  }
  assertAbsent([secret, ...story.allKeys], answers)
  await household.endServer("SIGTERM")
  const logs = household.files(household.logs)
  assert.ok(text(logs.get("logs/server.log") ?? Buffer.alloc(0)).includes('"route":"/v1/secrets/commit"'))
  assertAbsent([secret, ...allValues, ...story.allKeys], logs)
})

test("halfkey up: its output, its server's log and its processes", async () => {
  const home = new Household()
  try {
    const { code, stderr, stdout } = await home.upWhile(async () => {
      const set = await home.run(["set", "STDIN", "-e", "development"], { stdin: values.STDIN.bytes })
      assert.equal(set.code, 0, text(set.stderr))
      const get = await home.run(["get", "STDIN", "-e", "development"])
      assert.deepEqual(get.stdout, Buffer.from(values.STDIN.bytes))
      home.watch.look()
    })
    assert.equal(code, 0, text(stderr))
    const kit = /hkrk_[\w-]+/.exec(text(stdout))?.[0] ?? assert.fail("no recovery kit was shown")
    assert.equal(text(stdout).split(kit).length, 2, "the kit is shown once")
    const profile = JSON.parse(readFileSync(join(home.configDirectory, "profiles", "local.json"), "utf8"))
    const keys = [textCanary("client key", profile.clientKey), textCanary("API key's secret", profile.apiKey.slice(22))]
    const kits = [textCanary("recovery kit", kit), { name: "bytes of the root", bytes: parseRecoveryKit(kit) }]
    const files = home.files(home.dataDirectory)
    assert.ok(files.has("data/server.log"))
    const processes = home.watch.seen.flatMap((seen): Place[] => [
      [`the arguments of ${seen.pid}`, seen.arguments],
      [`the variables of ${seen.pid}`, seen.variables],
    ])
    assertAbsent([values.STDIN, ...keys, ...kits], [...files, ["stderr", stderr], ...processes])
    assertAbsent([values.STDIN, ...keys], [["stdout", stdout]])
    assertAbsent([values.STDIN, ...kits], home.files(home.configDirectory, home.cache))
    assert.deepEqual([...home.temporaryNames], [])
  } finally {
    await home.close()
  }
})
