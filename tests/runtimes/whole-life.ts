/**
 * What a program can do with the package, from a new workspace to the last close, each answer looked at. It runs in other runtimes than
 * this one, so it imports nothing, and gets the package handed in.
 */

/** What both entries export. */
type Package = typeof import("halfkey/admin") &
  typeof import("halfkey/cache") &
  typeof import("halfkey/encryption") &
  typeof import("halfkey/secrets")

/** What a program that lived it prints. */
export interface Report {
  /** Of the runtime. */
  readonly version: string
  readonly done: readonly string[]
}

/** Throws at the first thing that is not as it should be; resolves to what was done, in order. */
export async function wholeLife(
  halfkey: Package,
  endpoint: string,
  setupToken: string,
  oddEndpoints: Readonly<Record<string, string>>,
  cacheFolder: string,
): Promise<string[]> {
  const {
    Admin,
    checkRecoveryKit,
    createWorkspace,
    Encryption,
    encryptedColumn,
    encryptedTable,
    fileCache,
    fileDevice,
    newDevice,
    recoverWorkspace,
    Secrets,
    unwrap,
  } = halfkey
  const done: string[] = []
  /** Keeps any later number of milliseconds from deciding: machines that test are busy. */
  const timeoutMs = 60_000
  const is = (what: string, actual: unknown, expected: unknown) => {
    const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
    if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`)
    done.push(what)
  }

  const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", timeoutMs }))
  is("createWorkspace", unwrap(await checkRecoveryKit(made.recoveryKit, made.workspaceCRN)), {
    workspaceId: made.workspaceCRN.split(":").at(-1),
  })
  const { recoveryKit, ...first } = made
  const settings = { endpoint, timeoutMs, env: {} }
  const admin = new Admin({ ...first, ...settings })
  unwrap(await admin.environments.create("web"))
  unwrap(await admin.environments.create("fields", { kind: "tenant" }))
  const listed = unwrap(await admin.environments.list())
  is(
    "environments",
    listed.map(({ name }) => name),
    ["development", "fields", "production", "staging", "web"],
  )
  const { credentials } = unwrap(
    await admin.clients.create({ label: "app", environments: [{ name: "web" }, { name: "fields" }], apiKey: {} }),
  )

  // Nothing is known of this client yet: its half is opened by X-Wing, and afterwards by its self-wrap.
  const options = { ...credentials, ...settings, environment: "web" }
  const app = new Secrets(options)
  is("a first write by X-Wing", unwrap(await app.set("GREETING", "grüß dich 🔑")).version, 1)
  const again = new Secrets(options)
  is("get, by the self-wrap", unwrap(await again.get("GREETING")), "grüß dich 🔑")

  const large = new Uint8Array(70_000).map((_, index) => index)
  const bytes = large.subarray(5, 5 + 65_536)
  unwrap(await app.set("BYTES", bytes))
  const opened = unwrap(await again.getBytes("BYTES"))
  is(
    "getBytes, 64 KiB of a larger buffer",
    [opened.constructor.name, opened.length, opened.every((byte, at) => byte === bytes[at])],
    ["Uint8Array", 65_536, true],
  )
  is("a buffer of its own", opened.byteOffset === 0 && opened.buffer.byteLength === opened.length, true)

  unwrap(await app.setMany({ PORT: "8080", EMPTY: "", OLD: "1" }))
  unwrap(await app.setMany({ URL: "postgres://db" }, { delete: ["OLD"] }))
  is("setMany and getMany", unwrap(await app.getMany(["PORT", "EMPTY", "URL"])), {
    PORT: "8080",
    EMPTY: "",
    URL: "postgres://db",
  })
  const names = unwrap(await app.list()).map(({ name }) => name)
  is("list", names, ["BYTES", "EMPTY", "GREETING", "PORT", "URL"])

  const before = new Date(Date.parse(unwrap(await app.history("URL"))[0]?.createdAt ?? "") + 1)
  while (Date.now() <= before.getTime()) await new Promise((resolve) => setTimeout(resolve, 1))
  unwrap(await app.set("PORT", "9090", { ifVersion: 1 }))
  const changes = unwrap(await app.changesSince(before, { names: ["PORT"] }))
  is(
    "changesSince",
    changes.map(({ before, name, now }) => [name, before?.version, now.version]),
    [["PORT", 1, 2]],
  )
  is("rollback", [unwrap(await app.rollback("PORT")).version, unwrap(await app.get("PORT"))], [3, "8080"])
  unwrap(await app.delete("EMPTY"))
  const versions = unwrap(await app.history("EMPTY")).map(({ deleted, version }) => [version, deleted])
  is("delete and history", versions, [
    [2, true],
    [1, false],
  ])

  const schema = {
    "~standard": {
      version: 1,
      vendor: "life",
      validate: async (text: unknown) =>
        Number(text) > 0 ? { value: Number(text) } : { issues: [{ message: `${text}` }] },
    },
  } as const
  is("load", unwrap(await app.load({ PORT: schema })), { PORT: 8080 })
  const { failure } = await app.load({ PORT: schema, URL: schema, EMPTY: schema })
  is(
    "a failure",
    [failure?.type, failure?.code, JSON.stringify(failure).includes("postgres")],
    ["ClientError", "schema_mismatch", false],
  )
  is("a conflict", (await app.set("PORT", "1", { ifVersion: 1 })).failure?.code, "version_conflict")

  let heard: (text: string | undefined) => void = () => {}
  const change = new Promise<string | undefined>((resolve) => {
    heard = resolve
  })
  const watch = unwrap(await app.watch(["PORT"], ([each]) => heard(each?.text), { intervalMs: 100 }))
  unwrap(await again.set("PORT", "7070"))
  is("watch", await change, "7070")
  watch.stop()

  const aborted = new AbortController()
  const call = app.get("PORT", { signal: aborted.signal })
  aborted.abort()
  is("AbortSignal", (await call).failure?.code, "aborted")
  const silent = new Secrets({
    ...options,
    timeoutMs: 50,
    transport: async ({ signal }) =>
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  })
  is("a deadline", (await silent.get("PORT")).failure?.code, "timeout")
  const nowhere = new Secrets({ ...options, apiKey: `${options.apiKey?.slice(0, -1)}` })
  is("a typing error", (await nowhere.get("PORT")).failure?.code, "invalid_key_text")

  for (const [odd, code] of Object.entries(oddEndpoints)) {
    const lost = new Secrets({ ...options, endpoint: odd })
    is(odd.replace(/.*\//, "an answer that is "), (await lost.get("PORT")).failure?.code, code)
    await lost.close()
  }

  const cache = { maxStale: 3600, store: fileCache(cacheFolder) }
  const kept = new Secrets({ ...options, cache })
  unwrap(await kept.get("PORT"))
  await kept.close()
  const offline = new Secrets({ ...options, cache: { ...cache, only: true } })
  is("a cache in files", unwrap(await offline.get("PORT")), "7070")
  await offline.close()

  const users = encryptedTable("users", {
    email: encryptedColumn("email"),
    age: encryptedColumn("age", "bigint"),
    face: encryptedColumn("face", "bytes"),
    about: encryptedColumn("about", "json"),
  })
  const { environment: _, ...own } = options
  const fields = await Encryption({ schemas: [users], config: { ...own, keyset: { name: "fields" } } })
  const ada = { id: 1, email: "ada 🔑", age: 36n, face: Uint8Array.of(0, 255), about: { a: [-0.5, null] } }
  const row = unwrap(await fields.encryptModel(ada, { table: users, row: ada.id }))
  const { age, face, ...others } = unwrap(await fields.decryptModel(row, { table: users, row: ada.id }))
  is("fields", [others.email, others.about, `${age}`, [...face]], ["ada 🔑", { a: [-0.5, null] }, "36", [0, 255]])
  is("a moved field", (await fields.decryptModel(row, { table: users, row: 2 })).failure?.check, "commit")
  await fields.close()

  const many = await Promise.all(Array.from({ length: 20 }, () => again.get("PORT")))
  is("twenty at once", [...new Set(many.map(unwrap))], ["7070"])

  const device = unwrap(await newDevice(made.workspaceCRN))
  const { code } = unwrap(await fileDevice({ endpoint, device, label: "laptop", timeoutMs }))
  const approved = { code, environments: [{ name: "web" }] }
  unwrap(await admin.devices.approve(approved, { compare: ({ codeWasTyped }) => codeWasTyped }))
  const { nonce, ...keys } = device
  const laptop = new Secrets({ ...keys, ...settings, device: true, environment: "web" })
  is("a device", [unwrap(await laptop.get("PORT")), nonce.length], ["7070", 43])

  unwrap(await admin.grants.add(made.clientId, ["web"]))
  const rotated = unwrap(await admin.environments.rotate("web"))
  is("rotate", [rotated.epoch, unwrap(await again.get("PORT"))], [2, "7070"])
  is("audit", unwrap(await admin.audit.verify()).receipts > 0, true)
  unwrap(await admin.clients.revoke(credentials.clientId))
  is("a revoked client", (await app.get("PORT")).failure !== undefined, true)

  await Promise.all([admin, app, again, laptop, nowhere, silent].map((each) => each.close()))
  is("close", (await app.get("PORT")).failure?.code, "invalid_argument")
  const recovered = unwrap(await recoverWorkspace({ endpoint, recoveryKit, label: "after the fire", timeoutMs }))
  const survivor = new Secrets({ ...recovered, ...settings, environment: "web" })
  is("recoverWorkspace", unwrap(await survivor.get("GREETING")), "grüß dich 🔑")
  await survivor.close()
  return done
}
