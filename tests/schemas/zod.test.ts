/** `load` with zod, as it is. Types are checked where they stand, by the compiler. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unwrap } from "halfkey/secrets"
import { z } from "zod"
import { type Config, exactly, expectedConfig, failureOf, loading, type Same } from "./loading.ts"

test("zod: each schema's output, typed", async () => {
  await loading(async (secrets) => {
    const result = await secrets.load({
      DATABASE_URL: z.url(),
      PORT: z.coerce.number().int().min(1),
      FEATURES: z.string().transform((text) => text.split(",")),
      LIMITS: z
        .string()
        .transform((text): unknown => JSON.parse(text))
        .pipe(z.object({ perMinute: z.number() })),
      DEBUG: z.stringbool(),
      LEVEL: z.enum(["debug", "info"]).default("info"),
      MISSING: z.string().optional(),
      TOKEN: z.string().refine(async (text) => await Promise.resolve(text.length > 3)),
    })
    const config = unwrap(result)
    exactly<Same<typeof config, Config & { DEBUG: boolean }>>(true)
    assert.deepEqual(config, { ...expectedConfig, DEBUG: true })
    // @ts-expect-error it is a number
    const text: string = config.PORT
    assert.equal(typeof text, "number")
    // @ts-expect-error no text is a number, nor is it made one
    await secrets.load({ PORT: z.number() })
    // @ts-expect-error there is no such name in the schemas
    assert.equal(config.OTHER, undefined)
  })
})

test("zod: one schema for all, with what belongs together", async () => {
  await loading(async (secrets) => {
    const schema = z
      .object({ PORT: z.coerce.number(), LEVEL: z.enum(["debug", "info"]).default("debug"), DEBUG: z.stringbool() })
      .refine(({ DEBUG, LEVEL }) => !DEBUG || LEVEL === "debug")
    const config = await secrets.load(schema)
    assert.deepEqual(config.data, { PORT: 8080, LEVEL: "debug", DEBUG: true })
    if (config.failure) assert.fail()
    exactly<Same<typeof config.data, z.output<typeof schema>>>(true)
    const strict = await secrets.load(z.strictObject({ PORT: z.string() }), { names: ["PORT"] })
    assert.deepEqual(strict.data, { PORT: "8080" })
  })
})

test("zod: one failure for everything that is wrong, without a value", async () => {
  const throwing = z.string().transform((text) => {
    throw new Error(`cannot take ${text}`)
  })
  await failureOf((secrets, onIssue) =>
    secrets.load(
      {
        PORT: z.string().regex(/^x/).max(1),
        TOKEN: z.literal("another"),
        FEATURES: z.string().refine(async () => await Promise.resolve(false)),
        LIMITS: throwing,
        GONE: z.string(),
        ALSO_GONE: z.coerce.date(),
      },
      { onIssue },
    ),
  )
  await failureOf((secrets, onIssue) =>
    secrets.load(
      z.object({
        PORT: z.enum(["a", "b"]),
        TOKEN: z.string().transform((text, context) => context.addIssue({ code: "custom", message: `not ${text}` })),
        FEATURES: z.string().max(2),
        LIMITS: z.literal("x"),
        GONE: z.string(),
        ALSO_GONE: z.string(),
      }),
      { onIssue },
    ),
  )
})
