/** `load` with valibot, as it is. Types are checked where they stand, by the compiler. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unwrap } from "halfkey/secrets"
import * as v from "valibot"
import { type Config, canary, exactly, expectedConfig, failureOf, loading, type Same } from "./loading.ts"

const positive = v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1))

test("valibot: each schema's output, typed", async () => {
  await loading(async (secrets) => {
    const result = await secrets.load({
      DATABASE_URL: v.pipe(v.string(), v.url()),
      PORT: positive,
      FEATURES: v.pipe(
        v.string(),
        v.transform((text) => text.split(",")),
      ),
      LIMITS: v.pipe(v.string(), v.parseJson(), v.object({ perMinute: v.number() })),
      LEVEL: v.optional(v.picklist(["debug", "info"]), "info"),
      MISSING: v.optional(v.string()),
      TOKEN: v.pipeAsync(
        v.string(),
        v.checkAsync(async (text) => await Promise.resolve(text.length > 3)),
      ),
    })
    const config = unwrap(result)
    exactly<Same<typeof config, Config>>(true)
    assert.deepEqual(config, expectedConfig)
    // @ts-expect-error it is a number
    const text: string = config.PORT
    assert.equal(typeof text, "number")
    // @ts-expect-error no text is a number, nor is it made one
    await secrets.load({ PORT: v.number() })
  })
})

test("valibot: one schema for all, with what belongs together", async () => {
  await loading(async (secrets) => {
    const schema = v.pipe(
      v.object({ PORT: positive, LEVEL: v.optional(v.picklist(["debug", "info"]), "debug") }),
      v.check(({ LEVEL, PORT }) => PORT > 1000 || LEVEL === "info"),
    )
    const config = await secrets.load(schema)
    assert.deepEqual(config.data, { PORT: 8080, LEVEL: "debug" })
    if (config.failure) assert.fail()
    exactly<Same<typeof config.data, v.InferOutput<typeof schema>>>(true)
    const later = v.objectAsync({
      PORT: v.pipeAsync(
        v.string(),
        v.transformAsync(async (text) => await Promise.resolve(Number(text))),
      ),
    })
    assert.deepEqual((await secrets.load(later, { names: ["PORT"] })).data, { PORT: 8080 })
  })
})

test("valibot: one failure for everything that is wrong, without a value", async () => {
  const throwing = v.pipe(
    v.string(),
    v.transform((text): string => {
      throw new Error(`cannot take ${text}`)
    }),
  )
  const each = {
    PORT: v.pipe(v.string(), v.startsWith("x"), v.maxLength(1)),
    TOKEN: v.literal("another"),
    FEATURES: v.pipeAsync(
      v.string(),
      v.checkAsync(async () => await Promise.reject(new Error(canary))),
    ),
    LIMITS: throwing,
    GONE: v.string(),
    ALSO_GONE: positive,
  }
  await failureOf((secrets, onIssue) => secrets.load(each, { onIssue }))
  const whole = v.object({ ...each, FEATURES: v.pipe(v.string(), v.email()), LIMITS: v.pipe(v.string(), v.uuid()) })
  await failureOf((secrets, onIssue) => secrets.load(whole, { onIssue }))
})
