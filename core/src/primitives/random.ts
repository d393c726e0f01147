/** Randomness of the operating system, and the one shape in which other code takes it as a parameter. */
import { randomFillSync } from "node:crypto"

/** Gives `length` fresh random bytes. Tests pass a fixed one. */
export type RandomSource = (length: number) => Uint8Array

export const systemRandom: RandomSource = (length) => randomFillSync(new Uint8Array(length))
