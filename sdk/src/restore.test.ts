/** A real server whose operator restores last night's backup, and clients that have seen more since (S10). */
import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { after, before, beforeEach, describe, test } from "node:test"
import { createWorkspace } from "./admin.ts"
import type { NewWorkspace } from "./administration/types.ts"
import { unwrap } from "./result.ts"
import { Machine } from "./testing/machine.ts"
import { RealServer } from "./testing/real-server.ts"
import { tampered } from "./testing/tampering.ts"
import { fetchTransport } from "./transport-fetch.ts"

const server = new RealServer()
let workspace: NewWorkspace
let admin: Machine
let backup: string

const client = (
  credentials: Pick<NewWorkspace, "workspaceCRN" | "clientId" | "clientKey"> & { readonly apiKey?: string },
) => {
  const { apiKey, clientId, clientKey, workspaceCRN } = credentials
  return new Machine({
    apiKey,
    clientId,
    clientKey,
    workspaceCRN,
    endpoint: server.url,
    environment: "production",
    env: {},
  })
}

/** A new client on a machine of its own that has read everything once. */
async function newMachine(
  label: string,
  names: readonly string[] = ["production"],
  role: "member" | "admin" = "member",
) {
  const environments = names.map((name) => ({ name }))
  const made = unwrap(await admin.admin((by) => by.clients.create({ label, environments, apiKey: { role } })))
  const machine = client(made.credentials)
  for (const environment of names) unwrap(await machine.secrets((by) => by.readAll({ environment })))
  return Object.assign(machine, { clientId: made.credentials.clientId, credentials: made.credentials })
}

const set = (name: string, value: string, environment = "production") =>
  admin.secrets(async (by) => unwrap(await by.set(name, value, { environment })))
const get = async (machine: Machine, name: string, environment = "production") => {
  const { data, failure } = await machine.secrets((by) => by.get(name, { environment }))
  return data ?? failure?.code
}
const members = async (environment = "production") => {
  const [found] = unwrap(await admin.admin((by) => by.grants.list([environment])))
  return found?.members.map(({ label }) => label).sort()
}
const compared = async (machine = admin) => unwrap(await machine.admin((by) => by.restore.compare()))
const accept = async (names?: string[]) => unwrap(await admin.admin((by) => by.restore.accept(names)))
const bringBack = async () => unwrap(await admin.admin((by) => by.restore.bringBack()))

before(() => server.start())
after(() => server.stop())

beforeEach(async () => {
  await server.startAnew()
  const setup = { endpoint: server.url, setupToken: server.setupToken, label: "admin" }
  workspace = unwrap(await createWorkspace({ ...setup, environments: ["production", "staging"] }))
  admin = client(workspace)
})

async function backUp(): Promise<void> {
  backup = await server.backUp()
}

async function restore(): Promise<void> {
  await server.restore(backup)
  rmSync(backup, { recursive: true, force: true })
}

describe("members and values", () => {
  test("clients refuse, reconcile lists exactly, accepting heals, values come back, who was removed stays out", async () => {
    for (const [name, value] of [
      ["A", "a1"],
      ["GONE", "g1"],
      ["SAME", "s1"],
    ] as const)
      await set(name, value)
    const member = await newMachine("member", ["production", "staging"])
    const leaver = await newMachine("leaver")
    const comer = await newMachine("comer", ["staging"])
    await backUp()
    await set("A", "a2")
    await set("A", "a3")
    await set("NEW", "n1")
    await set("SHORT", "x")
    for (const name of ["GONE", "SHORT"]) unwrap(await admin.secrets((by) => by.delete(name)))
    unwrap(await admin.admin((by) => by.grants.revoke(leaver.clientId, ["production"])))
    unwrap(await admin.admin((by) => by.grants.add(comer.clientId, ["production"], "read")))
    assert.equal(await get(member, "A"), "a3")
    assert.equal(await get(comer, "A"), "a3")
    await restore()

    for (const machine of [admin, member]) {
      const seen = machine.snapshot()
      const { failure } = await machine.secrets((by) => by.get("A"))
      assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "freshness"])
      assert.match(failure?.hint ?? "", /`halfkey reconcile`/)
      await compared(machine)
      assert.equal(machine.snapshot(), seen, "what is remembered changed")
    }

    const { differs, environments, roster } = await compared()
    assert.deepEqual([differs, roster], [true, { standing: "current", here: 1, there: 1, canUpload: [] }])
    const [production, staging] = environments
    assert.deepEqual([staging?.standing, staging?.secrets, staging?.members], ["current", [], []])
    assert.deepEqual(production && { ...production, keysetId: "", secrets: [] }, {
      environment: "production",
      keysetId: "",
      standing: "behind",
      refused: true,
      here: { incarnation: 1, revision: 5 },
      there: { incarnation: 1, revision: 3 },
      documentKept: true,
      state: { here: "enabled", there: "enabled" },
      members: [
        { clientId: leaver.clientId, label: "leaver", here: null, there: "read-write" },
        { clientId: comer.clientId, label: "comer", here: "read", there: null },
      ],
      lostEpoch: null,
      secrets: [],
      secretsUnknown: null,
    })
    const live = { deletedHere: false, deletedThere: false, refused: true }
    assert.deepEqual(production?.secrets, [
      { name: "A", here: 3, there: 1, ...live, remedy: "write" },
      { name: "GONE", here: 2, there: 1, ...live, deletedHere: true, remedy: "delete" },
      { name: "NEW", here: 1, there: 0, ...live, remedy: "write" },
      { name: "SHORT", here: 2, there: 0, ...live, deletedHere: true, remedy: "none" },
    ])
    const tooSoon = await bringBack()
    assert.deepEqual([tooSoon.secrets, tooSoon.notAccepted], [[], ["production"]])

    const plan = unwrap(await admin.admin((by) => by.restore.plan()))
    assert.deepEqual(plan, {
      rosters: [],
      environments: [
        {
          environment: "production",
          incarnation: 2,
          versionFloor: 2000,
          state: "enabled",
          members: plan.environments[0]?.members,
          staysOut: [{ clientId: leaver.clientId, label: "leaver" }],
          notLetIn: [],
          newEpoch: null,
          madeAgain: false,
        },
      ],
    })
    assert.deepEqual(
      plan.environments[0]?.members.map(({ again, label, mode }) => `${label} ${mode}${again ? " again" : ""}`).sort(),
      ["admin read-write", "comer read again", "member read-write"],
    )
    assert.deepEqual(
      (await accept()).environments.map(({ environment, revision }) => [environment, revision]),
      [["production", 4]],
    )

    assert.deepEqual(await members(), ["admin", "comer", "member"])
    for (const machine of [admin, member, comer]) assert.equal(await get(machine, "A"), "a1")
    assert.equal(await get(leaver, "A"), "keyset_not_found")
    assert.equal(await get(member, "GONE"), "g1")

    const { notOpened, secrets } = await bringBack()
    assert.deepEqual(notOpened, [])
    assert.deepEqual(
      secrets.map(({ deleted, name, version }) => [name, version, deleted]),
      [
        ["A", 2001, false],
        ["GONE", 2001, true],
        ["NEW", 2001, false],
      ],
    )
    assert.deepEqual(
      [await get(member, "A"), await get(member, "GONE"), await get(member, "NEW"), await get(comer, "SAME")],
      ["a3", "secret_not_found", "n1", "s1"],
    )
    assert.equal((await compared()).differs, false)
    const before = admin.snapshot()
    assert.deepEqual(await accept(), { rosters: [], environments: [] })
    assert.deepEqual((await bringBack()).secrets, [])
    assert.equal(admin.snapshot(), before)
  })
})

test("where only values were lost, they are refused too, until the restore is accepted", async () => {
  await set("A", "a1")
  await backUp()
  await set("A", "a2")
  await set("SHORT", "x", "staging")
  unwrap(await admin.secrets((by) => by.delete("SHORT", { environment: "staging" })))
  await restore()
  assert.equal(await get(admin, "A"), "record_verification_failed")
  assert.equal(await get(admin, "SHORT", "staging"), "record_verification_failed")
  const found = (await compared()).environments.map(({ environment, refused, standing }) => [
    environment,
    standing,
    refused,
  ])
  assert.deepEqual(found, [
    ["production", "current", true],
    ["staging", "current", true],
  ])
  assert.deepEqual((await bringBack()).notAccepted, ["production"])
  assert.equal((await accept()).environments.length, 2)
  assert.deepEqual([await get(admin, "A"), await get(admin, "SHORT", "staging")], ["a1", "secret_not_found"])
  assert.deepEqual(
    (await bringBack()).secrets.map(({ name, version }) => [name, version]),
    [["A", 2001]],
  )
  assert.equal((await compared()).differs, false)
})

describe("keys", () => {
  test("a rotation after the backup: its values are lost, those from before it come back, the next epoch is a fresh one", async () => {
    for (const name of ["A", "B"]) await set(name, `${name} early`)
    const leaver = await newMachine("leaver")
    await backUp()
    await set("A", "A before the rotation")
    unwrap(await admin.admin((by) => by.clients.revoke(leaver.clientId, { rotate: true })))
    await set("B", "B after the rotation")
    const archived = admin.snapshot()
    await restore()
    const [production] = (await compared()).environments
    assert.equal(production?.lostEpoch, 2)
    assert.deepEqual(
      production?.secrets.map(({ here, name, remedy, there }) => [name, here, there, remedy]),
      [
        ["A", 2, 1, "write"],
        ["B", 2, 1, "lost-keys"],
      ],
    )
    const { environments } = await accept()
    assert.deepEqual(
      environments.map(({ newEpoch }) => newEpoch),
      [3],
    )
    assert.deepEqual(await members(), ["admin"])
    const { notOpened, secrets } = await bringBack()
    assert.deepEqual([secrets.map(({ name }) => name), notOpened], [["A"], []])
    assert.deepEqual([await get(admin, "A"), await get(admin, "B")], ["A before the rotation", "B early"])
    // Two epochs are a rotation that is under way: the one who left holds the old half.
    const rotated = unwrap(await admin.admin((by) => by.environments.rotate("production")))
    assert.deepEqual([rotated.epoch, rotated.resealed > 0], [3, true])
    assert.deepEqual([await get(admin, "A"), await get(admin, "B")], ["A before the rotation", "B early"])
    assert.ok(archived.length > 0)
  })

  test("an epoch that was begun on the restored server is not sealed under: a machine without memory rotated there", async () => {
    await set("A", "a1")
    await backUp()
    unwrap(await admin.admin((by) => by.apiKeys.list()))
    await set("A", "a2")
    const other = await newMachine("other", ["production"], "admin")
    await restore()
    const forgetful = client(workspace)
    unwrap(await forgetful.admin((by) => by.environments.rotate("production")))
    const [production] = (await compared()).environments
    assert.equal(production?.standing, "parted")
    assert.deepEqual(
      (await accept()).environments.map(({ newEpoch }) => newEpoch),
      [3],
    )
    // Its keys came after the backup, and nothing signed holds its signing key.
    assert.deepEqual(await members(), ["admin"])
    assert.deepEqual((await bringBack()).secrets, [])
    assert.equal(await get(admin, "A"), "a1")
    assert.ok(other.clientId)
  })

  test("what was disabled or destroyed after the backup does not come back enabled", async () => {
    await set("A", "a1")
    await set("A", "a1", "staging")
    await backUp()
    unwrap(await admin.admin((by) => by.environments.disable("production")))
    unwrap(await admin.admin((by) => by.environments.destroy("staging")))
    await restore()
    const states = (await compared()).environments.map(({ standing, state }) => [standing, state.here, state.there])
    assert.deepEqual(states, [
      ["behind", "disabled", "enabled"],
      ["behind", "destroyed", "enabled"],
    ])
    const { environments } = await accept()
    assert.deepEqual(
      environments.map(({ newEpoch }) => newEpoch),
      [null, null],
    )
    const listed = unwrap(await admin.admin((by) => by.environments.list()))
    assert.deepEqual(
      listed.map(({ state }) => state),
      ["disabled", "destroyed"],
    )
    for (const environment of ["production", "staging"])
      assert.equal(await get(admin, "A", environment), "keyset_disabled")
    unwrap(await admin.admin((by) => by.environments.enable("production")))
    assert.equal(await get(admin, "A"), "a1")
    assert.equal((await compared()).differs, false)
  })

  test("an environment that came after the backup is made again under its name, for those who are still registered", async () => {
    const member = await newMachine("member", ["staging"])
    await backUp()
    unwrap(await admin.admin((by) => by.environments.create("preview")))
    const late = await newMachine("late", ["preview"])
    unwrap(await admin.admin((by) => by.clients.grant(member.clientId, ["preview"])))
    await set("P", "p1", "preview")
    assert.equal(await get(member, "P", "preview"), "p1")
    await restore()
    const preview = (await compared()).environments.find(({ environment }) => environment === "preview")
    assert.deepEqual([preview?.standing, preview?.lostEpoch], ["gone", 1])
    assert.deepEqual(
      preview?.secrets.map(({ name, remedy }) => [name, remedy]),
      [["P", "lost-keys"]],
    )
    const plan = unwrap(await admin.admin((by) => by.restore.plan()))
    assert.deepEqual(
      plan.environments.map(({ environment, madeAgain, notLetIn }) => [environment, madeAgain, notLetIn]),
      [["preview", true, [{ clientId: late.clientId, label: "late", why: "not-registered" }]]],
    )
    await accept()
    assert.deepEqual(await members("preview"), ["admin", "member"])
    await set("P", "p2", "preview")
    assert.equal(await get(member, "P", "preview"), "p2")
    assert.equal(await get(late, "P", "preview"), "invalid_client")
  })
})

describe("rosters", () => {
  test("lost rosters are uploaded with what must be signed under them; a granter who was removed does not come back", async () => {
    const second = await newMachine("second", ["production", "staging"], "admin")
    unwrap(await admin.admin((by) => by.granters.add(second.clientId)))
    await set("A", "a1")
    // Signs the newest manifest of production, as a granter.
    const leaver = await newMachine("leaver")
    unwrap(await second.admin((by) => by.grants.revoke(leaver.clientId, ["production"])))
    await backUp()
    await set("A", "a2")
    unwrap(await admin.admin((by) => by.granters.remove(second.clientId)))
    const third = await newMachine("third", ["staging"], "admin")
    unwrap(await admin.admin((by) => by.granters.add(third.clientId)))
    const late = third.snapshot()
    await restore()

    const { roster } = await compared()
    assert.deepEqual(roster, { standing: "behind", here: 4, there: 2, canUpload: [3, 4] })
    const refused = await bringBack()
    assert.deepEqual([refused.rosters, refused.rostersRefused], [[], "invalid_document"])
    // Only what is meant, and what could not stay as it is under those rosters.
    const { environments, rosters } = await accept(["staging"])
    assert.deepEqual(rosters, [3, 4])
    assert.deepEqual(
      environments.map(({ environment }) => environment),
      ["production", "staging"],
    )
    const granters = unwrap(await admin.admin((by) => by.granters.list()))
      .map(({ label }) => label)
      .sort()
    assert.deepEqual(granters, ["admin", "third"])
    const { failure } = await second.admin((by) => by.grants.revoke(workspace.clientId, ["production"]))
    assert.equal(failure?.code, "not_a_granter")
    assert.equal((await bringBack()).secrets.length, 1)
    for (const machine of [admin, second]) assert.equal(await get(machine, "A"), "a2")
    assert.ok(late)
  })

  test("a lost roster that names an audit key which is lost too is uploaded; the granter then names the one that is there", async () => {
    await backUp()
    await server.command("checkpoint-key", "rotate")
    const { current, offered } = unwrap(await admin.admin((by) => by.auditKey.compare()))
    assert.notEqual(current, offered)
    unwrap(await admin.admin((by) => by.auditKey.update(offered)))
    await restore()
    assert.equal(await get(admin, "A"), "keyset_verification_failed")
    assert.deepEqual((await accept()).rosters, [2])
    const lost = unwrap(await admin.admin((by) => by.auditKey.compare()))
    assert.deepEqual(lost, { current: offered, offered: current })
    unwrap(await admin.admin((by) => by.auditKey.update(current)))
    await set("A", "a1")
    assert.equal((await compared()).differs, false)
  })

  test("rosters that fit no more are told, with what a person can do", async () => {
    const second = await newMachine("second", ["production"], "admin")
    await backUp()
    unwrap(await admin.admin((by) => by.granters.add(second.clientId)))
    await restore()
    const forgetful = client(workspace)
    const third = await newMachineBy(forgetful, "third")
    unwrap(await forgetful.admin((by) => by.granters.add(third)))
    assert.deepEqual((await compared()).roster, { standing: "parted", here: 2, there: 2, canUpload: [] })
    const { failure } = await admin.admin((by) => by.restore.accept())
    assert.deepEqual([failure?.code, failure?.check], ["keyset_verification_failed", "roster"])
    assert.match(failure?.message ?? "", /roster 2 is not of the same history as roster 2 that this machine has seen/)
    assert.match(failure?.hint ?? "", /halfkey recover/)
  })
})

async function newMachineBy(machine: Machine, label: string): Promise<string> {
  const made = await machine.admin((by) =>
    by.clients.create({ label, environments: [{ name: "staging" }], apiKey: { role: "admin" } }),
  )
  return unwrap(made).credentials.clientId
}

describe("whoever accepts", () => {
  test("without the documents nobody is let in or put out by guess, and who is no granter signs nothing", async () => {
    await set("A", "a1")
    const member = await newMachine("member", ["production"], "admin")
    await backUp()
    unwrap(await admin.admin((by) => by.clients.grant(member.clientId, ["staging"])))
    await set("A", "a2")
    await member.secrets((by) => by.readAll())
    await restore()
    const kept = admin.archive
    admin.archive = { rosters: [], manifests: [], records: [] }
    const { environments } = await compared()
    assert.deepEqual(
      environments.map(({ documentKept, secrets }) => [documentKept, secrets.map(({ remedy }) => remedy)]),
      [
        [false, ["not-kept"]],
        [false, []],
      ],
    )
    const blind = await admin.admin((by) => by.restore.accept())
    assert.equal(blind.failure?.code, "invalid_configuration")
    assert.match(
      blind.failure?.message ?? "",
      /does not keep revision 2 of production, so it cannot know who was a member/,
    )
    admin.archive = kept
    const { failure } = await member.admin((by) => by.restore.accept(["production"], { anyway: true }))
    assert.equal(failure?.code, "not_a_granter")
    const asked = await admin.admin((by) => by.restore.accept(undefined, { beforeSigning: () => false }))
    assert.equal(asked.failure?.code, "aborted")
    assert.equal((await compared()).differs, true)
    await accept()
  })

  test("interrupted after any request, it goes on: with an incarnation for what is left", async () => {
    const leaver = await newMachine("leaver", ["production", "staging"])
    await backUp()
    unwrap(await admin.admin((by) => by.clients.revoke(leaver.clientId)))
    await restore()
    let sent = 0
    const { failure } = await admin.admin((by) => by.restore.accept(), {
      transport: async (request) => {
        if (request.method === "PUT" && ++sent >= 2) throw new TypeError("the network is gone")
        return await fetchTransport(request)
      },
    })
    assert.ok(failure)
    assert.deepEqual(
      (await compared()).environments.map(({ standing }) => standing),
      ["current", "behind"],
    )
    assert.deepEqual(
      (await accept()).environments.map(({ environment, incarnation }) => [environment, incarnation]),
      [["staging", 3]],
    )
    for (const environment of ["production", "staging"]) assert.deepEqual(await members(environment), ["admin"])
  })

  test("an answer that was lost is not asked for twice: the manifest is there", async () => {
    const leaver = await newMachine("leaver")
    await backUp()
    unwrap(await admin.admin((by) => by.clients.revoke(leaver.clientId)))
    await restore()
    const { failure } = await admin.admin((by) => by.restore.accept(), {
      transport: async (request) => {
        const answer = await fetchTransport(request)
        if (request.method === "PUT") throw new TypeError("the answer is lost")
        return answer
      },
    })
    assert.ok(failure)
    assert.deepEqual(await accept(), { rosters: [], environments: [] })
    assert.deepEqual(await members(), ["admin"])
  })

  test("lies about keys and seeds let nobody in and write nothing", async () => {
    const comer = await newMachine("comer", ["staging"])
    await set("A", "a1")
    await backUp()
    await set("A", "a2")
    unwrap(await admin.admin((by) => by.clients.grant(comer.clientId, ["production"])))
    await restore()
    const transport = tampered(fetchTransport, "GET /v1/clients", ({ clients }) => {
      const own = clients.find(({ clientId }: { clientId: string }) => clientId === workspace.clientId)
      for (const each of clients) each.signPk = own.signPk
    })
    const plan = unwrap(await admin.admin((by) => by.restore.plan(), { transport }))
    assert.deepEqual(
      plan.environments[0]?.notLetIn.map(({ label, why }) => [label, why]),
      [["comer", "not-registered"]],
    )
    await accept()
    assert.deepEqual(await members(), ["admin", "comer"])
    const seeds = tampered(fetchTransport, "POST /v1/keysets/", ({ groups }) => {
      groups[0].keySeeds = Buffer.alloc(32).toString("base64url")
    })
    const lied = unwrap(await admin.admin((by) => by.restore.bringBack(), { transport: seeds }))
    assert.deepEqual([lied.secrets, lied.notOpened], [[], [{ environment: "production", name: "A", version: 2 }]])
    assert.equal((await bringBack()).secrets.length, 1)
  })

  test("for another machine that has seen more, a granter accepts once more, above its version", async () => {
    await set("A", "a1")
    const member = await newMachine("member")
    await backUp()
    for (let count = 0; count < 3; count++) unwrap(await member.secrets((by) => by.set("A", `m${count}`)))
    unwrap(await member.secrets((by) => by.set("B", "kept by the member alone")))
    await restore()
    assert.deepEqual(await accept(), { rosters: [], environments: [] })
    assert.equal((await compared(member)).environments[0]?.standing, "current")
    assert.equal(await get(member, "A"), "record_verification_failed")
    const options = { anyway: true, versionFloor: 5000 }
    const accepted = unwrap(await admin.admin((by) => by.restore.accept(["production"], options)))
    assert.deepEqual(
      accepted.environments.map(({ incarnation, versionFloor }) => [incarnation, versionFloor]),
      [[2, 5000]],
    )
    assert.equal(await get(member, "A"), "a1")
    // The member brings back what the granter never saw.
    const { secrets } = unwrap(await member.admin((by) => by.restore.bringBack()))
    assert.deepEqual(
      secrets.map(({ name, version }) => [name, version]),
      [
        ["A", 5001],
        ["B", 5001],
      ],
    )
    assert.deepEqual([await get(admin, "A"), await get(admin, "B")], ["m2", "kept by the member alone"])
  })
})

describe("hostile", () => {
  test("a granter who had been removed lets somebody in on the restored server: the next accepted manifest knows better", async () => {
    const second = await newMachine("second", ["production", "staging"], "admin")
    unwrap(await admin.admin((by) => by.granters.add(second.clientId)))
    await set("A", "a1")
    await backUp()
    unwrap(await admin.admin((by) => by.granters.remove(second.clientId)))
    unwrap(await admin.admin((by) => by.clients.revoke(second.clientId, { rotate: true })))
    await restore()
    // It forgets that it was put out.
    const back = client({ ...workspace, ...second.credentials })
    const evil = unwrap(
      await back.admin((by) =>
        by.clients.create({ label: "evil", environments: [{ name: "production" }], apiKey: {} }),
      ),
    ).credentials
    unwrap(await back.admin((by) => by.environments.rotate("production")))
    assert.equal(await get(admin, "A"), "keyset_verification_failed")
    const plan = unwrap(await admin.admin((by) => by.restore.plan(["production"])))
    assert.deepEqual(plan.environments[0]?.staysOut.map(({ label }) => label).sort(), ["evil", "second"])
    await accept()
    for (const environment of ["production", "staging"]) assert.deepEqual(await members(environment), ["admin"])
    unwrap(await admin.admin((by) => by.environments.rotate("production")))
    await set("A", "a2")
    assert.equal(await get(client(evil), "A"), "keyset_not_found")
    const { failure } = await back.admin((by) => by.grants.revoke(workspace.clientId, ["production"]))
    assert.equal(failure?.code, "not_a_granter")
  })

  test("an accepted manifest that is played again, and an older backup still, are both refused, and accepted one higher", async () => {
    await set("A", "a1")
    await backUp()
    const first = backup
    await set("A", "a2")
    const leaver = await newMachine("leaver")
    await server.restore(first)
    assert.deepEqual(
      (await accept()).environments.map(({ incarnation }) => incarnation),
      [2],
    )
    const accepted = await server.backUp()
    unwrap(await admin.admin((by) => by.environments.rotate("production")))
    for (const [copy, incarnation] of [
      [accepted, 3],
      [first, 4],
    ] as const) {
      await server.restore(copy)
      const seen = admin.snapshot()
      assert.equal(await get(admin, "A"), "keyset_verification_failed")
      assert.equal(admin.snapshot(), seen)
      assert.deepEqual(
        (await accept()).environments.map((each) => each.incarnation),
        [incarnation],
      )
      assert.equal(await get(admin, "A"), "a1")
    }
    assert.deepEqual(await members(), ["admin"])
    assert.equal(await get(leaver, "A"), "invalid_client")
  })
})
