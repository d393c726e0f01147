/** What machines do with secrets. */
import type { Result } from "halfkey/admin"
import type { Environment, Expected, Machine, Model } from "./model.ts"
import { type Kind, mapped, type Picks, pick, secretNames } from "./step.ts"
import type { World } from "./world.ts"

interface Choice {
  readonly machine: Machine
  readonly environment: Environment
  readonly name: string
  readonly number: number
}

function choice(model: Model, [machine, environment, name, number = 0]: Picks): Choice {
  return {
    machine: pick(model.machines, machine),
    environment: pick(model.environments, environment),
    name: pick(secretNames, name),
    number,
  }
}

function vault(
  verb: string,
  parts: {
    readonly perform: (world: World, choice: Choice) => Promise<Result<unknown>>
    readonly expect: (model: Model, choice: Choice, result: Result<unknown>) => Expected
    readonly repeatable?: true
  },
): Kind {
  return (model, picks) => {
    const chosen = choice(model, picks)
    const { environment, machine, name, number } = chosen
    return {
      told: `${machine.label} ${verb} ${environment.name} ${name} (${number})`,
      perform: (world) => parts.perform(world, chosen),
      expect: (result) => parts.expect(model, chosen, result),
      ...(parts.repeatable && { repeatable: true }),
    }
  }
}

const text = (value: Uint8Array) => new TextDecoder().decode(value)
const place = ({ environment }: Choice) => ({ environment: environment.name })

export const write = vault("writes", {
  perform: (world, { machine, name, number, ...more }) =>
    world.of(machine).use(async ({ secrets }) => {
      const to = { environment: more.environment.name }
      return mapped(await secrets.set(name, `value ${number}`, to), ({ version }) => [version])
    }),
  expect: (model, { environment, machine, name, number }) =>
    model.write(machine, environment, [[name, `value ${number}`]]),
  repeatable: true,
})

const two = ({ name, number }: Choice) => [
  [name, `value ${number}`] as const,
  [pick(secretNames, secretNames.indexOf(name) + 1), `other ${number}`] as const,
]

export const writeTwo = vault("writes two", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      const written = await secrets.setMany(new Map(two(chosen)), place(chosen))
      return mapped(written, (all) => all.map(({ version }) => version))
    }),
  expect: (model, chosen) => model.write(chosen.machine, chosen.environment, two(chosen)),
  repeatable: true,
})

/** One time in two by the right version. */
const condition = ({ environment, name, number }: Choice) =>
  (environment.secrets.get(name)?.length ?? 0) + (number % 2) * (1 + (number % 3))

export const writeIfVersion = vault("writes at a version", {
  perform: (world, chosen) => {
    const ifVersion = condition(chosen)
    return world.of(chosen.machine).use(async ({ secrets }) => {
      const written = await secrets.set(chosen.name, `value ${chosen.number}`, { ...place(chosen), ifVersion })
      return mapped(written, ({ version }) => [version])
    })
  },
  expect: (model, { environment, machine, name, number }) => {
    const code = model.refusal(machine, environment, "write")
    if (code === undefined && number % 2 !== 0) return { code: "version_conflict" }
    return model.write(machine, environment, [[name, `value ${number}`]])
  },
})

export const remove = vault("deletes", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      return mapped(await secrets.delete(chosen.name, place(chosen)), ({ version }) => [version])
    }),
  expect: (model, { environment, machine, name }) => model.write(machine, environment, [[name, null]]),
  repeatable: true,
})

export const read = vault("reads", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => await secrets.get(chosen.name, place(chosen))),
  expect: (model, { environment, machine, name }) => model.read(machine, environment, name),
})

const oldVersion = ({ environment, name, number }: Choice) =>
  1 + (number % ((environment.secrets.get(name)?.length ?? 0) + 1))

export const readVersion = vault("reads a version of", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      const { name } = chosen
      return mapped(await secrets.getVersion(name, oldVersion(chosen), place(chosen)), ({ value }) => text(value))
    }),
  expect: (model, chosen) => model.read(chosen.machine, chosen.environment, chosen.name, oldVersion(chosen)),
})

export const readAll = vault("reads all of", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      const all = await secrets.readAll(place(chosen))
      return mapped(all, (found) => found.map(({ name, value }) => [name, text(value)]))
    }),
  expect: (model, { environment, machine }) => model.readAll(machine, environment),
})

export const list = vault("lists", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      return mapped(await secrets.list(place(chosen)), (all) => all.map(({ name, version }) => [name, version]))
    }),
  expect: (model, { environment, machine }) => {
    const all = model.readAll(machine, environment, "any")
    if ("code" in all) return all
    const live = all.data as readonly (readonly [string, string])[]
    return { data: live.map(([name]) => [name, environment.secrets.get(name)?.length]) }
  },
})

/** Every version once, each under an epoch that is live; all under the newest once a rotation has ended. */
export const history = vault("lists the versions of", {
  perform: (world, chosen) =>
    world.of(chosen.machine).use(async ({ secrets }) => {
      const { epoch: newest, unfinished } = chosen.environment
      return mapped(await secrets.history(chosen.name, place(chosen)), (versions) =>
        versions.map(({ deleted, epoch, version }) => {
          const fits = unfinished ? epoch <= newest : epoch === newest
          return [version, deleted, fits ? "fits" : `epoch ${epoch}`]
        }),
      )
    }),
  expect: (model, { environment, machine, name }) => {
    const code = model.refusal(machine, environment, "any")
    const versions = environment.secrets.get(name) ?? []
    if (code === undefined && versions.length === 0) return { code: "secret_not_found" }
    const all = versions.map((value, index) => [index + 1, value === null, "fits"])
    return code === undefined ? { data: all.reverse() } : { code }
  },
})

/** Past everything that the SDK checks: what the server gives to whoever holds this machine's last access token. */
function seeds(what: "generate" | "retrieve"): Kind {
  return vault(`asks to ${what} seeds of`, {
    perform: async (world, { environment, machine }) => ({ data: await world.askForSeeds(machine, environment, what) }),
    expect: (model, { environment, machine }, { data }) => {
      const need = what === "generate" ? "write" : "read"
      return { data: data === "no token" ? data : (model.refusal(machine, environment, need) ?? "seeds") }
    },
  })
}

export const generateSeeds = seeds("generate")
export const retrieveSeeds = seeds("retrieve")
