/**
 * The whole truth about who may do what, and which value each secret has: no keys, no signatures, no server, no crashes.
 * Methods named after steps change it as the step would, and answer with what must come of it.
 */
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"

export type Mode = "read-write" | "read" | "write"
/** What the real thing must answer with: a value, or a refusal. `"refused"` stands for any code. */
export type Expected = { readonly data: unknown } | { readonly code: ProblemCode | "refused" }

export type Role = "admin" | "member"

export interface Client {
  readonly label: string
  granter: boolean
  revoked: boolean
}

/** A client's key on some computer, with one API key: the first that came with the client, or a narrowed one. */
export interface Machine {
  readonly label: string
  readonly client: Client
  /** Of its API key. */
  readonly role: Role
  readonly readOnly: boolean
  /** `undefined`: all. */
  readonly only: Environment | undefined
  keyRevoked: boolean
  /** A key has one successor. */
  wasRotated: boolean
}

export interface Environment {
  readonly name: string
  readonly members: Map<Client, Mode>
  /** By name, oldest version first. `null`: deleted. */
  readonly secrets: Map<string, (string | null)[]>
  state: "enabled" | "disabled" | "destroyed"
  epoch: number
  /** Whether records may be left under earlier epochs. */
  unfinished: boolean
}

export class Model {
  clients: Client[] = []
  machines: Machine[] = []
  readonly environments: Environment[] = []

  addMachine(client: Client, role: Role, readOnly = false, only?: Environment): Machine {
    const label = `${client.label}.${this.machines.length}`
    const machine = { label, client, role, readOnly, only, keyRevoked: false, wasRotated: false }
    this.machines.push(machine)
    return machine
  }

  addClient(role: Role, modes: Iterable<readonly [Environment, Mode]>, granter = false): Machine {
    const client: Client = { label: `client-${this.clients.length}`, granter, revoked: false }
    this.clients.push(client)
    for (const [environment, mode] of modes) environment.members.set(client, mode)
    return this.addMachine(client, role)
  }

  addEnvironment(name: string, owner?: Client): Environment {
    const members = new Map<Client, Mode>(owner ? [[owner, "read-write"]] : [])
    const parts = { state: "enabled", epoch: 1, unfinished: false } as const
    const environment: Environment = { name, members, secrets: new Map(), ...parts }
    this.environments.push(environment)
    return environment
  }

  /** Why a machine gets nothing of what it asks for; `undefined`: it gets it. */
  refusal(machine: Machine, environment: Environment, need: "read" | "write" | "any"): ProblemCode | undefined {
    const mode = environment.members.get(machine.client)
    if (machine.keyRevoked) return "api_key_revoked"
    if (machine.client.revoked) return "client_revoked"
    if (machine.readOnly && need === "write") return "api_key_restricted"
    if (mode === undefined) return "keyset_not_found"
    if (machine.only !== undefined && machine.only !== environment) return "api_key_restricted"
    if (environment.state !== "enabled") return "keyset_disabled"
    if (need !== "any" && mode !== "read-write" && mode !== need) return "mode_not_allowed"
    return undefined
  }

  /** Whether it may change who is there: by its role and an API key that is not narrowed. */
  administers({ client, keyRevoked, only, readOnly, role }: Machine): boolean {
    return role === "admin" && !client.revoked && !keyRevoked && !readOnly && only === undefined
  }

  signs = (machine: Machine) => this.administers(machine) && machine.client.granter

  /** Sealing halves to others needs one's own. */
  seals = (machine: Machine, { members, state }: Environment) =>
    this.signs(machine) && state === "enabled" && members.has(machine.client)

  rotates = (machine: Machine, environment: Environment) =>
    this.seals(machine, environment) && environment.members.get(machine.client) === "read-write"

  /** All entries or none. Versions count up for ever, over deletions too. */
  write(machine: Machine, environment: Environment, entries: readonly (readonly [string, string | null])[]): Expected {
    const code = this.refusal(machine, environment, "write")
    if (code !== undefined) return { code }
    const live = (name: string) => this.valueOf(environment, name) !== null
    if (entries.some(([name, value]) => value === null && !live(name))) return { code: "secret_not_found" }
    const versions = entries.map(([name, value]) => {
      const all = environment.secrets.get(name) ?? []
      environment.secrets.set(name, all)
      return all.push(value)
    })
    return { data: versions }
  }

  valueOf({ secrets }: Environment, name: string, version?: number): string | null {
    const all = secrets.get(name) ?? []
    return (version === undefined ? all.at(-1) : all[version - 1]) ?? null
  }

  read(machine: Machine, environment: Environment, name: string, version?: number): Expected {
    const code = this.refusal(machine, environment, "read")
    const data = this.valueOf(environment, name, version)
    return code !== undefined || data === null ? { code: code ?? "secret_not_found" } : { data }
  }

  /** Every live secret. */
  readAll(machine: Machine, environment: Environment, need: "read" | "any" = "read"): Expected {
    const code = this.refusal(machine, environment, need)
    const live = [...environment.secrets.keys()].filter((name) => this.valueOf(environment, name) !== null).sort()
    return code !== undefined ? { code } : { data: live.map((name) => [name, this.valueOf(environment, name)]) }
  }

  /** From then on nothing is opened by the halves of before. */
  beginEpoch(environment: Environment): void {
    environment.epoch += 1
    environment.unfinished = true
  }

  /** The kit: one new admin, and nobody else. */
  recover(): Machine {
    for (const client of this.clients) Object.assign(client, { granter: false, revoked: true })
    for (const machine of this.machines) machine.keyRevoked = true
    for (const environment of this.environments) {
      environment.members.clear()
      if (environment.state !== "destroyed") this.beginEpoch(environment)
    }
    const modes = this.environments.map((environment) => [environment, "read-write"] as const)
    return this.addClient("admin", modes, true)
  }
}
