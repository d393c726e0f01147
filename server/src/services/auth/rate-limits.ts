/**
 * How often each may ask: an API key or device that is proved, and an address whose proofs were refused. Buckets are filled
 * by a clock that never jumps, and held in maps with a bound. Each process counts by itself.
 */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { RecentMap } from "../recent-map.ts"

/** Of an API key: a deploy of hundreds of programs that start at once is no flood. */
const burstSeconds = 5
/** Of an address: behind one there may be many people who mistype. */
const refusedBurstSeconds = 20
const bucketsKept = 20_000

export interface RateLimitsParts {
  /** Requests a second of each API key or device; 0: as many as they like. */
  readonly perSecond: number
  /** Refused proofs a second of each address; 0: as many as they like. */
  readonly refusedPerSecond: number
  /** Milliseconds, from a clock that only goes forward. */
  readonly clock: () => number
}

/** What is left, and when that was so. */
interface Bucket {
  left: number
  at: number
}

/** Buckets of one kind. */
class Buckets {
  readonly #perMs: number
  readonly #capacity: number
  readonly #buckets = new RecentMap<string, Bucket>(bucketsKept)

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000
    this.#capacity = perSecond * burst
  }

  /** Whether there is one left. Who was not seen for a while has a full bucket, and needs none. */
  has(key: string, now: number): boolean {
    const bucket = this.#buckets.get(key)
    return bucket === undefined || this.#filled(bucket, now).left >= 1
  }

  /** Takes one, or says that there is none. */
  take(key: string, now: number): boolean {
    const known = this.#buckets.get(key)
    if (known === undefined) {
      this.#buckets.set(key, { left: this.#capacity - 1, at: now })
      return true
    }
    const bucket = this.#filled(known, now)
    if (bucket.left < 1) return false
    bucket.left--
    return true
  }

  #filled(bucket: Bucket, now: number): Bucket {
    bucket.left = Math.min(this.#capacity, bucket.left + (now - bucket.at) * this.#perMs)
    bucket.at = now
    return bucket
  }
}

export class RateLimits {
  readonly #clock: () => number
  readonly #credentials: Buckets | undefined
  readonly #addresses: Buckets | undefined
  /** So that nothing is looked up while nobody was ever refused. */
  #hasRefused = false

  constructor({ perSecond, refusedPerSecond, clock }: RateLimitsParts) {
    this.#clock = clock
    if (perSecond > 0) this.#credentials = new Buckets(perSecond, burstSeconds)
    if (refusedPerSecond > 0) this.#addresses = new Buckets(refusedPerSecond, refusedBurstSeconds)
  }

  /** For each request of an API key or device, by its id. Throws `rate_limited`. */
  take(credential: string): void {
    if (this.#credentials === undefined || this.#credentials.take(credential, this.#clock())) return
    throw new HalfkeyError("rate_limited", `${credential} asks too often`, {
      hint: "wait a second; several secrets can be read in one request. The operator may raise HALFKEY_RATE_LIMIT",
    })
  }

  /** Whether proofs from this address were refused so often that none is looked at for now, unless it is known already. */
  isOut(address: string): boolean {
    return this.#hasRefused && this.#addresses !== undefined && !this.#addresses.has(network(address), this.#clock())
  }

  /** A proof from this address was refused. */
  noteRefused(address: string): void {
    this.#hasRefused = true
    this.#addresses?.take(network(address), this.#clock())
  }
}

/** Whoever has one address of IPv6 has all of its network of 64 bits. */
function network(address: string): string {
  if (!address.includes(":")) return address
  const [head = "", tail] = address.split("::", 2)
  const groups = head.split(":")
  if (tail !== undefined) while (groups.length < 4) groups.push("0")
  return groups.slice(0, 4).join(":")
}

/** What an address hears that is out. */
export function tooManyRefusals(): HalfkeyError {
  return new HalfkeyError("rate_limited", "too many requests from this address had no valid credentials", {
    hint: "wait a second, and check the credentials; behind a proxy the operator names it in HALFKEY_TRUSTED_PROXIES",
  })
}
