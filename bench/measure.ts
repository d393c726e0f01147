/** Measures A against B in short alternating rounds, so that whatever else the machine does hits both alike. */

/** Takes one sample, in whatever unit the row is in. */
export type Sample = () => number | Promise<number>

export interface Comparison {
  /** Median of all rounds. */
  readonly measured: number
  readonly baseline: number
  /** Median of `measured / baseline` of each round; not the quotient of the medians, which may come from different rounds. */
  readonly ratio: number
  /** Median of `measured - baseline` of each round. */
  readonly difference: number
  /** Ratio of the lowest and the highest round: how far to trust the median. */
  readonly ratioRange: readonly [number, number]
}

export interface Rounds {
  readonly rounds: number
  /** Rounds before the first that counts, for compilers and caches. */
  readonly warmUp: number
  readonly measured: Sample
  readonly baseline: Sample
}

/** Runs the rounds one after the other; within each, the two sides take turns in being first. */
export async function compare({ rounds, warmUp, measured, baseline }: Rounds): Promise<Comparison> {
  const pairs: { readonly measured: number; readonly baseline: number }[] = []
  for (let round = -warmUp; round < rounds; round++) {
    const pair =
      round % 2 === 0
        ? { measured: await measured(), baseline: await baseline() }
        : await baselineFirst(measured, baseline)
    if (round >= 0) pairs.push(pair)
  }
  const ratios = pairs.map((pair) => pair.measured / pair.baseline)
  return {
    measured: median(pairs.map((pair) => pair.measured)),
    baseline: median(pairs.map((pair) => pair.baseline)),
    ratio: median(ratios),
    difference: median(pairs.map((pair) => pair.measured - pair.baseline)),
    ratioRange: [Math.min(...ratios), Math.max(...ratios)],
  }
}

async function baselineFirst(measured: Sample, baseline: Sample) {
  const first = await baseline()
  return { measured: await measured(), baseline: first }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) throw new RangeError("median of nothing")
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** Milliseconds of CPU that `work` takes in this process, all its threads included. */
export async function cpuMs(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Milliseconds on the clock. */
export async function wallMs(work: () => void | Promise<void>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}
