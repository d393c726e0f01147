/**
 * Random sequences of what people and machines do, on the real server with kill -9, against a model of who may do what
 * and which value each secret has. HALFKEY_MODEL_SEED repeats a run, HALFKEY_MODEL_RUNS makes it longer.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { requireSound } from "../crash/sound.ts"
import { beginning, commands } from "./commands.ts"
import { lookAtAll } from "./look.ts"
import { Model } from "./model.ts"
import type { Real } from "./settle.ts"
import { World } from "./world.ts"

const seed = Number(process.env["HALFKEY_MODEL_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env["HALFKEY_MODEL_RUNS"] ?? 10)
const stepsMax = 90
/** Making a failure smaller ends after this, with the smallest found so far. */
const timeMaxMs = Number(process.env["HALFKEY_MODEL_TIME"] ?? 300_000)

const environments = ["production", "staging"]
const seen = { steps: 0, kills: 0 }

async function play(steps: Iterable<fc.AsyncCommand<Model, Real>>): Promise<void> {
  const world = new World()
  const model = new Model()
  const trace: string[] = []
  try {
    const first = await world.begin(environments)
    const all = environments.map((name) => model.addEnvironment(name))
    world.add(
      model.addClient(
        "admin",
        all.map((each) => [each, "read-write"] as const),
        true,
      ),
      first,
      true,
    )
    const real = { world, trace }
    for (const each of beginning) await each.run(model, real)
    await fc.asyncModelRun(() => ({ model, real }), steps)
    seen.steps += trace.length
    await lookAtAll(model, real)
    await requireSound(world.server.directory)
  } catch (error) {
    const told = trace.map((line, index) => `  ${index + 1}. ${line}`).join("\n")
    throw new Error(`${error instanceof Error ? error.message : error}\n${told}\n  HALFKEY_MODEL_SEED=${seed}`)
  } finally {
    seen.kills += world.kills
    await world.end()
  }
}

test(`random steps on the real server come to what the model says (HALFKEY_MODEL_SEED=${seed})`, async () => {
  const sequences = fc.commands(commands, { maxCommands: stepsMax, size: "max" })
  await fc.assert(fc.asyncProperty(sequences, play), { seed, numRuns: runs, interruptAfterTimeLimit: timeMaxMs })
  console.log(`model: ${JSON.stringify({ ...seen, seed, cpuMs: Math.round(process.cpuUsage().user / 1000) })}`)
  assert.ok(seen.steps > runs * 10, `only ${seen.steps} steps`)
})
