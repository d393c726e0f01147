import assert from "node:assert/strict"
import { test } from "node:test"
import { CommitRequest } from "@halfkey/core/wire/secrets"
import type { FastifyInstance } from "fastify"
import { useTypeBoxValidation } from "./schemas.ts"

type Validate = (value: unknown) => {
  readonly value?: unknown
  readonly error?: readonly { message: string; instancePath: string }[]
}

/** What the server uses for bodies of this schema. */
function validatorOf(schema: unknown): Validate {
  let compile: ((route: { schema: unknown; httpPart: string }) => Validate) | undefined
  const app = {
    setValidatorCompiler: (compiler: typeof compile) => {
      compile = compiler
    },
  }
  useTypeBoxValidation(app as unknown as FastifyInstance)
  assert.ok(compile !== undefined)
  return compile({ schema, httpPart: "body" })
}

const good = { name: "A", previousVersion: 0, version: 1, deleted: false, record: "A".repeat(480) }

/** A list that counts how many of its items are looked at. */
function counted(length: number, item: unknown) {
  let reads = 0
  const list = new Proxy(Array(length).fill(item), {
    get: (target, name) => {
      if (typeof name === "string" && /^\d+$/.test(name)) reads++
      return Reflect.get(target, name)
    },
  })
  return { list, reads: () => reads }
}

test("of a list that is wrong everywhere only the beginning is looked at", () => {
  const validate = validatorOf(CommitRequest)
  const { list, reads } = counted(1_000_000, 0)
  const { error } = validate({ environment: "staging", writes: list })
  assert.ok(error !== undefined && error.length > 0)
  assert.ok(reads() <= 200_000, `${reads()} items were looked at`)
})

test("what is wrong is still told: a bad item far behind, a list that is too long, a value that is too deep", () => {
  const validate = validatorOf(CommitRequest)
  const writes = [...Array(400).fill(good), { ...good, version: 0 }]
  const [first] = validate({ environment: "staging", writes }).error ?? []
  assert.equal(first?.instancePath, "/writes/400/version")
  const many = validate({ environment: "staging", writes: Array(501).fill(good) }).error ?? []
  assert.match(many[0]?.message ?? "", /500/)
  const deep = JSON.parse(`{"environment":"staging","writes":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`)
  assert.ok((validate(deep).error ?? []).length > 0)
  assert.ok(validate({ environment: "staging", writes: [good] }).value !== undefined)
})
