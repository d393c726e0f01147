/** What those who may sign do about others, and what others try. */
import type { Result } from "halfkey/admin"
import type { Client, Environment, Expected, Machine, Mode, Model } from "./model.ts"
import { done, type Kind, listedBy, listedIn, mapped, nothing, pick, refused, type Step } from "./step.ts"
import type { World } from "./world.ts"

const modes: readonly Mode[] = ["read-write", "read-write", "read", "write"]
const environmentsMax = 3

export interface Choice {
  readonly model: Model
  /** Who does it. */
  readonly admin: Machine
  readonly client: Client
  readonly environment: Environment
  readonly number: number
}

export function people(
  verb: string,
  parts: {
    readonly perform: (world: World, choice: Choice) => Promise<Result<unknown>>
    readonly expect: (choice: Choice, result: Result<unknown>, world: World) => Expected
    readonly possible?: (choice: Choice) => boolean
    readonly once?: true
  },
): Kind {
  return (model, [admin, environment, client, number = 0, unable = 0]): Step | undefined => {
    const able = model.machines.filter((machine) => model.signs(machine))
    const choice = {
      model,
      // One time in six somebody tries who may not.
      admin: pick(unable % 6 === 5 || able.length === 0 ? model.machines : able, admin),
      client: pick(model.clients, client),
      environment: pick(model.environments, environment),
      number,
    }
    if (parts.possible?.(choice) === false) return undefined
    return {
      told: `${choice.admin.label} ${verb} ${choice.client.label} ${choice.environment.name} (${number})`,
      perform: (world) => parts.perform(world, choice),
      expect: (result, world) => parts.expect(choice, result, world),
      ...(!parts.once && { repeatable: true }),
    }
  }
}

export function idOf(world: World, { client, model }: Choice): string {
  const machine = model.machines.find((each) => each.client === client)
  if (machine === undefined) throw new Error(`${client.label} has no machine`)
  return world.of(machine).credentials.clientId
}

const isLoggedIn = ({ admin }: Choice) => !admin.keyRevoked && !admin.client.revoked
const modeOf = ({ number }: Choice) => pick(modes, number)
const newLabel = ({ model }: Choice) => `client-${model.clients.length}`
const newRole = ({ number }: Choice) => (number % 3 === 0 ? "admin" : "member")

/** One environment or two. */
function grantsOf(choice: Choice): (readonly [Environment, Mode])[] {
  const { environment, model, number } = choice
  const other = pick(model.environments, model.environments.indexOf(environment) + 1)
  const second = number % 2 === 0 ? [] : [[other, modeOf(choice)] as const]
  return [[environment, modeOf(choice)], ...second]
}

export const createClient = people("makes a client with", {
  possible: ({ model }) => model.clients.length < 12,
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      const environments = grantsOf(choice).map(([{ name }, mode]) => ({ name, mode }))
      const made = await admin.clients.create({
        label: newLabel(choice),
        environments,
        apiKey: { role: newRole(choice) },
      })
      return mapped(made, ({ credentials }) => credentials)
    }),
  expect: (choice, result, world) => {
    const { admin, model } = choice
    if (!grantsOf(choice).every(([environment]) => model.seals(admin, environment))) return refused
    const machine = model.addClient(newRole(choice), grantsOf(choice))
    if (result.data) world.add(machine, result.data as Parameters<World["add"]>[1], choice.number % 5 < 3)
    return { data: result.data ?? "credentials" }
  },
  once: true,
})

export const grant = people("grants", {
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      return nothing(await admin.grants.add(idOf(world, choice), [choice.environment.name], modeOf(choice)))
    }),
  expect: (choice) => {
    const { admin, client, environment, model } = choice
    const already = environment.members.get(client) === modeOf(choice)
    const opens = environment.state === "enabled" && environment.members.has(admin.client)
    const may = already ? model.administers(admin) && opens : model.seals(admin, environment)
    if (!may || client.revoked) return refused
    environment.members.set(client, modeOf(choice))
    return done
  },
})

export const revokeGrant = people("revokes the grant of", {
  // Its own only now and then: who is out of everything can do nothing more.
  possible: ({ admin, client, number }) => admin.client !== client || number % 7 === 0,
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      const rotate = choice.number % 2 === 0
      return nothing(await admin.grants.revoke(idOf(world, choice), [choice.environment.name], { rotate }))
    }),
  expect: ({ admin, client, environment, model, number }) => {
    const rotate = number % 2 === 0
    const isMember = environment.members.has(admin.client)
    if (!environment.members.has(client)) {
      // Nothing to do, which everybody may find out who sees the environment.
      const sees = admin.role === "admin" || isMember
      const mayUse = !admin.keyRevoked && !admin.client.revoked && (admin.only ?? environment) === environment
      return sees && mayUse ? done : refused
    }
    if (rotate ? !model.seals(admin, environment) : !model.signs(admin)) return refused
    environment.members.delete(client)
    if (rotate) model.beginEpoch(environment)
    return done
  },
})

export const revokeClient = people("revokes", {
  possible: ({ admin, client }) => admin.client !== client,
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      return nothing(await admin.clients.revoke(idOf(world, choice), { rotate: choice.number % 2 === 0 }))
    }),
  expect: ({ admin, client, model, number }) => {
    if (!model.administers(admin) || client.granter) return refused
    client.revoked = true
    let signed = true
    for (const environment of model.environments) {
      const isMember = environment.members.has(client)
      const isAble = environment.state === "enabled" && environment.members.get(admin.client) === "read-write"
      const rotates = number % 2 === 0 && isAble
      if (!isMember && !(rotates && environment.unfinished)) continue
      if (!model.signs(admin)) {
        signed = false
        continue
      }
      environment.members.delete(client)
      if (!rotates) continue
      if (isMember) environment.epoch += 1
      environment.unfinished = false
    }
    return signed ? done : refused
  },
})

export const addGranter = people("makes a granter of", {
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => nothing(await admin.granters.add(idOf(world, choice)))),
  expect: (choice) => {
    const { admin, client, model } = choice
    if (client.granter) return isLoggedIn(choice) ? done : refused
    if (!model.signs(admin) || client.revoked) return refused
    client.granter = true
    return done
  },
})

export const removeGranter = people("takes off the roster", {
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => nothing(await admin.granters.remove(idOf(world, choice)))),
  expect: (choice) => {
    const { admin, client, model } = choice
    if (!client.granter) return isLoggedIn(choice) ? done : refused
    if (!model.signs(admin) || client === admin.client) return refused
    client.granter = false
    return done
  },
})

export const rotate = people("rotates", {
  perform: (world, { admin: machine, environment, number }) =>
    world.of(machine).use(async ({ admin }) => {
      const rotated = await admin.environments.rotate(environment.name, { startNew: number % 2 === 0 })
      return mapped(rotated, ({ epoch }) => epoch)
    }),
  expect: ({ admin, environment, model, number }) => {
    if (!model.rotates(admin, environment)) return refused
    if (!environment.unfinished || number % 2 === 0) environment.epoch += 1
    environment.unfinished = false
    return { data: environment.epoch }
  },
})

const changes = ["disable", "enable", "destroy", "undoDestroy", "enable", "undoDestroy"] as const
const goals = { disable: "disabled", enable: "enabled", destroy: "destroyed", undoDestroy: "enabled" } as const

export const changeState = people("disables, enables, destroys or brings back", {
  perform: (world, { admin: machine, environment, number }) =>
    world.of(machine).use(async ({ admin }) => {
      return nothing(await admin.environments[pick(changes, number)](environment.name))
    }),
  expect: (choice) => {
    const { admin, environment, model, number } = choice
    const change = pick(changes, number)
    const { members, state } = environment
    if (goals[change] === state) {
      const sees = admin.role === "admin" || members.has(admin.client)
      return sees && isLoggedIn(choice) && (admin.only ?? environment) === environment ? done : refused
    }
    const isWay = state === "destroyed" ? change === "undoDestroy" : change !== "undoDestroy"
    if (!model.signs(admin) || !isWay) return refused
    environment.state = goals[change]
    return done
  },
})

export const createEnvironment = people("makes an environment", {
  possible: ({ model }) => model.environments.length < environmentsMax,
  perform: (world, { admin: machine, model }) =>
    world.of(machine).use(async ({ admin }) => {
      return nothing(await admin.environments.create(`environment-${model.environments.length}`))
    }),
  expect: ({ admin, model }) => {
    if (!model.signs(admin)) return refused
    model.addEnvironment(`environment-${model.environments.length}`, admin.client)
    return done
  },
  once: true,
})

/** Signed documents list exactly whom the model lets in. */
export const listMembers = people("lists who may do what", {
  possible: ({ admin, model }) => model.administers(admin),
  perform: (world, { admin }) => listedIn(world, admin),
  expect: ({ model }) => ({ data: listedBy(model) }),
  once: true,
})
