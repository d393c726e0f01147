/** The key of a person's device is in one private file, and in no byte that anybody else could see (S9). */
import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { parseClientKey } from "@halfkey/core/formats/text-keys"
import { CanaryScanner, textCanary } from "./canaries.ts"
import { type Ended, Household } from "./household.ts"
import { text } from "./story.ts"

const household = new Household()
const { configDirectory, dataDirectory, wire } = household
const laptop = join(household.directory, "laptop")
const onLaptop = { env: { HALFKEY_CONFIG_DIR: laptop } }
const said: Ended[] = []

before(async () => {
  mkdirSync(laptop, { mode: 0o700 })
  await household.startServer()
  const stdin = readFileSync(join(dataDirectory, "setup-token"), "utf8")
  const args = ["init", "--endpoint", wire.url, "--setup-token-file", "-", "--save-profile", "local"]
  assert.equal((await household.run(args, { stdin })).code, 0)
})
after(() => household.close())

async function succeeds(args: readonly string[], invocation = {}): Promise<void> {
  const ended = await household.run(args, invocation)
  assert.equal(ended.code, 0, text(ended.stderr))
  said.push(ended)
}

/** Places that hold one of these secrets. */
function placesOf(scanner: CanaryScanner, places: Iterable<readonly [string, Uint8Array]>): string[] {
  return [...places].filter(([, bytes]) => scanner.search(bytes).length > 0).map(([place]) => place)
}

test("from login to logout", async () => {
  const { workspaceCRN } = JSON.parse(readFileSync(join(configDirectory, "profiles", "local.json"), "utf8"))
  const args = ["login", workspaceCRN, "--endpoint", wire.url, "--profile", "work"]
  const child = household.spawn(args, { ...onLaptop.env, HALFKEY_DEBUG: "1" })
  const closed = once(child, "close")
  const stderr: Buffer[] = []
  const code = await new Promise<string>((resolve) => {
    child.stderr.on("data", (bytes) => {
      stderr.push(bytes)
      const [, shown] = /^ {2}code +(\S+)\n[\s\S]*login goes on\n/m.exec(text(Buffer.concat(stderr))) ?? []
      if (shown !== undefined) resolve(shown)
    })
  })
  const waiting = join(laptop, "logins", "work.json")
  const { clientKey } = JSON.parse(readFileSync(waiting, "utf8"))
  assert.equal(statSync(waiting).mode & 0o777, 0o600)
  const bytes = { name: "bytes of the device's key", bytes: parseClientKey(clientKey) }
  const scanner = new CanaryScanner([textCanary("the device's key", clientKey), bytes])
  assert.deepEqual(placesOf(scanner, household.files(laptop)), ["laptop/logins/work.json"])

  await succeeds(["devices", "approve", code, "-e", "production"])
  await succeeds(["devices", "list", "-o", "json"])
  const [exit] = await closed
  assert.equal(exit, 0, text(Buffer.concat(stderr)))
  said.push({ args, code: exit, stdout: Buffer.alloc(0), stderr: Buffer.concat(stderr) })
  await succeeds(["set", "A", "-e", "production"], { ...onLaptop, stdin: "value" })
  for (const line of [
    ["whoami"],
    ["doctor"],
    ["config", "explain"],
    ["config", "profiles", "-o", "json"],
    ["config", "use", "work"],
    ["version", "--check"],
    ["list", "-e", "production"],
  ]) {
    await succeeds(line, onLaptop)
  }
  assert.deepEqual(placesOf(scanner, household.files(laptop)), ["laptop/profiles/work.json"])

  await succeeds(["logout", "-y"], onLaptop)
  const directions = (["client", "server"] as const).map((from) => [`from the ${from}`, wire.recorded(from)] as const)
  const processes = household.watch.seen.flatMap((seen) => [
    [`the arguments of ${seen.pid}`, seen.arguments] as const,
    [`the variables of ${seen.pid}`, seen.variables] as const,
  ])
  const outputs = said.flatMap((ended) => [
    [`stdout of ${ended.args[0]}`, ended.stdout] as const,
    [`stderr of ${ended.args[0]}`, ended.stderr] as const,
  ])
  const places = [...household.files(household.directory), ...directions, ...processes, ...outputs]
  assert.deepEqual(placesOf(scanner, places), [])
  assert.deepEqual([...household.files(laptop).keys()], [], "something is left of the login")
  assert.deepEqual([...household.temporaryNames], [])
})
