/** `load` with arktype, as it is. Types are checked where they stand, by the compiler. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { type } from "arktype"
import { unwrap } from "halfkey/secrets"
import { type Config, exactly, expectedConfig, failureOf, loading, type Same } from "./loading.ts"

test("arktype: each schema's output, typed", async () => {
  await loading(async (secrets) => {
    const result = await secrets.load({
      DATABASE_URL: type("string.url"),
      PORT: type("string.integer.parse").to("number >= 1"),
      FEATURES: type("string").pipe((text) => text.split(",")),
      LIMITS: type("string.json.parse").to({ perMinute: "number" }),
      LEVEL: type("'debug' | 'info' | undefined").pipe((level) => level ?? "info"),
      MISSING: type("string | undefined"),
      TOKEN: type("string > 3"),
    })
    const config = unwrap(result)
    exactly<Same<typeof config, Config>>(true)
    assert.deepEqual(config, expectedConfig)
    // @ts-expect-error it is a number
    const text: string = config.PORT
    assert.equal(typeof text, "number")
    // @ts-expect-error no text is a number, nor is it made one
    await secrets.load({ PORT: type("number") })
  })
})

test("arktype: one schema for all, with what belongs together", async () => {
  await loading(async (secrets) => {
    const schema = type({ PORT: "string.integer.parse", LEVEL: "'debug' | 'info' = 'debug'", "MISSING?": "string" })
    const config = await secrets.load(schema)
    if (config.failure) assert.fail(config.failure.message)
    const { LEVEL, PORT } = config.data
    assert.deepEqual({ LEVEL, PORT }, { LEVEL: "debug", PORT: 8080 })
    exactly<Same<typeof config.data, typeof schema.infer>>(true)
    const only = await secrets.load(type({ "+": "reject", PORT: "string" }), { names: ["PORT"] })
    assert.deepEqual(only.data, { PORT: "8080" })
  })
})

test("arktype: one failure for everything that is wrong, without a value", async () => {
  const each = {
    PORT: type("string < 2").and("/^x/"),
    TOKEN: type("'another'"),
    FEATURES: type("string.email"),
    LIMITS: type("string").pipe((text) => {
      throw new Error(`cannot take ${text}`)
    }),
    GONE: type("string"),
    ALSO_GONE: type("string.date.parse"),
  }
  await failureOf((secrets, onIssue) => secrets.load(each, { onIssue }))
  const whole = type({
    PORT: "string.email",
    TOKEN: "'another'",
    FEATURES: "string.uuid",
    LIMITS: "string.json.parse |> 'x'",
    GONE: "string",
    ALSO_GONE: "string",
  })
  await failureOf((secrets, onIssue) => secrets.load(whole, { onIssue }))
})
