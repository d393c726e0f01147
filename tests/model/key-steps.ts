/** API keys: narrowed ones, new ones in the place of old ones, revoked ones. */
import type { Machine } from "./model.ts"
import { type Choice, idOf, people } from "./people-steps.ts"
import { done, nothing, pick, refused } from "./step.ts"
import type { World } from "./world.ts"

export const createKey = people("makes a narrowed key for", {
  possible: ({ client, model }) => !client.revoked && model.machines.length < 16,
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      const { environment, number } = choice
      const clientId = idOf(world, choice)
      return await admin.apiKeys.create({
        label: "narrowed",
        role: "member",
        clientId,
        readOnly: number % 2 === 0,
        environments: number % 3 === 0 ? undefined : [environment.name],
      })
    }),
  expect: (choice, result, world) => {
    const { admin, client, environment, model, number } = choice
    if (!model.administers(admin)) return refused
    const first = model.machines.find((each) => each.client === client)
    const only = number % 3 === 0 ? undefined : environment
    const machine = model.addMachine(client, "member", number % 2 === 0, only)
    const { secret } = (result.data ?? {}) as { secret?: string }
    if (first && secret) world.add(machine, { ...world.of(first).credentials, apiKey: secret }, number % 5 < 3)
    return { data: result.data ?? "a key" }
  },
  once: true,
})

export const revokeKey = people("revokes an API key of", {
  // Somebody must be left who can go on.
  possible: (choice) => choice.model.machines.some((each) => choice.model.signs(each) && each !== machineOf(choice)),
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      return nothing(await admin.apiKeys.revoke(keyIdOf(world, choice)))
    }),
  expect: (choice) => {
    if (!choice.model.administers(choice.admin)) return refused
    machineOf(choice).keyRevoked = true
    return done
  },
  once: true,
})

function keyIdOf(world: World, choice: Choice): string {
  const { apiKey = "" } = world.of(machineOf(choice)).credentials
  return apiKey.split("_")[1] ?? ""
}

function machineOf({ client, model, number }: Choice): Machine {
  return pick(
    model.machines.filter((each) => each.client === client),
    number,
  )
}

/** The old key stops at once, or goes on beside the new one. */
export const rotateKey = people("rotates an API key of", {
  possible: ({ model }) => model.machines.length < 16,
  perform: (world, choice) =>
    world.of(choice.admin).use(async ({ admin }) => {
      const overlapSeconds = choice.number % 2 === 0 ? 0 : 86_400
      return await admin.apiKeys.rotate(keyIdOf(world, choice), { overlapSeconds })
    }),
  expect: (choice, result, world) => {
    const { admin, client, model, number } = choice
    const old = machineOf(choice)
    if (!model.administers(admin) || old.keyRevoked || old.wasRotated || client.revoked) return refused
    old.wasRotated = true
    if (number % 2 === 0) old.keyRevoked = true
    const machine = model.addMachine(client, old.role, old.readOnly, old.only)
    const { secret } = (result.data ?? {}) as { secret?: string }
    if (secret) world.add(machine, { ...world.of(old).credentials, apiKey: secret }, number % 5 < 3)
    return { data: result.data ?? "a key" }
  },
  once: true,
})
