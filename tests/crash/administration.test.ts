/**
 * kill -9 of the command or of the server while membership, granters or keys change, at each request and at any moment:
 * nothing is ever half done for anybody else, and the same command typed again ends in the right state.
 */
import assert from "node:assert/strict"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { ClientCredentials } from "halfkey/admin"
import { unwrap } from "halfkey/secrets"
import type { Boundary } from "./boundary-proxy.ts"
import { Chance, seed } from "./chance.ts"
import { environments, Workspace } from "./workspace.ts"

/** Random moments for each command; HALFKEY_CRASH_MOMENTS makes it longer. */
const moments = Number(process.env["HALFKEY_CRASH_MOMENTS"] ?? 3)
const workspace = new Workspace()
const chance = new Chance(seed)
/** Who is in everything all the time, and must never notice. */
let bystander: ClientCredentials
/** Another granter, on another machine. */
let other: ClientCredentials
const otherDirectory = () => join(workspace.folder, "other")

before(async () => {
  console.log(`kill -9 while administering: HALFKEY_CRASH_SEED=${seed}`)
  await workspace.open()
  bystander = await workspace.newClient("member")
  other = await workspace.newClient("admin")
  await workspace.asAdmin(async (admin) => void unwrap(await admin.granters.add(other.clientId)))
  workspace.saveProfile(otherDirectory(), other)
  writeFileSync(kitFile(), workspace.recoveryKit, { mode: 0o600 })
})
after(() => workspace.close())

interface Story {
  /** Makes what the command changes, and resolves to its parameters. */
  readonly prepare: () => Promise<readonly string[]>
  /** What must hold after the interruption as well, before anything is repeated. */
  readonly afterInterruption: () => Promise<void>
  /** What must hold once the command was typed again. */
  readonly inTheEnd: () => Promise<void>
  /** Whether the command, typed again, may say that all is done. */
  readonly mayRefuse?: RegExp
}

/** The client that the command is about. */
let leaving: ClientCredentials
const kitFile = () => join(workspace.folder, "kit.txt")
const recoveredProfile = () => join(workspace.configDirectory, "profiles", "recovered.json")

const stories: Readonly<Record<string, Story>> = {
  "granters remove": {
    prepare: async () => {
      leaving = await workspace.newClient("admin")
      await workspace.asAdmin(async (admin) => void unwrap(await admin.granters.add(leaving.clientId)))
      // It signs both environments last, so that their signer must be replaced with the roster.
      const label = "made by who leaves"
      const client = { label, environments: environments.map((name) => ({ name })) }
      await workspace.as(leaving, async (admin) => void unwrap(await admin.clients.create(client)))
      return ["granters", "remove", leaving.clientId, "-y"]
    },
    afterInterruption: async () => {
      await workspace.requireUsable(bystander)
      await workspace.requireUsable(leaving)
      await workspace.signed()
    },
    inTheEnd: async () => {
      const { granters } = await workspace.signed()
      assert.deepEqual(granters.toSorted(), [other.clientId, workspace.admin.clientId].toSorted())
      const grants = { label: "x", environments: [{ name: "staging" }] }
      const created = await workspace.as(leaving, async (admin) => await admin.clients.create(grants))
      assert.equal(created.failure?.code, "not_a_granter")
      await workspace.asAdmin(async (admin) => {
        const clients = unwrap(await admin.clients.list()).filter(({ label }) => label === "made by who leaves")
        for (const each of [leaving, ...clients]) unwrap(await admin.clients.revoke(each.clientId))
      })
      await workspace.requireUsable(bystander)
    },
  },
  "clients revoke --rotate": {
    prepare: async () => {
      leaving = await workspace.newClient("member")
      return ["clients", "revoke", leaving.clientId, "--rotate", "-y"]
    },
    afterInterruption: async () => {
      await workspace.requireUsable(bystander)
      await workspace.requireUsable(workspace.admin)
    },
    inTheEnd: async () => {
      const { members } = await workspace.signed()
      for (const name of environments) {
        assert.equal(await workspace.refusalOf(leaving, name), "client_revoked")
        assert.ok(!members[name]?.includes(leaving.clientId), `${name} still lists it`)
        await workspace.requireOneEpoch(name)
      }
      await workspace.requireUsable(bystander)
    },
  },
  "grants revoke --rotate": {
    prepare: async () => {
      leaving = await workspace.newClient("member")
      return ["grants", "revoke", leaving.clientId, "-e", "production", "-e", "staging", "--rotate", "-y"]
    },
    afterInterruption: async () => {
      await workspace.requireUsable(bystander)
      await workspace.requireUsable(workspace.admin)
    },
    inTheEnd: async () => {
      const { members } = await workspace.signed()
      for (const name of environments) {
        assert.equal(await workspace.refusalOf(leaving, name), "keyset_not_found")
        assert.ok(!members[name]?.includes(leaving.clientId), `${name} still lists it`)
        // What the command leaves to be done.
        await workspace.asAdmin(async (admin) => void unwrap(await admin.environments.rotate(name)))
        await workspace.requireOneEpoch(name)
      }
      await workspace.requireUsable(bystander)
    },
  },
  recover: {
    prepare: async () => {
      rmSync(recoveredProfile(), { force: true })
      leaving = workspace.admin
      return ["recover", "--endpoint", workspace.proxy.url, "--kit-file", kitFile(), "-y"]
    },
    afterInterruption: async () => {
      // All of it or nothing: the admin of before has everything, or it is out.
      const refusals = await Promise.all(environments.map((name) => workspace.refusalOf(leaving, name)))
      const isOut = refusals[0] !== undefined
      if (isOut) assert.deepEqual(refusals, ["api_key_revoked", "api_key_revoked"])
      else await workspace.requireUsable(leaving)
      assert.deepEqual(await workspace.refusalOf(bystander, "staging"), isOut ? "api_key_revoked" : undefined)
      if (existsSync(recoveredProfile())) assert.ok(isOut)
    },
    inTheEnd: async () => {
      workspace.admin = JSON.parse(readFileSync(recoveredProfile(), "utf8"))
      assert.equal(await workspace.refusalOf(leaving, "production"), "api_key_revoked")
      assert.deepEqual((await workspace.signed()).granters, [workspace.admin.clientId])
      for (const name of environments) {
        await workspace.asAdmin(async (admin) => void unwrap(await admin.environments.rotate(name)))
        await workspace.requireOneEpoch(name)
      }
      await workspace.requireUsable(workspace.admin)
      bystander = await workspace.newClient("member")
    },
    mayRefuse: /there is a profile recovered already/,
  },
}

/** The command, interrupted by `interrupt`, then typed again, there or on another machine. */
async function interrupted(
  story: Story,
  interrupt: (args: readonly string[]) => Promise<void>,
  where = workspace.configDirectory,
): Promise<void> {
  const args = await story.prepare()
  await interrupt(args)
  workspace.proxy.listen()
  await story.afterInterruption()
  const wasKept = story.mayRefuse !== undefined && existsSync(recoveredProfile())
  const again = await workspace.command(args, undefined, where)
  if (wasKept) assert.match(again.stderr, story.mayRefuse ?? /^$/)
  else assert.equal(again.status, 0, again.stderr)
  await story.inTheEnd()
}

const writes = (line: string) => /^(?:PUT|DELETE) |^POST \/v1\/(?:recovery\/commit|keysets|secrets\/reseal)/.test(line)

/** Resolves to the request at which something was killed; `undefined`: there are no more. */
async function killedAt(story: Story, at: number, who: "command" | "server", boundary: Boundary) {
  let stoppedAt: string | undefined
  await interrupted(story, async (args) => {
    let kill = () => {}
    const then = async () => (who === "command" ? kill() : await workspace.restart())
    const counts = who === "command" ? () => true : writes
    workspace.proxy.listen({ at, boundary, counts, then })
    const { signal, status, stderr } = await workspace.command(args, (ofCommand) => {
      kill = ofCommand
    })
    stoppedAt = workspace.proxy.stoppedAt
    if (stoppedAt !== undefined && who === "command") assert.equal(signal, "SIGKILL")
    if (stoppedAt === undefined) assert.equal(status, 0, stderr)
  })
  return stoppedAt
}

for (const [name, story] of Object.entries(stories)) {
  const kinds = [
    ["command", "answered"],
    ["server", "under way"],
    ["server", "answered"],
  ] as const
  for (const [who, boundary] of kinds) {
    test(`${name}: the ${who} is killed at each request, ${boundary}`, async () => {
      const lines: string[] = []
      for (let line: string | undefined = ""; line !== undefined; lines.push(line)) {
        line = await killedAt(story, lines.length, who, boundary)
        if (line === undefined) break
      }
      console.log(`${name}, ${who}, ${boundary}: ${lines.length} requests`)
      assert.ok(lines.length >= 1, "it was never killed")
    })
  }

  test(`${name}: the command or the server is killed ${moments} times at any moment`, async () => {
    for (let count = 0; count < moments; count++) {
      const interrupt = async (args: readonly string[]) => {
        const ms = chance.spread(80, 800)
        if (chance.happens(0.6)) {
          await workspace.command(args, (kill) => void sleep(ms).then(kill))
        } else {
          const running = workspace.command(args)
          await sleep(ms)
          await workspace.restart()
          await running
        }
      }
      // Every other time somebody else goes on with it; a kit makes its own admin.
      const byOther = count % 2 === 0 && name !== "recover"
      await interrupted(story, interrupt, byOther ? otherDirectory() : workspace.configDirectory)
    }
  })
}
