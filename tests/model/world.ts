/** The real thing beside the model: the server's process, and a computer with the SDK for each of the model's machines. */
import { setTimeout as sleep } from "node:timers/promises"
import { Admin, type ClientCredentials, createWorkspace, type Result, recoverWorkspace, unwrap } from "halfkey/admin"
import { type FreshnessState, Secrets, type SecretsOptions } from "halfkey/secrets"
import { RealServer } from "../../sdk/src/testing/real-server.ts"
import type { Environment, Machine } from "./model.ts"

interface SdkClients {
  readonly secrets: Secrets
  readonly admin: Admin
}

/** A client key on a computer that remembers what it has seen, or forgets everything after each call. */
export class Computer {
  readonly credentials: ClientCredentials
  readonly #endpoint: string
  readonly #remembers: boolean
  #state: FreshnessState = {}
  #running: SdkClients | undefined
  /** The last access token that it was given: a thief may still have it. */
  token: string | undefined

  constructor(credentials: ClientCredentials, endpoint: string, remembers: boolean) {
    this.credentials = credentials
    this.#endpoint = endpoint
    this.#remembers = remembers
  }

  async use<T>(work: (clients: SdkClients) => Promise<T>): Promise<T> {
    this.#running ??= { secrets: new Secrets(this.#options()), admin: new Admin(this.#options()) }
    try {
      return await work(this.#running)
    } finally {
      if (!this.#remembers) await this.close()
    }
  }

  /** Whatever comes of it: from then on a thief may have its token. */
  async logIn(): Promise<void> {
    await this.use(async ({ admin }) => await admin.workspace())
  }

  /** The program ends; what it stored stays. */
  async close(): Promise<void> {
    await this.#running?.secrets.close()
    await this.#running?.admin.close()
    this.#running = undefined
  }

  #options(): SecretsOptions {
    return {
      ...this.credentials,
      endpoint: this.#endpoint,
      timeoutMs: 60_000,
      env: {},
      tokens: {
        load: async () => undefined,
        save: async ({ accessToken }) => {
          this.token = accessToken
        },
        clear: async () => {},
      },
      ...(this.#remembers && {
        freshness: {
          load: async () => this.#state,
          save: async (state: FreshnessState) => {
            this.#state = state
          },
        },
      }),
    }
  }
}

export class World {
  readonly server = new RealServer()
  readonly #computers = new Map<Machine, Computer>()
  #recoveryKit = ""
  /** Kills so far. */
  kills = 0

  /** Starts a server with a new workspace, and resolves to its first admin. */
  async begin(environments: readonly string[]): Promise<ClientCredentials> {
    await this.server.start()
    const { setupToken, url: endpoint } = this.server
    const made = await createWorkspace({ endpoint, setupToken, label: "client-0", environments, timeoutMs: 60_000 })
    const { recoveryKit, ...credentials } = unwrap(made)
    this.#recoveryKit = recoveryKit
    return credentials
  }

  add(machine: Machine, credentials: ClientCredentials, remembers: boolean): void {
    this.#computers.set(machine, new Computer(credentials, this.server.url, remembers))
  }

  of(machine: Machine): Computer {
    const computer = this.#computers.get(machine)
    if (computer === undefined) throw new Error(`there is no computer for ${machine.label}`)
    return computer
  }

  async recover(label: string): Promise<ClientCredentials> {
    const { url: endpoint } = this.server
    const recovered = await recoverWorkspace({ endpoint, recoveryKit: this.#recoveryKit, label })
    const { apiKey, clientId, clientKey, workspaceCRN } = unwrap(recovered)
    return { apiKey, clientId, clientKey, workspaceCRN }
  }

  /** kill -9, and a start on what is on disk. */
  async crash(): Promise<void> {
    this.kills += 1
    await this.server.kill()
    await this.server.start()
  }

  /** Does something during which the server is killed; again where nobody learned whether it happened. */
  async throughCrash<T>(afterMs: number, work: () => Promise<Result<T>>): Promise<Result<T>[]> {
    const under = work()
    await sleep(afterMs)
    await this.crash()
    const results = [await under]
    while (results.at(-1)?.failure?.type === "NetworkError") results.push(await work())
    return results
  }

  /** What the server itself says to the last token of a machine, past all that the SDK checks: `"seeds"`, or a code. */
  async askForSeeds(machine: Machine, { epoch, name }: Environment, what: "generate" | "retrieve"): Promise<string> {
    const { token } = this.of(machine)
    if (token === undefined) return "no token"
    const keyIds = Buffer.alloc(16, 1).toString("base64url")
    const response = await fetch(`${this.server.url}/v1/keysets/${name}/data-keys/${what}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(what === "generate" ? { count: 1 } : { groups: [{ epoch, keyIds }] }),
    })
    const answer = (await response.json()) as { keySeeds?: string; groups?: unknown; code?: string }
    return response.ok && (answer.keySeeds !== undefined || answer.groups !== undefined) ? "seeds" : `${answer.code}`
  }

  async end(): Promise<void> {
    for (const computer of this.#computers.values()) await computer.close()
    await this.server.stop()
  }
}
