/** Runs examples of the API reference in the order of its pages, each with what they take for granted. Started by a test. */
import { inspect } from "node:util"
import { Admin, type NewWorkspace } from "halfkey/admin"
import { Encryption, type EncryptionClient, encryptedColumn, encryptedTable } from "halfkey/encryption"
import { Secrets, unwrap } from "halfkey/secrets"
import { startTestWorkspace, type TestWorkspace } from "halfkey/testing"

/** What examples use without saying where it is from. */
export interface Scene {
  /** Of the environment production, which holds DATABASE_URL, PORT and LOG_LEVEL. */
  readonly secrets: Secrets
  readonly admin: Admin
  /** Of a client called worker, a member of staging. */
  readonly clientId: string
  readonly endpoint: string
  readonly workspaceCRN: string
  readonly recoveryKit: string
  /** Of another server, which has no workspace. */
  readonly setupToken: string
  readonly place: TestWorkspace
  /** Of the key set production. */
  readonly encryption: EncryptionClient
  readonly users: typeof users
}

export interface Example {
  readonly name: string
  /** Which parts of the scene it uses. */
  readonly uses: readonly (keyof Scene)[]
  readonly run: (scene: Scene) => Promise<void>
}

/** What became of one. */
export interface Outcome {
  readonly name: string
  readonly printed: string
  /** Codes of failures that calls of `secrets` and `admin` resolved to. */
  readonly failures: readonly string[]
  readonly error: string | undefined
}

export interface Orders {
  readonly made: NewWorkspace
  readonly endpoint: string
  readonly empty: { readonly endpoint: string; readonly setupToken: string }
}

const users = encryptedTable("users", { email: encryptedColumn("email"), age: encryptedColumn("age", "number") })
const values = { DATABASE_URL: "postgres://localhost/app", PORT: "8080", LOG_LEVEL: "info", STRIPE_KEY: "sk_test_1" }

export async function runExamples(examples: readonly Example[], { empty, endpoint, made }: Orders): Promise<void> {
  const { recoveryKit, ...credentials } = made
  const settings = { ...credentials, endpoint, timeoutMs: 60_000 }
  const steward = new Admin(settings)
  const seed = new Secrets({ ...settings, environment: "production" })
  let hasTenant = false
  for (const { name, run, uses } of examples) {
    const failures: string[] = []
    const printed: string[] = []
    console.log = (...words: unknown[]) => printed.push(words.map((word) => shown(word)).join(" "))
    let error: string | undefined
    const [secrets, admin] = [new Secrets({ ...settings, environment: "production" }), new Admin(settings)]
    const encryption = await Encryption({
      schemas: [users],
      config: { ...settings, keyset: { name: "tenant-initech" } },
    })
    let clientId = ""
    let place: TestWorkspace | undefined
    try {
      unwrap(await seed.setMany(values))
      if (uses.includes("users") && !hasTenant) {
        unwrap(await steward.environments.create("tenant-initech", { kind: "tenant" }))
        hasTenant = true
      }
      if (uses.includes("clientId")) {
        const worker = { label: "worker", environments: [{ name: "staging" }] }
        clientId = unwrap(await steward.clients.create(worker)).client.clientId
      }
      if (uses.includes("place")) place = unwrap(await startTestWorkspace({ timeoutMs: 60_000 }))
      const { workspaceCRN } = made
      const own = uses.includes("setupToken") ? empty : { endpoint, setupToken: "" }
      const watched = { secrets: watching(secrets, failures), admin: watching(admin, failures), users }
      const watchedEncryption = watching(encryption, failures)
      await run({
        ...watched,
        ...own,
        encryption: watchedEncryption,
        clientId,
        workspaceCRN,
        recoveryKit,
        place: place as TestWorkspace,
      })
    } catch (thrown) {
      error = thrown instanceof Error ? `${thrown.stack}` : `${thrown}`
    }
    await Promise.all([secrets.close(), admin.close(), encryption.close(), place?.close()])
    if (clientId !== "") {
      await steward.granters.remove(clientId)
      await steward.clients.revoke(clientId)
    }
    await steward.environments.enable("staging")
    const outcome: Outcome = { name, printed: printed.join("\n"), failures, error }
    process.stdout.write(`${JSON.stringify(outcome)}\n`)
  }
  await Promise.all([seed.close(), steward.close()])
}

/** As a console shows it. */
function shown(word: unknown): string {
  return typeof word === "string" ? word : inspect(word)
}

/** The same object, whose calls tell the codes of their failures. */
function watching<T extends object>(target: T, failures: string[]): T {
  return new Proxy(target, {
    get: (_, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member === "function") {
        return (...words: unknown[]) => {
          const answer: unknown = member.apply(target, words)
          if (answer instanceof Promise) void answer.then((result) => told(result, failures)).catch(() => {})
          return answer
        }
      }
      return typeof member === "object" && member !== null ? watching(member, failures) : member
    },
  })
}

function told(result: unknown, failures: string[]): void {
  const { failure } = (result ?? {}) as { failure?: { code: string } }
  if (failure !== undefined) failures.push(failure.code)
}
