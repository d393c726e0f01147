/** The class `Secrets`: arguments are checked here, and what a call gives is made a `Result`. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { requireFunction, wrongType } from "./argument-types.ts"
import { requireOptionTypes } from "./configuration.ts"
import { toResult } from "./failure.ts"
import {
  type LoadAllOptions,
  type Loaded,
  type LoadOptions,
  loadPlan,
  type Schemas,
  type TakesText,
  validated,
} from "./load.ts"
import type { CallOptions, SecretsOptions } from "./options.ts"
import type { Result } from "./result.ts"
import type {
  ChangesOptions,
  RollbackOptions,
  Secret,
  SecretChange,
  SecretMetadata,
  SecretVersion,
  SetManyOptions,
  SetOptions,
} from "./secret.ts"
import {
  checkedName,
  checkedNames,
  checkedTime,
  checkedVersion,
  copiedValue,
  type SecretEntries,
  textOf,
  writesOf,
} from "./secret-arguments.ts"
import { SessionHolder } from "./session-holder.ts"
import type { SchemaOutput, StandardSchema } from "./standard-schema.ts"
import { type Tracer, traced } from "./tracing.ts"
import { Vault } from "./vault.ts"
import type { Watch, WatchListener, WatchOptions } from "./watch.ts"

/**
 * The secrets of one workspace. Every method resolves to a `Result` and rejects for nothing but parameters of a wrong
 * type. Values are sealed and opened here: the server sees names, padded sizes, times and who asks for what.
 * @example
 * const secrets = new Secrets({ environment: "production" })
 * const { data, failure } = await secrets.get("DATABASE_URL")
 * if (failure) console.error(failure.message, failure.hint)
 * else console.log(data) // prints postgres://localhost/app
 * await secrets.close()
 */
export class Secrets {
  readonly #vault: Vault
  readonly #tracer: Tracer | undefined

  /**
   * Reads options and variables, and sends nothing. A setting that is missing or mistyped is the failure of every call,
   * before any request, so that a program handles it like every other failure.
   * @throws TypeError for an option of a wrong type
   */
  constructor(options: SecretsOptions = {}) {
    requireOptionTypes(options)
    this.#tracer = options.tracer
    this.#vault = new Vault(new SessionHolder(options, "required"))
  }

  /**
   * Writes a value: text as UTF-8, or bytes; empty ones too. At most 64 KiB unless the server is configured otherwise.
   * @example
   * unwrap(await secrets.set("API_TOKEN", "t-1", { ifVersion: 0 })) // only if there is none
   */
  set(
    name: string,
    value: string | Uint8Array,
    options: SetOptions & CallOptions = {},
  ): Promise<Result<SecretMetadata>> {
    return this.#call("set", options, async () => {
      const write = {
        name: checkedName(name),
        plaintext: copiedValue(value, name),
        ifVersion: options.ifVersion === undefined ? undefined : checkedVersion(options.ifVersion, 0, "ifVersion"),
      }
      return await this.#vault.writeOne(options, write)
    })
  }

  /**
   * Writes and deletes up to 500 secrets, all or nothing. Answers in the order given, deletions last.
   * @example
   * unwrap(await secrets.setMany({ "mail/USER": "app", "mail/OLD": "1" }))
   * unwrap(await secrets.setMany({ "mail/USER": "app2" }, { delete: ["mail/OLD"] }))
   */
  setMany(entries: SecretEntries, options: SetManyOptions & CallOptions = {}): Promise<Result<SecretMetadata[]>> {
    return this.#call("setMany", options, async () => await this.#vault.write(options, writesOf(entries, options)))
  }

  /**
   * The value as text. Fails with `lossy_format` where it is not text: use `getBytes` then.
   * @example
   * console.log(unwrap(await secrets.get("PORT"))) // prints 8080
   */
  get(name: string, options: CallOptions = {}): Promise<Result<string>> {
    return this.#call("get", options, async () => {
      const { value } = await this.#vault.readOne(options, { name: checkedName(name) })
      return textOf(value, name)
    })
  }

  /**
   * The value as bytes.
   * @example
   * unwrap(await secrets.set("LOGO", new Uint8Array([137, 80])))
   * console.log(unwrap(await secrets.getBytes("LOGO"))) // prints Uint8Array(2) [ 137, 80 ]
   */
  getBytes(name: string, options: CallOptions = {}): Promise<Result<Uint8Array>> {
    return this.#call(
      "getBytes",
      options,
      async () => (await this.#vault.readOne(options, { name: checkedName(name) })).value,
    )
  }

  /**
   * Values as text, by name, and typed by it; any number of names, a request for each 500. Fails naming all that are missing.
   * @example
   * const { DATABASE_URL, PORT } = unwrap(await secrets.getMany(["DATABASE_URL", "PORT"]))
   * console.log(DATABASE_URL, PORT) // prints postgres://localhost/app 8080
   */
  getMany<N extends string>(names: readonly N[], options: CallOptions = {}): Promise<Result<Record<N, string>>> {
    return this.#call("getMany", options, async () => {
      const secrets = await this.#vault.readMany(options, checkedNames(names))
      // fromEntries, since a secret may be called __proto__.
      return Object.fromEntries(secrets.map(({ name, value }) => [name, textOf(value, name)])) as Record<N, string>
    })
  }

  /**
   * One version, current or earlier. Fails with `secret_not_found` for a version that is a deletion.
   * @example
   * unwrap(await secrets.set("KEY", "one"))
   * unwrap(await secrets.set("KEY", "two"))
   * const { value } = unwrap(await secrets.getVersion("KEY", 1))
   * console.log(new TextDecoder().decode(value)) // prints one
   */
  getVersion(name: string, version: number, options: CallOptions = {}): Promise<Result<Secret>> {
    return this.#call(
      "getVersion",
      options,
      async () =>
        await this.#vault.readOne(options, { name: checkedName(name), version: checkedVersion(version, 1, "version") }),
    )
  }

  /**
   * Every live secret, in order of name.
   * @example
   * const names = unwrap(await secrets.readAll()).map(({ name }) => name)
   * console.log(names.includes("PORT")) // prints true
   */
  readAll(options: CallOptions = {}): Promise<Result<Secret[]>> {
    return this.#call("readAll", options, async () => await this.#vault.readAll(options))
  }

  /**
   * Like `getMany`, with bytes and metadata, in the order asked.
   * @example
   * const [url] = unwrap(await secrets.readMany(["DATABASE_URL"]))
   * console.log(url?.name, url?.environment) // prints DATABASE_URL production
   */
  readMany(names: readonly string[], options: CallOptions = {}): Promise<Result<Secret[]>> {
    return this.#call("readMany", options, async () => await this.#vault.readMany(options, checkedNames(names)))
  }

  /**
   * Secrets by schema: any Standard Schema (zod, valibot, arktype and others) for each name, or one for an object of all
   * secrets. Reads just the names that are given, in one request. A secret that is missing is `undefined` to its schema,
   * which may allow that or put a default in its place. The failure names every secret that is missing or does not fit, and
   * shows neither a value nor what a validator says about one.
   * @example
   * const { PORT } = unwrap(await secrets.load({ DATABASE_URL: z.url(), PORT: z.coerce.number() }))
   * console.log(PORT + 1) // prints 8081
   */
  load<Schema extends StandardSchema>(schema: Schema, options?: LoadAllOptions): Promise<Result<SchemaOutput<Schema>>>
  load<const Given extends Schemas>(
    schemas: Given & TakesText<Given>,
    options?: LoadOptions,
  ): Promise<Result<Loaded<Given>>>
  load(schema: unknown, options: LoadAllOptions = {}): Promise<Result<unknown>> {
    return this.#call("load", options, async () => {
      requireFunction(options.onIssue, "onIssue")
      const plan = loadPlan(schema, options)
      const { environment, secrets } = await this.#vault.readPresent(options, plan.names)
      return await validated(plan, secrets, environment, options.onIssue)
    })
  }

  /**
   * Calls `listener` with what changed: written, deleted, come back. Resolves when it has read what there is, which is no
   * change; names may be missing. After that it asks for versions in one small request each time, and reads what has another.
   * Outages are survived, and told to `onFailure`. It ends by `stop()`, by `signal` and by `close()`.
   * @example
   * const watch = unwrap(await secrets.watch(["DATABASE_URL"], ([change]) => console.log(change?.text)))
   * console.log(watch.secrets.length) // prints 1
   * watch.stop()
   */
  watch(names: readonly string[], listener: WatchListener, options: WatchOptions = {}): Promise<Result<Watch>> {
    return this.#call("watch", options, async () => {
      if (typeof listener !== "function") throw wrongType("listener", "a function", listener)
      requireFunction(options.onFailure, "onFailure")
      const checked = checkedNames(names)
      if (checked.length === 0) throw new HalfkeyError("invalid_argument", "there is no name to watch")
      return await this.#vault.watch(checked, listener, options)
    })
  }

  /**
   * Names and versions of all live secrets, in order of name. Opens nothing: what it says is the server's word.
   * @example
   * const found = unwrap(await secrets.list({ prefix: "DATABASE" }))
   * console.log(found.map(({ name }) => name).join()) // prints DATABASE_URL
   */
  list(options: { readonly prefix?: string | undefined } & CallOptions = {}): Promise<Result<SecretMetadata[]>> {
    return this.#call("list", options, async () => await this.#vault.list(options, options.prefix))
  }

  /**
   * Deletes: writes a sealed mark, so that older values stay in the history. Fails where there is no such secret.
   * @example
   * unwrap(await secrets.set("OLD", "1"))
   * unwrap(await secrets.delete("OLD"))
   * console.log((await secrets.get("OLD")).failure?.code) // prints secret_not_found
   */
  delete(name: string, options: SetOptions & CallOptions = {}): Promise<Result<SecretMetadata>> {
    return this.#call("delete", options, async () => {
      const ifVersion = options.ifVersion === undefined ? undefined : checkedVersion(options.ifVersion, 1, "ifVersion")
      return await this.#vault.writeOne(options, {
        name: checkedName(name),
        plaintext: { kind: "tombstone" },
        ifVersion,
      })
    })
  }

  /**
   * All versions, newest first, deletions included. What it says is the server's word.
   * @example
   * unwrap(await secrets.set("TOKEN", "one"))
   * for (const { version } of unwrap(await secrets.history("TOKEN"))) console.log(version) // prints 1
   */
  history(name: string, options: CallOptions = {}): Promise<Result<SecretVersion[]>> {
    return this.#call("history", options, async () => await this.#vault.history(options, checkedName(name)))
  }

  /**
   * Writes the value of an earlier version again, as a new one, if nobody else writes meanwhile (`version_conflict`). A
   * deleted secret comes back. Fails with `secret_not_found` where there is no such version, or it is a deletion.
   * @example
   * unwrap(await secrets.set("LEVEL", "info"))
   * unwrap(await secrets.set("LEVEL", "debug"))
   * unwrap(await secrets.rollback("LEVEL")) // or { to: 1 }
   * console.log(unwrap(await secrets.get("LEVEL"))) // prints info
   */
  rollback(name: string, options: RollbackOptions & CallOptions = {}): Promise<Result<SecretMetadata>> {
    return this.#call("rollback", options, async () => {
      const to = options.to === undefined ? undefined : checkedVersion(options.to, 1, "to")
      return await this.#vault.rollback(options, checkedName(name), to)
    })
  }

  /**
   * What was written since a time, deletions included, in order of name: as it is now, and as it was then. To go back to
   * that time, write it with `setMany`, each name on the condition of `now.version`. Which version was the newest then is the
   * server's word, as all its times are. Text of a time is RFC 3339, or a date, which means its beginning in UTC.
   * @example
   * for (const { before, name, now } of unwrap(await secrets.changesSince("2020-01-31", { names: ["PORT"] })))
   *   console.log(name, before?.version, now.value !== undefined) // prints PORT undefined true
   */
  changesSince(time: Date | string, options: ChangesOptions & CallOptions = {}): Promise<Result<SecretChange[]>> {
    return this.#call("changesSince", options, async () => {
      const names = options.names === undefined ? undefined : checkedNames(options.names)
      return await this.#vault.changesSince(options, checkedTime(time), names)
    })
  }

  /**
   * Ends watches, waits for calls under way, then overwrites all keys in memory. Later calls fail.
   * @example
   * await secrets.close()
   * console.log((await secrets.get("PORT")).failure?.code) // prints invalid_argument
   */
  async close(): Promise<void> {
    await this.#vault.close()
  }

  #call<T>(method: string, options: CallOptions, work: () => Promise<T>): Promise<Result<T>> {
    return traced(this.#tracer, method, this.#vault.environmentOf(options), () => toResult(work))
  }
}
