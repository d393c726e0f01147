/** All kinds of steps as commands of fast-check, those that happen to machines and servers among them. */
import fc from "fast-check"
import * as keys from "./key-steps.ts"
import { lookAtAll } from "./look.ts"
import type { Model } from "./model.ts"
import * as people from "./people-steps.ts"
import { type Real, settle } from "./settle.ts"
import { type Kind, type Picks, pick } from "./step.ts"
import * as vault from "./vault-steps.ts"

/** How often each kind comes: the number of its lots. */
const kinds = {
  write: [vault.write, 7],
  writeTwo: [vault.writeTwo, 2],
  writeIfVersion: [vault.writeIfVersion, 2],
  remove: [vault.remove, 2],
  read: [vault.read, 4],
  readVersion: [vault.readVersion, 2],
  readAll: [vault.readAll, 3],
  list: [vault.list, 1],
  history: [vault.history, 2],
  generateSeeds: [vault.generateSeeds, 2],
  retrieveSeeds: [vault.retrieveSeeds, 2],
  createClient: [people.createClient, 4],
  createKey: [keys.createKey, 3],
  revokeKey: [keys.revokeKey, 1],
  rotateKey: [keys.rotateKey, 2],
  grant: [people.grant, 4],
  revokeGrant: [people.revokeGrant, 4],
  revokeClient: [people.revokeClient, 3],
  addGranter: [people.addGranter, 2],
  removeGranter: [people.removeGranter, 2],
  rotate: [people.rotate, 4],
  changeState: [people.changeState, 4],
  createEnvironment: [people.createEnvironment, 1],
  listMembers: [people.listMembers, 1],
} as const satisfies Record<string, readonly [Kind, number]>

abstract class Command implements fc.AsyncCommand<Model, Real> {
  readonly #name: string
  readonly picks: Picks

  constructor(name: string, picks: Picks) {
    this.#name = name
    this.picks = picks
  }

  toString(): string {
    return `${this.#name}(${this.picks})`
  }

  abstract check(model: Model): boolean
  abstract run(model: Model, real: Real): Promise<void>
}

class StepCommand extends Command {
  readonly #kind: Kind

  constructor(name: string, kind: Kind, picks: Picks) {
    super(name, picks)
    this.#kind = kind
  }

  check(model: Model): boolean {
    return this.#kind(model, this.picks) !== undefined
  }

  async run(model: Model, real: Real): Promise<void> {
    const step = this.#kind(model, this.picks)
    if (step === undefined) return
    const known = model.machines.length
    settle(step, [await step.perform(real.world)], real, step.told)
    for (const machine of model.machines.slice(known)) await real.world.of(machine).logIn()
  }
}

const interrupted = ["write", "write", "remove", "rotate", "revokeClient", "revokeGrant", "changeState"] as const

/** The server is killed while a step is under way. */
class CrashDuring extends Command {
  readonly #kind: Kind

  constructor(picks: Picks) {
    const name = pick(interrupted, picks[5])
    super(`crash during ${name}`, picks)
    this.#kind = kinds[name][0]
  }

  check(model: Model): boolean {
    return this.#kind(model, this.picks)?.repeatable === true
  }

  async run(model: Model, real: Real): Promise<void> {
    const step = this.#kind(model, this.picks)
    if (step === undefined) return
    const ms = Math.floor((this.picks[5] ?? 0) / 7) % 60
    const results = await real.world.throughCrash(ms, () => step.perform(real.world))
    settle(step, results, real, `${step.told}, with a kill -9 after ${ms} ms`)
  }
}

class Crash extends Command {
  check = () => true

  async run(_: Model, { trace, world }: Real): Promise<void> {
    trace.push("kill -9 of the server, and a start")
    await world.crash()
  }
}

class RestartMachine extends Command {
  check = () => true

  async run(model: Model, { trace, world }: Real): Promise<void> {
    const machine = pick(model.machines, this.picks[0])
    trace.push(`the program on ${machine.label} starts again`)
    await world.of(machine).close()
  }
}

class Recover extends Command {
  // Seldom, since little is left afterwards.
  check = ({ clients }: Model) => clients.length < 12 && (this.picks[5] ?? 0) % 2 === 0

  async run(model: Model, real: Real): Promise<void> {
    const { trace, world } = real
    await lookAtAll(model, real)
    trace.push("recovery with the kit")
    const credentials = await world.recover(`client-${model.clients.length}`)
    world.add(model.recover(), credentials, true)
  }
}

/** Before all others, so that there is somebody: another granter with narrowed keys, and a member of one environment. */
export const beginning = [
  new StepCommand("createClient", people.createClient, [0, 0, 0, 9, 0, 0]),
  new StepCommand("addGranter", people.addGranter, [0, 0, 1, 0, 0, 0]),
  new StepCommand("createClient", people.createClient, [0, 1, 0, 2, 0, 0]),
  new StepCommand("createKey", keys.createKey, [0, 0, 1, 0, 0, 0]),
  new StepCommand("createKey", keys.createKey, [0, 0, 1, 1, 0, 0]),
]

const numbers = fc.array(fc.nat(997), { minLength: 6, maxLength: 6 })
const of = (make: (picks: Picks) => Command) => numbers.map(make)

/** Arbitraries of every command, each as often as its lots say. */
export const commands: fc.Arbitrary<fc.AsyncCommand<Model, Real>>[] = [
  ...Object.entries(kinds).flatMap(([name, [kind, lots]]) =>
    Array.from({ length: lots }, () => of((picks) => new StepCommand(name, kind, picks))),
  ),
  of((picks) => new CrashDuring(picks)),
  of((picks) => new CrashDuring(picks)),
  of((picks) => new Crash("crash", picks)),
  of((picks) => new RestartMachine("restart", picks)),
  of((picks) => new RestartMachine("restart", picks)),
  of((picks) => new Recover("recover", picks)),
]
