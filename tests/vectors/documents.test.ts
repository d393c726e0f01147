import assert from "node:assert/strict"
import { test } from "node:test"
import { parseGrant, parseRecoveryGrant } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import * as spec from "./independent.ts"
import { encodingOf } from "./specification.ts"
import { type Change, changed, type Json, vectors } from "./vector-file.ts"

interface DocumentVectors {
  documents: { json: Json; hash: string; signerPk: string }[]
  notDocuments: unknown[]
  refused: (Change & { document: number; refused: "encoding" | "signature" })[]
}

const kinds = [
  { label: "roster", format: rosterFormat },
  { label: "manifest", format: manifestFormat },
] as const

for (const { label, format } of kinds) {
  const file = vectors<DocumentVectors>(`${label}.json`)

  test(`a ${label} is read, written, hashed and verified as in the vectors`, () => {
    for (const { json, hash, signerPk } of file.documents) {
      const document = format.parse(json) as never
      assert.deepEqual(format.toJson(document), json)
      assert.equal(spec.hex(format.hash(document)), hash)
      assert.ok(format.isSignedBy(document, spec.unhex(signerPk)))
    }
  })

  test(`a ${label}'s hash and signature follow from the specification's table of fields`, async () => {
    for (const { json, hash, signerPk } of file.documents) {
      const encoded = encodingOf(label, json)
      assert.equal(spec.hex(await spec.sha256(encoded)), hash)
      assert.ok(spec.verify(spec.unhex(signerPk), encoded, spec.unbase64url(json["signature"] as string)))
    }
  })

  test(`a ${label} with any field malformed, missing or too much is not read`, () => {
    const malformed = file.refused.filter(({ refused }) => refused === "encoding")
    assert.ok(malformed.length > 100)
    for (const change of malformed) {
      const json = changed(file.documents[change.document]?.json, [change])
      assert.throws(() => format.parse(json), { code: "invalid_document", check: "encoding" }, JSON.stringify(change))
    }
    for (const json of file.notDocuments) assert.throws(() => format.parse(json), { code: "invalid_document" })
  })

  test(`a ${label} with any field changed is not what was signed`, async () => {
    const changes = file.refused.filter(({ refused }) => refused === "signature")
    assert.ok(changes.length > 15)
    for (const change of changes) {
      const { json, signerPk, hash } = file.documents[change.document] as DocumentVectors["documents"][number]
      const other = changed(json, [change])
      const document = format.parse(other) as never
      assert.ok(!format.isSignedBy(document, spec.unhex(signerPk)), JSON.stringify(change))
      const isSignature = change.path[0] === "signature"
      assert.equal(
        spec.hex(format.hash(document)) === hash,
        isSignature,
        "the hash covers every field but the signature",
      )
    }
  })

  test(`every field of a ${label} is changed in the vectors, in every place`, () => {
    const { json } = file.documents[1] as DocumentVectors["documents"][number]
    const pathsOf = (node: unknown, path: (string | number)[] = []): string[] => {
      if (typeof node !== "object" || node === null) return [JSON.stringify(path)]
      const isList = Array.isArray(node)
      return Object.entries(node).flatMap(([name, value]) => pathsOf(value, [...path, isList ? Number(name) : name]))
    }
    const covered = (refused: string) =>
      new Set(file.refused.filter((each) => each.refused === refused).map(({ path }) => JSON.stringify(path)))
    assert.deepEqual(
      pathsOf(json).filter((path) => !covered("signature").has(path)),
      [],
    )
    assert.deepEqual(
      pathsOf(json).filter((path) => !covered("encoding").has(path)),
      [],
    )
  })
}

test("a grant or recovery grant with any field malformed, missing or too much is not read", () => {
  interface Refused {
    json: Json
    refused: Change[]
  }
  const file = vectors<{ json: { grant: Refused; recoveryGrant: Refused; notDocuments: unknown[] } }>("grant.json").json
  for (const [parse, { json, refused }] of [
    [parseGrant, file.grant],
    [parseRecoveryGrant, file.recoveryGrant],
  ] as const) {
    parse(json)
    assert.ok(refused.length > 20)
    for (const change of refused) {
      const check = { code: "invalid_document", check: "encoding" }
      assert.throws(() => parse(changed(json, [change])), check, JSON.stringify(change))
    }
    for (const other of file.notDocuments) assert.throws(() => parse(other), { code: "invalid_document" })
  }
})
