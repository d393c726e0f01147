/**
 * Freezes a small database of the present schema, with the keys that open it: node tools/freeze-database.ts. Once after each new
 * migration; the files stay as they are for ever, and a test brings each of them to every later schema.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { gzipSync } from "node:zlib"
import { Admin, createWorkspace, unwrap } from "halfkey/admin"
import { Secrets } from "halfkey/secrets"
import { copySqlite, serverInFile } from "../server/src/store/sqlite/snapshot.ts"

const root = join(import.meta.dirname, "..")
const folder = mkdtempSync(join(tmpdir(), "halfkey-freeze-"))

const child = spawn(process.execPath, [join(root, "server/src/main.ts")], {
  env: { HALFKEY_DATA_DIR: folder, HALFKEY_PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
})
const lines = createInterface({ input: child.stdout })
let endpoint = ""
for await (const line of lines) {
  endpoint = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? ""
  if (endpoint !== "") break
}
child.stdout.resume()

const setupToken = readFileSync(join(folder, "setup-token"), "utf8").trim()
const environments = ["production", "staging"]
const made = unwrap(await createWorkspace({ endpoint, setupToken, label: "admin", environments, timeoutMs: 60_000 }))
const { workspaceCRN, clientId, clientKey, apiKey } = made
const credentials = { workspaceCRN, clientId, clientKey, apiKey }
const admin = new Admin({ endpoint, ...credentials })
const ci = unwrap(
  await admin.clients.create({
    label: "ci",
    environments: [{ name: "production", mode: "read" }],
    apiKey: { label: "ci" },
  }),
)
const secrets = new Secrets({ endpoint, ...credentials, environment: "production" })
const production = { DATABASE_URL: "postgres://new", TOKEN: "tökën", LONG: "x".repeat(2000) }
unwrap(await secrets.setMany({ DATABASE_URL: "postgres://old", GONE: "gone" }))
unwrap(await secrets.setMany(production))
unwrap(await secrets.delete("GONE"))
const staging = { DATABASE_URL: "postgres://staging" }
unwrap(await secrets.setMany(staging, { environment: "staging" }))
// An epoch more, from the version on that can rotate.
if ("rotate" in admin.environments) unwrap(await admin.environments.rotate("staging"))
await secrets.close()
await admin.close()
child.kill("SIGTERM")
await once(child, "exit")

const copy = join(folder, "frozen.db")
copySqlite(join(folder, "halfkey.db"), copy)
const { schema } = serverInFile(copy)

const name = join(root, "server/src/store/migrations/frozen", String(schema).padStart(4, "0"))
mkdirSync(join(name, ".."), { recursive: true })
writeFileSync(`${name}.db.gz`, gzipSync(readFileSync(copy), { level: 9 }))
const rootKey = readFileSync(join(folder, "root.key"), "utf8").trim()
const facts = { rootKey, admin: credentials, ci: ci.credentials, production, staging, old: "postgres://old" }
writeFileSync(`${name}.json`, `${JSON.stringify(facts, null, 2)}\n`)
rmSync(folder, { recursive: true, force: true })
