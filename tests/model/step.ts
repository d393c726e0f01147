/** The form of a step: who does what, chosen by numbers, on the real thing and in the model. */
import type { Result } from "halfkey/admin"
import type { Environment, Expected, Machine, Model } from "./model.ts"
import type { World } from "./world.ts"

/** Numbers that a step chooses by; where a failure is made smaller, they become small. */
export type Picks = readonly number[]

export interface Step {
  readonly told: string
  readonly perform: (world: World) => Promise<Result<unknown>>
  /** Changes the model; called once more where a step that was interrupted may have been done twice. */
  readonly expect: (result: Result<unknown>, world: World) => Expected
  /** Whether it can be interrupted and done again. */
  readonly repeatable?: true
}

/** `undefined`: there is nobody or nothing to do it with. */
export type Kind = (model: Model, picks: Picks) => Step | undefined

export const secretNames = ["A", "B", "C"]
export const refused: Expected = { code: "refused" }
export const done: Expected = { data: undefined }

export function pick<T>(from: readonly T[], number: number | undefined): T {
  const picked = from[(number ?? 0) % from.length]
  if (picked === undefined) throw new RangeError("nothing to pick from")
  return picked
}

export function mapped<T>(result: Result<T>, change: (data: T) => unknown): Result<unknown> {
  return result.failure ? result : { data: change(result.data) }
}

export const nothing = <T>(result: Result<T>) => mapped(result, () => undefined)

/** The members of every environment and the granters, as the model has them or as signed documents say. */
export type Listed = Readonly<Record<string, readonly string[]>>

export function listedBy({ clients, environments }: Model): Listed {
  const members = ({ members, name }: Environment) => [
    name,
    [...members].map(([{ label }, mode]) => `${label} ${mode}`).sort(),
  ]
  const granters = clients.filter(({ granter }) => granter).map(({ label }) => label)
  return Object.fromEntries([...environments.map(members), ["granters", granters.sort()]])
}

export async function listedIn(world: World, machine: Machine): Promise<Result<Listed>> {
  return await world.of(machine).use(async ({ admin }) => {
    const { data: environments, failure } = await admin.grants.list()
    const granters = await admin.granters.list()
    if (failure ?? granters.failure) return { failure: failure ?? granters.failure } as Result<Listed>
    const members = (environments ?? []).map(({ environment, members }) => [
      environment,
      members.map(({ label, mode }) => `${label} ${mode}`).sort(),
    ])
    const labels = (granters.data ?? []).map(({ label }) => label).sort()
    return { data: Object.fromEntries([...members, ["granters", labels]]) }
  })
}
