/** `halfkey up` killed at every step of its first start: the same command again works, or says exactly what to do. */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Chance, seed } from "./chance.ts"
import { halfkey, halfkeyServer } from "./commands.ts"
import { freePort, UpProcess } from "./up-process.ts"

const folder = mkdtempSync(join(tmpdir(), "halfkey-up-"))
const chance = new Chance(seed)
after(() => rmSync(folder, { recursive: true, force: true }))
console.log(`kill -9 of halfkey up: HALFKEY_CRASH_SEED=${seed}`)

interface Machine {
  readonly env: Readonly<Record<string, string>>
  readonly dataDirectory: string
  readonly configDirectory: string
  readonly endpoint: string
}

async function newMachine(name: string): Promise<Machine> {
  const dataDirectory = join(folder, name, "data")
  const configDirectory = join(folder, name, "config")
  const port = await freePort()
  return {
    dataDirectory,
    configDirectory,
    endpoint: `http://127.0.0.1:${port}`,
    env: {
      HALFKEY_DATA_DIR: dataDirectory,
      HALFKEY_CONFIG_DIR: configDirectory,
      HALFKEY_PORT: String(port),
      // What was compiled once is compiled for all rounds.
      XDG_CACHE_HOME: join(folder, "cache"),
      NODE_COMPILE_CACHE: join(folder, "cache/server"),
    },
  }
}

/** What can be seen from outside, in the order in which it happens. */
const steps: readonly { readonly name: string; reached(machine: Machine, up: UpProcess): boolean }[] = [
  { name: "the data directory", reached: ({ dataDirectory }) => existsSync(dataDirectory) },
  { name: "the lock", reached: ({ dataDirectory }) => existsSync(join(dataDirectory, "lock")) },
  { name: "the database", reached: ({ dataDirectory }) => existsSync(join(dataDirectory, "halfkey.db")) },
  { name: "the root key", reached: ({ dataDirectory }) => existsSync(join(dataDirectory, "root.key")) },
  { name: "the setup token", reached: ({ dataDirectory }) => existsSync(join(dataDirectory, "setup-token")) },
  { name: "the server listens", reached: (_, up) => up.stderr.includes("serving at") },
  {
    name: "the workspace is created",
    reached: ({ dataDirectory }, up) =>
      up.stderr.includes("serving at") && !existsSync(join(dataDirectory, "setup-token")),
  },
  { name: "the profile is stored", reached: (machine) => existsSync(profileOf(machine)) },
  { name: "the kit is printed", reached: (_, up) => up.stdout.includes("hkrk_") },
  { name: "all is done", reached: (_, up) => up.stderr.includes("Ctrl-C stops the server") },
]

const profileOf = ({ configDirectory }: Machine) => join(configDirectory, "profiles/local.json")

/** Kills `up` there, with its server or alone. Resolves to what it printed. */
async function killedUp(machine: Machine, step: (typeof steps)[number], alone: boolean): Promise<UpProcess> {
  const up = new UpProcess({ env: machine.env, cwd: folder })
  assert.ok(await up.until(() => step.reached(machine, up)), `${step.name} was not reached: ${up.output}`)
  const ms = chance.between(0, 3)
  if (ms > 0) await sleep(ms)
  if (alone) {
    up.signal("SIGKILL")
    await up.ended
  } else await up.killGroup()
  return up
}

/** Runs `up` until it serves, or says that a server runs already. Once more where the earlier server was still starting. */
async function repeatedUp(machine: Machine): Promise<UpProcess> {
  for (;;) {
    const up = new UpProcess({ env: machine.env, cwd: folder })
    const settled =
      /Ctrl-C stops the server|workspace crn:|no profile of this machine fits|the server is running already/
    if (await up.until(() => settled.test(up.stderr))) return up
    const { code } = await up.ended
    assert.match(up.stderr, /^halfkey-server: another halfkey-server uses .*\n {2}hint: stop that one first/)
    assert.equal(code, 2)
    await sleep(100)
  }
}

async function requireWorkingProfile({ env }: Machine, profile: string): Promise<void> {
  const options = { env, cwd: folder }
  const set = await halfkey(["set", "AFTER", "-e", "development", "--profile", profile], { ...options, input: "kept" })
  assert.equal(set.status, 0, set.stderr)
  const get = await halfkey(["get", "AFTER", "-e", "development", "--profile", profile], options)
  assert.deepEqual({ status: get.status, stdout: get.stdout.toString() }, { status: 0, stdout: "kept" })
}

/** What the text says: a new token, and a workspace by `init`. */
async function followTheAdvice({ dataDirectory, endpoint, env }: Machine): Promise<void> {
  const token = await halfkeyServer(["setup-token"], { env, cwd: folder })
  assert.equal(token.status, 0, token.stderr)
  assert.equal(token.stdout.toString(), `${join(dataDirectory, "setup-token")}\n`)
  const file = token.stdout.toString().trim()
  const parameters = ["init", "--endpoint", endpoint, "--setup-token-file", file, "--save-profile", "again"]
  const init = await halfkey(parameters, { env, cwd: folder })
  assert.equal(init.status, 0, init.stderr)
  assert.match(init.stdout.toString(), /hkrk_/)
}

for (const [index, step] of steps.entries()) {
  test(`up and its server killed at: ${step.name}`, () => killedAndRepeated(`${index}`, step, false))
  // Before there is a server, nobody could live on.
  if (index >= 3) test(`up alone killed at: ${step.name}`, () => killedAndRepeated(`${index}-alone`, step, true))
}

async function killedAndRepeated(name: string, step: (typeof steps)[number], alone: boolean): Promise<void> {
  const machine = await newMachine(name)
  const first = await killedUp(machine, step, alone)
  const second = await repeatedUp(machine)
  try {
    if (existsSync(profileOf(machine))) {
      await requireWorkingProfile(machine, "local")
      const shown = first.stdout.includes("hkrk_") || second.stdout.includes("hkrk_")
      const warned = second.stderr.includes("was never shown, since its creation was interrupted: nobody holds it")
      // Printed and killed before that was noted down: a needless warning, never a missing one.
      assert.ok(shown || warned, `nobody was told of the kit: ${second.output}`)
    } else {
      assert.match(second.stderr, /halfkey-server setup-token, then halfkey init.*, for a further workspace/)
      await followTheAdvice(machine)
      await requireWorkingProfile(machine, "again")
    }
  } finally {
    await first.killGroup()
    await second.killGroup()
  }
}
