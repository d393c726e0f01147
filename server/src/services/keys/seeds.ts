/** Key seeds in bulk (S6), in slices so that other callers are not held up. */
import { setImmediate } from "node:timers/promises"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { keyIdLength } from "@halfkey/core/formats/record"
import { keySeedLength, type SeedMaker } from "@halfkey/core/key-service/authority-key"
import { fromBase64Url, toBase64Url } from "@halfkey/core/primitives/bytes"
import type { RandomSource } from "@halfkey/core/primitives/random"
import {
  type GenerateResponse,
  type RetrieveRequest,
  type RetrieveResponse,
  seedsPerRequest,
} from "@halfkey/core/wire/keysets"
import type { Answer, Caller, Counters } from "../../domain/caller.ts"
import type { Store } from "../../domain/store.ts"
import type { Gate } from "../auth/gate.ts"
import { usableKeyset } from "./keyset-access.ts"
import type { SeedMakers } from "./seed-makers.ts"

/** About a millisecond of work. */
const seedsPerTurn = 500

export interface SeedsParts {
  readonly gate: Gate
  readonly store: Store
  readonly makers: SeedMakers
  readonly counters: Counters
  readonly random: RandomSource
}

export class Seeds {
  readonly #parts: SeedsParts

  constructor(parts: SeedsParts) {
    this.#parts = parts
  }

  /** Fresh key ids with their seeds, under the newest epoch. */
  generate(caller: Caller, ref: string, count: number): Promise<Answer<GenerateResponse>> {
    const { gate, store, makers, counters, random } = this.#parts
    return gate.decide(caller, "data-key.generate", async (access) => {
      const keyset = await usableKeyset(access, store, ref, "write")
      const maker = await makers.get(keyset, keyset.row.epoch)
      const keyIds = random(count * keyIdLength)
      access.details.keyIds = keyIdTexts(keyIds)
      const keySeeds = await seedsOf(maker, keyIds)
      await gate.append(access)
      counters.seedsReleased(count)
      return { epoch: keyset.row.epoch, keyIds: toBase64Url(keyIds), keySeeds: toBase64Url(keySeeds) }
    })
  }

  /** The seeds of key ids that the caller sends, by epoch, in the order sent. */
  retrieve(caller: Caller, ref: string, request: RetrieveRequest): Promise<Answer<RetrieveResponse>> {
    const { gate, store, makers, counters } = this.#parts
    return gate.decide(caller, "data-key.retrieve", async (access) => {
      const keyset = await usableKeyset(access, store, ref, "read")
      const groups = decodeGroups(request)
      const all: string[] = []
      for (const { keyIds } of groups) all.push(...keyIdTexts(keyIds))
      access.details.keyIds = all
      const answered: { epoch: number; keySeeds: string }[] = []
      for (const { epoch, keyIds } of groups) {
        const maker = await makers.get(keyset, epoch)
        answered.push({ epoch, keySeeds: toBase64Url(await seedsOf(maker, keyIds)) })
      }
      await gate.append(access)
      counters.seedsReleased(all.length)
      return { groups: answered }
    })
  }
}

async function seedsOf(maker: SeedMaker, keyIds: Uint8Array): Promise<Uint8Array> {
  const count = keyIds.length / keyIdLength
  const seeds = new Uint8Array(count * keySeedLength)
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % seedsPerTurn === 0) await setImmediate()
    const keyId = keyIds.subarray(index * keyIdLength, (index + 1) * keyIdLength)
    seeds.set(maker.seed(keyId), index * keySeedLength)
  }
  return seeds
}

function decodeGroups(request: RetrieveRequest) {
  let total = 0
  return request.groups.map(({ epoch, keyIds: text }) => {
    const keyIds = fromBase64Url(text)
    if (keyIds === undefined || keyIds.length === 0 || keyIds.length % keyIdLength !== 0) {
      throw new HalfkeyError("invalid_request", `keyIds must be ids of ${keyIdLength} bytes, joined, as base64url`)
    }
    total += keyIds.length / keyIdLength
    if (total > seedsPerRequest) {
      throw new HalfkeyError("invalid_request", `one request may hold ${seedsPerRequest} key ids`, {
        hint: "split it into several",
      })
    }
    return { epoch, keyIds }
  })
}

function keyIdTexts(keyIds: Uint8Array): string[] {
  const texts: string[] = []
  for (let offset = 0; offset < keyIds.length; offset += keyIdLength) {
    texts.push(toBase64Url(keyIds.subarray(offset, offset + keyIdLength)))
  }
  return texts
}
