import { setTimeout } from "node:timers/promises"

/** Resolves once it is so; asks every 10 ms. Nothing ends it: wait only for what has to come. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(10)
}
