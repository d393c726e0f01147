/** Vectors of S4's signed documents: what they encode to, and each field malformed, changed, missing or too much. */
import { grantToJson, recoveryGrantToJson } from "@halfkey/core/formats/grant"
import { manifestFormat } from "@halfkey/core/formats/manifest"
import { rosterFormat } from "@halfkey/core/formats/roster"
import { type Change, fixed, hex } from "./fixed.ts"
import * as world from "./world.ts"

type Path = readonly (string | number)[]
type Json = { readonly [name: string]: unknown }
type Refusal = Change & { readonly document: number; readonly refused: "encoding" | "signature" }

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")

/** Another good value for a field, which no signature fits; and values that no reader takes. */
interface Variants {
  readonly changed: readonly unknown[]
  readonly malformed: readonly unknown[]
}

function bytesVariants(value: string): Variants {
  const bytes = Buffer.from(value, "base64url")
  const flip = (at: number, bits: number) => base64url(bytes.map((byte, index) => (index === at ? byte ^ bits : byte)))
  const tail = value.length % 4
  // Unused bits of the last character: the same bytes, written differently.
  const loose = tail === 0 ? [] : [`${value.slice(0, -1)}${nextCharacter(value.at(-1) as string)}`]
  const malformed = [
    "",
    value.slice(0, -2),
    `${value}AA`,
    `${value}=`,
    `${value} `,
    `+${value.slice(1)}`,
    ...loose,
    7,
    [],
    null,
  ]
  return { changed: [flip(0, 1), flip(bytes.length - 1, 0x80)], malformed }
}

function nextCharacter(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  return alphabet[alphabet.indexOf(character) + 1] as string
}

const badIntegers = [-1, 1.5, "1", 2 ** 53, null, true]
const integer = (minimum: number, maximum?: number) => (value: number) => ({
  changed: [value + 1],
  malformed: [
    minimum - 1,
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...badIntegers.filter((bad) => bad !== minimum - 1),
  ],
})
const time = (value: string) => ({
  changed: ["2026-01-31T00:00:00.001Z"],
  malformed: [
    "2026-01-31T00:00:00Z",
    "2026-01-31T00:00:00.000+00:00",
    "2026-01-31t00:00:00.000z",
    "2026-02-30T00:00:00.000Z",
    "+010000-01-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z",
    ` ${value}`,
    world.roster1.createdAt,
    null,
  ],
})
const lastDigit = (uuid: string) => `${uuid.slice(0, -1)}${uuid.endsWith("0") ? "1" : "0"}`
const uuid = (value: string) => ({
  changed: [lastDigit(value)],
  malformed: [value.toUpperCase(), value.replaceAll("-", ""), `{${value}}`, `${value}0`, "", 7, null],
})
const clientId = (value: string) => {
  const { changed, malformed } = uuid(value)
  return { changed, malformed: [...malformed, `${value.slice(0, 14)}4${value.slice(15)}`] }
}
const workspaceId = (value: string) => ({
  changed: [`${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`],
  malformed: [value.toLowerCase(), value.slice(1), `${value}A`, `${value.slice(1)}1`, "", null],
})
const label = (value: string) => ({
  changed: [`${value}x`],
  malformed: [
    "",
    ` ${value}`,
    `${value} `,
    "a\u0000b",
    "a\nb",
    "a\u202eb",
    "a\u200bb",
    "a\u2028b",
    "\ud800",
    "x".repeat(101),
    7,
    null,
  ],
})
const name = () => ({
  changed: ["staging"],
  malformed: ["", "Production", "-a", "a b", "ä", "a".repeat(64), world.keysetId, "a\n", null],
})
const oneOf =
  (...all: string[]) =>
  (value: string) => ({
    changed: all.filter((other) => other !== value),
    malformed: ["other", "", all[0]?.toUpperCase(), null],
  })

const variantsOf: Readonly<Record<string, (value: never) => Variants>> = {
  workspaceId,
  keysetId: uuid,
  clientId,
  signerId: (value: string) => (value.length === 26 ? workspaceId(value) : clientId(value)),
  signPk: bytesVariants,
  kemPk: bytesVariants,
  auditKey: bytesVariants,
  rosterHash: bytesVariants,
  clientHalfCommitment: bytesVariants,
  recoveryHash: bytesVariants,
  signature: bytesVariants,
  enc: bytesVariants,
  sealedHalf: bytesVariants,
  seq: integer(1),
  revision: integer(1),
  incarnation: integer(1),
  rosterSeq: integer(1),
  versionFloor: integer(0),
  epoch: integer(1, 0xffff_ffff),
  createdAt: time,
  label,
  name,
  kind: oneOf("environment", "tenant"),
  mode: oneOf("read-write", "read", "write"),
  state: oneOf("enabled", "disabled", "destroyed"),
}

/** Fields that may be absent, and bytes of a good length for them. */
const optional: Readonly<Record<string, number>> = { previousHash: 32, selfWrap: 60 }

function variants(field: string, value: unknown): Variants {
  const length = optional[field]
  if (length === undefined) return (variantsOf[field] as (value: unknown) => Variants)(value)
  if (value === null) return { changed: [base64url(fixed("other", length))], malformed: ["", "AA", false] }
  const { changed, malformed } = bytesVariants(value as string)
  return { changed: [...changed, null], malformed: malformed.filter((bad) => bad !== null) }
}

/** Every refusal of one document, walking through all its fields. */
function refusals(document: number, json: Json, at: Path = []): Refusal[] {
  const found: Refusal[] = []
  const add = (refused: Refusal["refused"], path: Path, value: unknown) =>
    found.push({ document, path, value, refused })
  for (const extra of ["extra", "__proto__", "toString"]) add("encoding", [...at, extra], null)
  for (const [field, value] of Object.entries(json)) {
    const path = [...at, field]
    found.push({ document, path, removed: true, refused: "encoding" })
    if (!Array.isArray(value)) {
      const { changed, malformed } = variants(field, value)
      for (const other of changed) add("signature", path, other)
      // Items of a list share their reader: one of them shows all that is malformed.
      if (!at.includes(1)) for (const other of malformed) add("encoding", path, other)
      continue
    }
    for (const other of [null, {}, "", [null], [[]], [{}], [...value, ...value], [...value].reverse()]) {
      const same = Array.isArray(other) && JSON.stringify(other) === JSON.stringify(value)
      if (!same) add("encoding", path, other)
    }
    add("signature", path, value.slice(1))
    for (const [index, item] of value.entries()) found.push(...refusals(document, item as Json, [...path, index]))
  }
  return found
}

const notObjects = [null, [], "", 7, true]

export function rosterVectors() {
  const documents = [world.roster1, world.roster2]
  const json = documents.map((document) => rosterFormat.toJson(document))
  return {
    description: "Rosters (S4): JSON, hash, and the key that signed. Each refusal is one change of one document.",
    documents: documents.map((document, index) => ({
      json: json[index],
      hash: hex(rosterFormat.hash(document)),
      signerPk: hex(index === 0 ? world.root.publicKeys.signPk : world.admin.signPk),
    })),
    notDocuments: notObjects,
    refused: refusals(1, json[1] as Json),
  }
}

export function manifestVectors() {
  const documents = [world.manifest1, world.manifest2]
  const json = documents.map((document) => manifestFormat.toJson(document))
  return {
    description: "Manifests (S4): JSON, hash, and the key that signed. Each refusal is one change of one document.",
    documents: documents.map((document, index) => ({
      json: json[index],
      hash: hex(manifestFormat.hash(document)),
      signerPk: hex(index === 0 ? world.admin.signPk : world.second.signPk),
    })),
    notDocuments: notObjects,
    refused: refusals(1, json[1] as Json),
  }
}

/** Grants are not signed: only what is malformed is refused when they are read. */
export async function grantRefusals() {
  const selfWrap = fixed("a self-wrap", 60)
  const grant = grantToJson({ ...(await world.grant(world.ci, 3)), selfWrap })
  const recovery = recoveryGrantToJson(world.recoveryGrants.get(3) as never)
  const malformed = (json: Json) =>
    refusals(0, json)
      .filter(({ refused }) => refused === "encoding")
      .map(({ document: _, refused: __, ...change }) => change)
  return {
    grant: { json: grant, refused: malformed(grant) },
    recoveryGrant: { json: recovery, refused: malformed(recovery) },
    notDocuments: notObjects,
  }
}
