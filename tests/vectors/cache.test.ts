import assert from "node:assert/strict"
import { test } from "node:test"
import { openCache, sealCache } from "@halfkey/core/client/cache-file"
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import type { ClientId, WorkspaceId } from "@halfkey/core/formats/ids"
import * as spec from "./independent.ts"
import { type Turn, turned, vectors } from "./vector-file.ts"

interface Place {
  workspaceId: WorkspaceId
  clientId: ClientId
  endpoint: string
  environment: string
}

const { aad, clientKey, contents, file, nonce, place, refused } = vectors<{
  place: Place
  clientKey: string
  contents: string
  nonce: string
  aad: string
  file: string
  refused: { file: Turn[]; lengths: number[]; places: { change: Partial<Place> }[]; clientKeys: string[] }
}>("cache.json")

const identityOf = ({ clientId, workspaceId }: Place, key = clientKey) =>
  ClientIdentity.fromConfiguration(workspaceId, clientId, key)
const open = (bytes: Uint8Array, at = place, key = clientKey) => openCache(at, bytes, identityOf(at, key))

test("a cache is that of the vectors, also when sealed and opened by the specification", async () => {
  const sealed = sealCache(place, spec.unhex(contents), identityOf(place), () => spec.unhex(nonce))
  assert.equal(spec.hex(sealed), file)
  assert.equal(spec.hex(open(spec.unhex(file)) ?? new Uint8Array(0)), contents)
  const bytes = spec.pae("cache", place.workspaceId, spec.uuid(place.clientId), place.endpoint, place.environment)
  assert.equal(spec.hex(bytes), aad)
  const key = await spec.derive(spec.unbase64url(clientKey.slice(5)).slice(0, 32), "client/cache")
  const body = await spec.seal(key, spec.unhex(nonce), bytes, spec.unhex(contents))
  assert.equal(spec.hex(spec.join(spec.ascii("HKC1"), spec.unhex(nonce), body)), file)
})

test("nothing else opens, and nowhere else", () => {
  const bytes = spec.unhex(file)
  for (const turn of refused.file) assert.equal(open(turned(bytes, turn)), undefined, `byte ${turn.at}`)
  for (const length of refused.lengths) assert.equal(open(bytes.subarray(0, length)), undefined, `${length} bytes`)
  for (const { change } of refused.places) assert.equal(open(bytes, { ...place, ...change }), undefined)
  for (const key of refused.clientKeys) assert.equal(open(bytes, place, key), undefined)
})
