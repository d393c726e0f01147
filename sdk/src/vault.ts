/** The operations of `Secrets` on checked arguments: each one call, with its deadline, environment and turn. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { valueMaxLength as usualValueMaxLength } from "@halfkey/core/formats/record"
import { wipe } from "@halfkey/core/primitives/bytes"
import type { CallScope } from "./call-scope.ts"
import { readDiscovery } from "./discovery.ts"
import { notFound } from "./not-found.ts"
import type { CallOptions } from "./options.ts"
import type { Secret, SecretChange, SecretMetadata, SecretVersion } from "./secret.ts"
import { valueTooLarge } from "./secret-arguments.ts"
import type { Session } from "./session.ts"
import type { SessionHolder } from "./session-holder.ts"
import type { NameAndVersion } from "./vault-answers.ts"
import { changesSince } from "./vault-changes.ts"
import { listSecrets, listVersions, secretHistory } from "./vault-list.ts"
import { type OpenedSecret, readEverything, readNamed } from "./vault-read.ts"
import { rollbackWrite } from "./vault-rollback.ts"
import { type Write, writeAll } from "./vault-write.ts"
import { type Watch, Watcher, type WatchListener, type WatchOptions } from "./watch.ts"
import { WriteQueue } from "./write-queue.ts"

export class Vault {
  readonly #holder: SessionHolder
  readonly #queue = new WriteQueue()
  readonly #watchers = new Set<Watcher>()
  #valueMaxLength: number | undefined

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  /** For a trace: `undefined` where none is named, or it is none. */
  environmentOf(options: CallOptions): string | undefined {
    try {
      return this.#holder.session.environmentOf(options)
    } catch {
      return undefined
    }
  }

  /** Throws `secret_not_found` where it was never written or is deleted. */
  async readOne(options: CallOptions, wanted: NameAndVersion): Promise<Secret> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.runRead(options, async (scope) => {
      const found = await readNamed(session, scope, environment, [wanted])
      const [secret] = live(found, [wanted.name], environment, wanted.version)
      if (secret === undefined) throw new HalfkeyError("unexpected", "a secret was read and is gone")
      return secret
    })
  }

  /** In the order asked. Throws `secret_not_found` naming all that are missing. */
  async readMany(options: CallOptions, names: readonly string[]): Promise<Secret[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.runRead(options, async (scope) => {
      const wanted = names.map((name) => ({ name }))
      return live(await readNamed(session, scope, environment, wanted), names, environment)
    })
  }

  /** Those of these names that there are, or all. */
  async readPresent(
    options: CallOptions,
    names: readonly string[] | undefined,
  ): Promise<{ environment: string; secrets: Secret[] }> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    if (names === undefined) return { environment, secrets: await this.readAll(options) }
    const wanted = names.map((name) => ({ name }))
    const found = await session.runRead(options, async (scope) => await readNamed(session, scope, environment, wanted))
    return { environment, secrets: valuesOf(found.values()) }
  }

  async readAll(options: CallOptions): Promise<Secret[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.runRead(options, async (scope) => {
      return valuesOf(await readEverything(session, scope, environment))
    })
  }

  async writeOne(options: CallOptions, write: Write): Promise<SecretMetadata> {
    const [written] = await this.write(options, [write])
    if (written === undefined) throw new HalfkeyError("unexpected", "a secret was written and is gone")
    return written
  }

  /** One call: what is found out and what is written share its deadline. */
  async rollback(options: CallOptions, name: string, to: number | undefined): Promise<SecretMetadata> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.run(options, async (scope) => {
      const write = await rollbackWrite(session, scope, environment, { name, to })
      const [written] = await this.#writeIn(session, scope, environment, [write]).finally(() => wipeValues([write]))
      if (written === undefined) throw new HalfkeyError("unexpected", "a secret was written and is gone")
      return written
    })
  }

  async changesSince(options: CallOptions, time: number, names?: readonly string[]): Promise<SecretChange[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.run(options, async (scope) => await changesSince(session, scope, environment, { time, names }))
  }

  /** Takes the values over, and overwrites them at the end. */
  async write(options: CallOptions, writes: readonly Write[]): Promise<SecretMetadata[]> {
    try {
      return await this.#write(options, writes)
    } finally {
      wipeValues(writes)
    }
  }

  async list(options: CallOptions, prefix: string | undefined): Promise<SecretMetadata[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.runRead(options, async (scope) => await listSecrets(session, scope, environment, prefix))
  }

  async history(options: CallOptions, name: string): Promise<SecretVersion[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    return await session.run(options, async (scope) => await secretHistory(session, scope, environment, name))
  }

  async watch(names: readonly string[], listener: WatchListener, options: WatchOptions): Promise<Watch> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    let isBeginning = true
    const source = {
      versions: (call: CallOptions) =>
        session.run(call, async (scope) => await listVersions(session, scope, environment, names)),
      read: (call: CallOptions, changed: readonly string[]) => {
        const wanted = changed.map((name) => ({ name }))
        const read = async (scope: CallScope) => await readNamed(session, scope, environment, wanted)
        // What changed is never what was cached.
        const isFirst = isBeginning
        isBeginning = false
        return isFirst ? session.runRead(call, read) : session.run(call, read)
      },
    }
    const watcher = new Watcher(source, names, listener, options)
    for (const each of this.#watchers) if (each.over) this.#watchers.delete(each)
    this.#watchers.add(watcher)
    return { secrets: await watcher.start(), stop: () => watcher.stop() }
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.stop()
    await this.#holder.close()
  }

  async #write(options: CallOptions, writes: readonly Write[]): Promise<SecretMetadata[]> {
    const { session } = this.#holder
    const environment = session.environmentOf(options)
    if (writes.length === 0) return []
    return await session.run(options, async (scope) => await this.#writeIn(session, scope, environment, writes))
  }

  /** Waits for its turn behind other writes of the same names. */
  async #writeIn(
    session: Session,
    scope: CallScope,
    environment: string,
    writes: readonly Write[],
  ): Promise<SecretMetadata[]> {
    const keys = writes.map(({ name }) => `${environment}\n${name}`)
    return await this.#queue.run(
      keys,
      (turn) => scope.race(turn),
      async () => {
        await this.#checkLengths(session, scope, writes)
        return await writeAll(session, scope, environment, writes)
      },
    )
  }

  /** Every server takes the usual length; for more it is asked once what it is configured to. */
  async #checkLengths(session: Session, scope: CallScope, writes: readonly Write[]): Promise<void> {
    for (const { name, plaintext } of writes) {
      const length = plaintext.kind === "value" ? plaintext.value.length : 0
      if (length <= usualValueMaxLength) continue
      this.#valueMaxLength ??= (await readDiscovery(session.http, scope)).valueMaxLength
      if (length > this.#valueMaxLength) throw valueTooLarge(name, length, this.#valueMaxLength)
    }
  }
}

function wipeValues(writes: readonly Write[]): void {
  for (const { plaintext } of writes) if (plaintext.kind === "value") wipe(plaintext.value)
}

/** Without deletions. */
function valuesOf(found: Iterable<OpenedSecret>): Secret[] {
  return [...found].flatMap(({ metadata, value }) => (value === undefined ? [] : [{ ...metadata, value }]))
}

/** The values of these names, in their order. Throws `secret_not_found` naming all that have none. */
function live(
  found: ReadonlyMap<string, OpenedSecret>,
  names: readonly string[],
  environment: string,
  version?: number,
): Secret[] {
  const secrets: Secret[] = []
  const missing: string[] = []
  for (const name of names) {
    const { metadata, value } = found.get(name) ?? {}
    if (metadata !== undefined && value !== undefined) secrets.push({ ...metadata, value })
    else missing.push(name)
  }
  if (missing.length === 0) return secrets
  throw notFound(missing, environment, version)
}
