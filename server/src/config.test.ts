import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { readConfig } from "./config.ts"
import { certificate, certificateKey } from "./testing/certificate.ts"

test("the defaults are loopback, the documented port and a directory beside", () => {
  const config = readConfig({})
  assert.deepEqual(
    [config.host, config.port, config.region, config.valueMaxLength],
    ["127.0.0.1", 4253, "local.self", 65_536],
  )
  assert.equal(config.dataDirectory, join(process.cwd(), ".halfkey"))
  assert.equal(config.databasePath, join(process.cwd(), ".halfkey/halfkey.db"))
  const path = join(process.cwd(), ".halfkey/root.key")
  assert.deepEqual(config.rootKey, {
    kind: "file",
    variable: "HALFKEY_ROOT_KEY_FILE",
    path,
    isDefault: true,
    isOurs: true,
  })
  assert.equal(config.newRootKey, undefined)
  assert.deepEqual(readConfig({ HALFKEY_PORT: "", HALFKEY_REGION: "" }), config)
})

const wrong: readonly [name: string, env: Record<string, string>][] = [
  ["HALFKEY_PORT", { HALFKEY_PORT: "http" }],
  ["HALFKEY_PORT", { HALFKEY_PORT: "70000" }],
  ["HALFKEY_PORT", { HALFKEY_PORT: "-1" }],
  ["HALFKEY_REGION", { HALFKEY_REGION: "Somewhere" }],
  ["HALFKEY_LOG_LEVEL", { HALFKEY_LOG_LEVEL: "loud" }],
  ["HALFKEY_DATABASE_URL", { HALFKEY_DATABASE_URL: "postgres://localhost/halfkey" }],
  ["HALFKEY_DATABASE_URL", { HALFKEY_DATABASE_URL: "sqlite::memory:" }],
  ["HALFKEY_DATABASE_URL", { HALFKEY_DATABASE_URL: "sqlite:" }],
  ["HALFKEY_VALUE_MAX_LENGTH", { HALFKEY_VALUE_MAX_LENGTH: "0" }],
  ["HALFKEY_VALUE_MAX_LENGTH", { HALFKEY_VALUE_MAX_LENGTH: "1048577" }],
  ["HALFKEY_DESTROY_AFTER_DAYS", { HALFKEY_DESTROY_AFTER_DAYS: "-1" }],
  ["HALFKEY_DESTROY_AFTER_DAYS", { HALFKEY_DESTROY_AFTER_DAYS: "1.5" }],
  ["HALFKEY_DESTROY_AFTER_DAYS", { HALFKEY_DESTROY_AFTER_DAYS: "3651" }],
  ["HALFKEY_ROOT_KEY", { HALFKEY_ROOT_KEY: "x", HALFKEY_ROOT_KEY_FILE: "y" }],
  ["HALFKEY_ROOT_KEY", { HALFKEY_ROOT_KEY: "x", HALFKEY_ROOT_KEY_PASSPHRASE_FILE: "y" }],
  ["HALFKEY_NEW_ROOT_KEY_FILE", { HALFKEY_NEW_ROOT_KEY_FILE: "x", HALFKEY_NEW_ROOT_KEY_PASSPHRASE_FILE: "y" }],
  ["HALFKEY_RATE_LIMIT", { HALFKEY_RATE_LIMIT: "-1" }],
  ["HALFKEY_RATE_LIMIT", { HALFKEY_RATE_LIMIT: "many" }],
  ["HALFKEY_RATE_LIMIT_REFUSED", { HALFKEY_RATE_LIMIT_REFUSED: "0.5" }],
  ["HALFKEY_TLS_KEY", { HALFKEY_TLS_KEY: "/nonexistent" }],
  ["HALFKEY_TLS_CERT", { HALFKEY_TLS_CERT: "/nonexistent" }],
  ["HALFKEY_TLS_CERT", { HALFKEY_TLS_CERT: "/nonexistent", HALFKEY_TLS_KEY: "/nonexistent" }],
  ["HALFKEY_TRUSTED_PROXIES", { HALFKEY_TRUSTED_PROXIES: "10.0.0.1,proxy.example" }],
  ["HALFKEY_TRUSTED_PROXIES", { HALFKEY_TRUSTED_PROXIES: "10.0.0.0/40" }],
  ["HALFKEY_TRUSTED_PROXIES", { HALFKEY_TRUSTED_PROXIES: "0.0.0.0/0" }],
  ["HALFKEY_TRUSTED_PROXIES", { HALFKEY_TRUSTED_PROXIES: "fe80::1%eth0" }],
]

for (const [name, env] of wrong) {
  test(`refuses ${JSON.stringify(env)} and names the variable, never its value`, () => {
    assert.throws(
      () => readConfig(env),
      (error: { code: string; message: string; hint: string }) => {
        assert.equal(error.code, "invalid_configuration")
        assert.ok(error.message.startsWith(name), error.message)
        assert.ok(error.hint.length > 5)
        return true
      },
    )
  })
}

test("never listens beyond loopback in the clear by accident", () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.7", "example.org"]) {
    assert.throws(() => readConfig({ HALFKEY_HOST: host }), { code: "insecure_listen" }, host)
    assert.equal(readConfig({ HALFKEY_HOST: host, HALFKEY_ALLOW_INSECURE_LISTEN: "1" }).host, host)
    assert.equal(readConfig({ HALFKEY_HOST: host, HALFKEY_TRUSTED_PROXIES: "10.0.0.1" }).host, host)
    assert.throws(() => readConfig({ HALFKEY_HOST: host, HALFKEY_ALLOW_INSECURE_LISTEN: "yes" }), {
      code: "insecure_listen",
    })
  }
  for (const host of ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
    assert.equal(readConfig({ HALFKEY_HOST: host }).host, host)
})

test("TLS files must be there and fit together", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-tls-"))
  context.after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const read = (cert: string, key: string) =>
    readConfig({ HALFKEY_HOST: "0.0.0.0", HALFKEY_TLS_CERT: cert, HALFKEY_TLS_KEY: key }).tls
  const cert = write("cert", certificate)
  assert.deepEqual(read(cert, write("key", certificateKey)), { cert: certificate, key: certificateKey })
  assert.throws(() => read(cert, write("other", "not PEM")), { code: "invalid_configuration" })
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const stranger = write("stranger", privateKey.export({ format: "pem", type: "pkcs8" }) as string)
  assert.throws(() => read(cert, stranger), { code: "invalid_configuration" })
})
