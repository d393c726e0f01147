import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { readConfig } from "./config.ts"
import { readPostgresSettings } from "./database-settings.ts"
import { certificate } from "./testing/certificate.ts"

const read = (url: string, env: Record<string, string> = {}) =>
  readPostgresSettings({ HALFKEY_DATABASE_URL: url, ...env })

test("a URL says where, and defaults are safe beyond this machine", () => {
  const near = read("postgres://halfkey@127.0.0.1:5433/vault")
  assert.deepEqual([near?.host, near?.port, near?.user, near?.database], ["127.0.0.1", 5433, "halfkey", "vault"])
  assert.deepEqual(
    [near?.tls, near?.password, near?.poolSize, near?.statementTimeoutMs],
    [false, undefined, 10, 10_000],
  )
  const far = read("postgresql://half%40key:pass%2Fword@db.example.com/vault")
  assert.equal(far?.user, "half@key")
  assert.equal(far?.password?.(), "pass/word")
  assert.ok(far.tls)
  assert.deepEqual([far.tls.rejectUnauthorized, far.tls.checkServerIdentity], [true, undefined])
  const socket = read("postgres://halfkey@localhost/vault?host=/run/postgresql")
  assert.deepEqual([socket?.host, socket?.tls], ["/run/postgresql", false])
  assert.equal(read("postgres://halfkey@[::1]/vault")?.host, "::1")
  assert.equal(readPostgresSettings({ HALFKEY_DATABASE_URL: "sqlite:/x.db" }), undefined)
  assert.equal(readConfig({}).postgres, undefined)
})

test("sslmode means what it means to libpq", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-database-"))
  context.after(() => rmSync(folder, { recursive: true }))
  const ca = join(folder, "ca.pem")
  writeFileSync(ca, certificate)
  const tls = (parameters: string) => read(`postgres://u@db.example.com/d?${parameters}`)?.tls
  const seen = (parameters: string) => {
    const options = tls(parameters)
    return options && [options.rejectUnauthorized, options.checkServerIdentity === undefined, options.ca !== undefined]
  }
  assert.equal(tls("sslmode=disable"), false)
  assert.deepEqual(seen("sslmode=require"), [false, false, false])
  assert.deepEqual(seen(`sslmode=require&sslrootcert=${ca}`), [true, false, true])
  assert.deepEqual(seen(`sslmode=verify-ca&sslrootcert=${ca}`), [true, false, true])
  assert.deepEqual(seen(`sslmode=verify-full&sslrootcert=${ca}`), [true, true, true])
  assert.deepEqual(seen("sslrootcert=system"), [true, true, false])
})

test("a password in a file is read at each connection", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-database-"))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, "password")
  writeFileSync(file, "first\n")
  const settings = read("postgres://u@127.0.0.1/d", { HALFKEY_DATABASE_PASSWORD_FILE: file })
  assert.equal(settings?.password?.(), "first")
  writeFileSync(file, "second")
  assert.equal(settings?.password?.(), "second")
})

for (const [what, url, env] of [
  ["no user", "postgres://127.0.0.1/d", {}],
  ["no database", "postgres://u:hunter22@127.0.0.1", {}],
  ["no host", "postgres://u:hunter22@/d", {}],
  ["an unknown parameter", "postgres://u:hunter22@127.0.0.1/d?ssl=true", {}],
  ["an opportunistic sslmode", "postgres://u:hunter22@127.0.0.1/d?sslmode=prefer", {}],
  ["a root certificate that is missing", "postgres://u:hunter22@h/d?sslrootcert=/nowhere/ca.pem", {}],
  ["half a client certificate", "postgres://u:hunter22@h/d?sslcert=/nowhere/cert.pem", {}],
  ["a bad escape", "postgres://u:hunter22%@127.0.0.1/d", {}],
  ["no URL", "postgres://u:hunter22@h:port/d", {}],
  ["two passwords", "postgres://u:hunter22@127.0.0.1/d", { HALFKEY_DATABASE_PASSWORD_FILE: "/dev/null" }],
  ["an empty password file", "postgres://u@127.0.0.1/d", { HALFKEY_DATABASE_PASSWORD_FILE: "/dev/null" }],
  ["a pool of one", "postgres://u:hunter22@127.0.0.1/d", { HALFKEY_DATABASE_POOL: "1" }],
] as const) {
  test(`refused, without the password: ${what}`, () => {
    assert.throws(
      () => read(url, env),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, "invalid_configuration")
        assert.ok(error.hint)
        for (const text of [error.message, error.hint, String(error.cause)]) assert.ok(!text.includes("hunter22"), text)
        return true
      },
    )
  })
}
