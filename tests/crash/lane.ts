/** One server with its writers: written to, killed and started again, and looked at after each start. */

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fromBase64Url } from "@halfkey/core/primitives/bytes"
import { createWorkspace, type NewWorkspace } from "halfkey/admin"
import { Secrets, type SecretsOptions, unwrap } from "halfkey/secrets"
import { problemsOfHeads, problemsOfProofs, storedCheckpoint } from "./audit-tree.ts"
import { Chance } from "./chance.ts"
import { type OpenedValues, problemsInValues, problemsOnDisk } from "./check.ts"
import { type Fault, failCalls, fsyncs } from "./disk-fault.ts"
import { attemptIn, Model } from "./model.ts"
import { type Ended, ServerProcess, tooLate } from "./server-process.ts"
import { readSnapshot, type Snapshot, type StoredVersion } from "./snapshot.ts"
import { recording, type UsedAssertion, Writer } from "./writers.ts"

const writersPerLane = 4
/** An assertion that is older may be refused for its age instead. */
const replayWithinMs = 20_000

export class Lane {
  readonly model = new Model()
  readonly problems: string[] = []
  /** Checkpoints that were on disk after a start. */
  readonly heads = new Set<string>()
  readonly chance: Chance
  /** Kills with a write under way; starts that were killed; replays that were tried. */
  readonly counts = { kills: 0, startsKilled: 0, replays: 0 }
  server: ServerProcess
  readonly #writers: Writer[] = []
  readonly #running: Promise<void>[] = []
  #workspace: NewWorkspace | undefined
  #snapshot: Snapshot | undefined
  #assertion: UsedAssertion | undefined
  #commitSent: (() => void) | undefined
  #wakeUp: (() => void)[] = []
  #fail: (error: unknown) => void = () => {}
  /** Rejects with what a writer could not explain. */
  readonly #failed = new Promise<never>((_, reject) => {
    this.#fail = reject
  })

  constructor(program: string, dataDirectory: string, seed: number) {
    this.server = new ServerProcess(dataDirectory, {}, program)
    this.chance = new Chance(seed)
  }

  /** Makes the workspace and lets the writers loose. */
  async begin(): Promise<void> {
    const endpoint = await this.server.start()
    const setupToken = readFileSync(join(this.server.dataDirectory, "setup-token"), "utf8").trim()
    const environments = ["development"]
    const label = "crash test"
    this.#workspace = unwrap(await createWorkspace({ endpoint, setupToken, label, environments, timeoutMs: 60_000 }))
    for (let index = 0; index < writersPerLane; index++) {
      const chance = new Chance(this.chance.between(0, 2 ** 32 - 1))
      const parts = { model: this.model, chance, options: this.options, up: () => this.#up() }
      const writer = new Writer(parts)
      this.#writers.push(writer)
      const running = writer.run()
      running.catch(this.#fail)
      this.#running.push(running)
    }
  }

  get options(): SecretsOptions {
    if (this.#workspace === undefined) throw new Error("there is no workspace yet")
    const { recoveryKit: _, ...credentials } = this.#workspace
    return {
      ...credentials,
      environment: "development",
      // The transport knows where the server is.
      endpoint: "http://127.0.0.1:1",
      env: {},
      transport: recording({
        model: this.model,
        origin: () => this.server.origin,
        onCommit: () => this.#commitSent?.(),
        onToken: (used) => {
          this.#assertion = used
        },
      }),
    }
  }

  /** Kills at a random moment while clients write, starts again, and looks whether all that was acknowledged is there. */
  async crash(): Promise<void> {
    await Promise.race([this.#moment(), this.#failed, tooLate("nothing was written")])
    if (this.model.underWay.size > 0) this.counts.kills++
    await this.server.kill()
    while (this.chance.happens(0.1)) {
      // A server that dies while it starts must not make it worse for the next one.
      this.server.launch()
      await sleep(this.chance.spread(10, 600))
      await this.server.kill()
      this.counts.startsKilled++
    }
    await this.server.start()
    for (const wake of this.#wakeUp.splice(0)) wake()
    await this.#replay()
    this.#lookAtDisk()
    if (this.chance.happens(0.25)) await this.#lookAtNewest()
  }

  /** Lets an fsync fail while clients write, waits for the server's end, and goes on as after a kill. How it ended. */
  async failDisk(): Promise<Ended> {
    await Promise.race([this.#commits(2), this.#failed, tooLate("nothing was written")])
    const when = String(this.chance.between(1, 40))
    const stop = await failCalls(this.server.pid, { calls: fsyncs, error: "EIO", when })
    const ended = await Promise.race([this.server.ended, this.#failed, tooLate("the server did not end")])
    await stop()
    await this.server.start()
    for (const wake of this.#wakeUp.splice(0)) wake()
    this.#lookAtDisk()
    return ended
  }

  /** Lets a few calls in a row fail while clients write. How many, and whether the server went on; one that ended is started again. */
  async failCalls({
    calls,
    error,
  }: Pick<Fault, "calls" | "error">): Promise<{ readonly failed: number; readonly wentOn: boolean }> {
    await Promise.race([this.#commits(2), this.#failed, tooLate("nothing was written")])
    const first = this.chance.between(1, 60)
    const when = `${first}..${first + this.chance.between(0, 8)}`
    const stop = await failCalls(this.server.pid, { calls, error, when })
    const ended = this.server.ended.then(() => false)
    const wentOn = await Promise.race([this.#commits(20).then(() => true), ended, this.#failed, tooLate("no end")])
    const failed = await stop()
    if (!wentOn) await this.server.start()
    for (const wake of this.#wakeUp.splice(0)) wake()
    this.#lookAtDisk()
    return { failed, wentOn }
  }

  /** Most kills are aimed at a commit under way, the others come whenever. */
  async #moment(): Promise<void> {
    if (this.chance.happens(0.3)) return void (await sleep(this.chance.spread(2, 300)))
    await this.#commits(this.chance.between(1, 8))
    const ms = this.chance.between(0, 8)
    if (ms > 0) await sleep(ms)
  }

  /** Waits until so many commits were sent. */
  async #commits(count: number): Promise<void> {
    for (let left = count; left > 0; left--) {
      await new Promise<void>((resolve) => {
        this.#commitSent = resolve
      })
    }
    this.#commitSent = undefined
  }

  async #up(): Promise<void> {
    if (this.server.origin !== undefined) return
    await new Promise<void>((resolve) => this.#wakeUp.push(resolve))
  }

  /** An assertion whose token was issued before the crash must not give another one after it. */
  async #replay(): Promise<void> {
    const used = this.#assertion
    this.#assertion = undefined
    if (used === undefined || Date.now() - used.at > replayWithinMs) return
    this.counts.replays++
    const response = await fetch(`${this.server.origin}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: used.body,
    })
    const answer = await response.text()
    if (response.status !== 401 || !answer.includes("the client assertion was used before")) {
      this.problems.push(`a used assertion was answered by ${response.status}: ${answer}`)
    }
  }

  /** Every head that was signed, and every receipt that arrived, against what is there in the end. How many receipts. */
  async proveReceipts(): Promise<number> {
    const { origin } = this.server
    if (origin === undefined) throw new Error("the server is down")
    // Those of the questions below are for nobody.
    const receipts = this.model.receipts.slice()
    const entries = readSnapshot(this.server.databasePath).leafHashes.size
    const { problems, proved } = await problemsOfProofs(origin, this.options, receipts, entries)
    const discovery = (await (await fetch(`${origin}/.well-known/halfkey`)).json()) as { auditKey: string }
    const auditKey = fromBase64Url(discovery.auditKey) ?? new Uint8Array(0)
    const snapshot = readSnapshot(this.server.databasePath)
    this.problems.push(...problems, ...problemsOfHeads(this.heads, snapshot, auditKey))
    return proved
  }

  #lookAtDisk(): void {
    const head = storedCheckpoint(this.server.databasePath)
    if (head !== undefined) this.heads.add(head)
    // What is acknowledged after this line may not be on disk at the time of the snapshot; nothing runs in between.
    this.#snapshot = readSnapshot(this.server.databasePath, this.#snapshot)
    this.problems.push(...problemsOnDisk(this.model, this.#snapshot))
  }

  /** What a client that knows nothing is given: the newest acknowledged value, or one that came after it. */
  async #lookAtNewest(): Promise<void> {
    const atLeast = new Map(this.model.newest)
    const reader = new Secrets(this.options)
    for (const { name, value, version } of unwrap(await reader.readAll())) {
      const id = attemptIn(new TextDecoder().decode(value))
      if (version < (atLeast.get(name) ?? 0)) this.problems.push(`${name} went back to version ${version}`)
      if (!this.model.attempts.get(id ?? 0)?.lengths.has(name)) this.problems.push(`${name} has a foreign value`)
    }
    await reader.close()
  }

  /** Lets the writers write a little more and finish; afterwards nothing is written any more. */
  async quiet(): Promise<void> {
    await Promise.race([this.#commits(100), this.#failed, tooLate("nothing was written")])
    for (const writer of this.#writers) writer.stop()
    await Promise.all(this.#running)
  }

  /** Every version of every name, opened: problems, and what was looked at. */
  async fullCheck(): Promise<{ snapshot: Snapshot; values: OpenedValues }> {
    const values = await this.openAll(readSnapshot(this.server.databasePath).versions)
    // Again, since those reads have their audit entries too.
    const snapshot = readSnapshot(this.server.databasePath)
    this.problems.push(...problemsOnDisk(this.model, snapshot))
    this.problems.push(...problemsInValues(this.model, snapshot.versions, values))
    return { snapshot, values }
  }

  /** The same for a copy of this lane's data, served by a server of its own. */
  async openAllOf(dataDirectory: string, versions: readonly StoredVersion[]) {
    const own = this.server
    this.server = new ServerProcess(dataDirectory)
    await this.server.start()
    const values = await this.openAll(versions)
    await this.server.kill()
    this.server = own
    return values
  }

  /** A version that does not open is left out, so that the check misses it. */
  async openAll(versions: readonly StoredVersion[]): Promise<Map<string, string>> {
    const reader = new Secrets({ ...this.options, timeoutMs: 60_000 })
    const values = new Map<string, string>()
    const left = versions.filter(({ deleted }) => !deleted)
    const open = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { data } = await reader.getVersion(next.name, next.version)
        if (data !== undefined) values.set(`${next.name}@${next.version}`, new TextDecoder().decode(data.value))
      }
    }
    await Promise.all(Array.from({ length: 16 }, open))
    await reader.close()
    return values
  }
}
