/** kill -9 in a loop while clients write: nothing that was acknowledged is lost, no version is given twice. */
import assert from "node:assert/strict"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Chance, seed } from "./chance.ts"
import { type OpenedValues, problemsInValues, problemsOnDisk } from "./check.ts"
import { Lane } from "./lane.ts"
import { attemptIn } from "./model.ts"
import { serverProgram, sourceProgram } from "./server-process.ts"
import type { Snapshot } from "./snapshot.ts"
import { copyOf, damagedDatabases, withSwappedRecords } from "./spoiling.ts"

/** HALFKEY_CRASH_KILLS makes it longer. */
const kills = Number(process.env["HALFKEY_CRASH_KILLS"] ?? 200)
const killsOfSource = 4

const folder = mkdtempSync(join(tmpdir(), "halfkey-crash-"))
const chance = new Chance(seed)
const lanes: Lane[] = []
let first: { readonly lane: Lane; readonly snapshot: Snapshot; readonly values: OpenedValues } | undefined

function newLane(ofProgram: string): Lane {
  const lane = new Lane(ofProgram, join(folder, `lane-${lanes.length}`), chance.between(0, 2 ** 32 - 1))
  lanes.push(lane)
  return lane
}

console.log(`kill -9: ${kills} times and more, HALFKEY_CRASH_SEED=${seed}`)
after(async () => {
  for (const { server } of lanes) await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** Kills a lane's server so often, and resolves to what is left in the end. */
async function survive(lane: Lane, count: number) {
  await lane.begin()
  while (lane.counts.kills < count && lane.problems.length === 0) await lane.crash()
  await lane.quiet()
  const proved = await lane.proveReceipts()
  const { snapshot, values } = await lane.fullCheck()
  assert.deepEqual(lane.problems.slice(0, 20), [])
  assert.ok(lane.heads.size > 0)
  console.log(`kill -9: ${told(lane, values)}, ${proved} proved; ${lane.heads.size} checkpoints`)
  return { lane, snapshot, values }
}

function told({ counts, model }: Lane, values: OpenedValues): string {
  const attempts = [...model.attempts.values()]
  const of = (fate: string) => attempts.filter((attempt) => attempt.fate === fate).length
  const written = new Set([...values.values()].map(attemptIn))
  const silent = attempts.filter(({ fate, id }) => fate === "open" && written.has(id)).length
  return `${counts.kills} kills, ${counts.startsKilled} while starting, ${counts.replays} replays; ${attempts.length} writes:
  ${of("acknowledged")} acknowledged, ${of("refused")} refused, ${of("open")} without an answer (${silent} of them written); ${model.receipts.length} receipts`
}

test(`kill -9 while clients write, ${kills} times: whatever was acknowledged is there, once`, async () => {
  const results = await Promise.all([serverProgram, serverProgram].map((each) => survive(newLane(each), kills / 2)))
  for (const { lane } of results) {
    assert.ok([...lane.model.attempts.values()].filter(({ fate }) => fate === "acknowledged").length > kills / 4)
    if (kills >= 100) assert.ok(lane.counts.replays > 0, "no used assertion was replayed")
    // What survives a crash must survive a stop as well.
    const { code, stderr } = await lane.server.signal("SIGTERM")
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" })
    assert.equal(existsSync(`${lane.server.databasePath}-wal`), false, "a graceful stop leaves no write-ahead log")
  }
  first = results[0]
})

test(`the program that is not bundled: ${killsOfSource} times`, async () => {
  const { lane } = await survive(newLane(sourceProgram), killsOfSource)
  await lane.server.kill()
})

test("the checks see every kind of damage", async (t) => {
  if (first === undefined) return t.skip("the loop did not get through")
  const { lane, snapshot, values } = first
  const { model } = lane
  assert.deepEqual(problemsOnDisk(model, snapshot), [])
  for (const { what, expected, path } of damagedDatabases(lane.server.dataDirectory, join(folder, "damaged"), model)) {
    const problems = problemsOnDisk(model, copyOf(path))
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `${what} was not seen: ${problems.slice(0, 5)}`,
    )
  }

  assert.deepEqual(problemsInValues(model, snapshot.versions, values), [])
  const several = [...model.attempts.values()].find(({ fate, lengths }) => fate === "acknowledged" && lengths.size > 1)
  assert.ok(several)
  const [name = ""] = several.versions.keys()
  const seen = (versions: Snapshot["versions"], opened: OpenedValues, expected: RegExp) => {
    const problems = problemsInValues(model, versions, opened)
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      `${expected} is not among ${problems.slice(0, 5)}`,
    )
  }
  const without = snapshot.versions.filter((each) => each.name !== name || each.version !== several.versions.get(name))
  seen(without, values, new RegExp(`attempt ${several.id} was written in part: ${name} is missing`))
  const version = 1_000_000
  const again = new Map(values).set(`${name}@${version}`, values.get(`${name}@${several.versions.get(name)}`) ?? "")
  seen([...snapshot.versions, { name, version, deleted: false }], again, /wrote .* twice/)
  several.fate = "refused"
  seen(snapshot.versions, values, /which was refused/)
  several.fate = "acknowledged"
  const deletions = Array.from({ length: model.attempts.size + 1 }, () => ({ name, version, deleted: true }))
  seen([...snapshot.versions, ...deletions], values, /was deleted more often than asked/)
})

test("a record that was moved to another version does not open", async (t) => {
  if (first === undefined) return t.skip("the loop did not get through")
  const { lane, snapshot } = first
  const other = join(folder, "swapped")
  const swapped = withSwappedRecords(lane.server.dataDirectory, other, snapshot)
  const values = await lane.openAllOf(other, swapped)
  assert.deepEqual([...values.keys()], [])
  const problems = problemsInValues(lane.model, swapped, values)
  assert.deepEqual(
    problems,
    swapped.map((each) => `${each.name}@${each.version} is a value that nobody wrote`),
  )
})
