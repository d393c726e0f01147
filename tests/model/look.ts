/** Looks at everything at once: at the end, and before everybody is put out. */
import type { Model } from "./model.ts"
import { listMembers } from "./people-steps.ts"
import { type Real, settle } from "./settle.ts"
import { type Kind, secretNames } from "./step.ts"
import { generateSeeds, history, readAll, retrieveSeeds } from "./vault-steps.ts"

/** Nothing may differ anywhere: every machine looks at every environment, and every token is tried. */
export async function lookAtAll(model: Model, real: Real): Promise<void> {
  const look = async (kind: Kind, picks: readonly number[]) => {
    const step = kind(model, picks)
    if (step !== undefined) settle(step, [await step.perform(real.world)], real, `looking, ${step.told}`)
  }
  for (const machine of model.machines.keys()) {
    for (const environment of model.environments.keys()) {
      for (const kind of [readAll, generateSeeds, retrieveSeeds]) await look(kind, [machine, environment, 0, 0])
    }
  }
  for (const environment of model.environments.keys()) {
    const machine = model.machines.findIndex((each) => {
      const at = model.environments[environment]
      return at !== undefined && model.refusal(each, at, "any") === undefined
    })
    if (machine < 0) continue
    for (const name of secretNames.keys()) await look(history, [machine, environment, name, 0])
  }
  await look(listMembers, [0, 0, 0, 0])
}
