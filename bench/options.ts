/** Command line of `npm run bench` and of each bench when it is run by itself. */
import { parseArgs } from "node:util"
import { type Row, tableOf, verdictOf } from "./row.ts"

export interface BenchOptions {
  /** Fewer and shorter rounds and a smaller database: to see that everything runs, not to judge by. */
  readonly quick: boolean
  /** Secrets in the large database of the row `scale`. */
  readonly secrets: number
  readonly json: boolean
  /** Begin a row's name; none: all rows. */
  readonly names: readonly string[]
}

/** Throws for flags that do not exist. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      secrets: { type: "string" },
      output: { type: "string", short: "o", default: "table" },
    },
    allowPositionals: true,
  })
  if (values.output !== "table" && values.output !== "json") throw new Error("-o is table or json")
  const secrets = Number(values.secrets ?? (values.quick ? 100_000 : 1_000_000))
  if (!Number.isSafeInteger(secrets) || secrets < 2000) throw new Error("--secrets is a number of at least 2000")
  return { quick: values.quick, secrets, json: values.output === "json", names: positionals }
}

/** Ends a bench: prints its rows, as a table or as JSON. */
export function publish({ json }: Pick<BenchOptions, "json">, rows: readonly Row[]): void {
  const judged = rows.map((row) => ({ ...row, verdict: verdictOf(row) }))
  console.log(json ? JSON.stringify(judged, undefined, 2) : tableOf(rows))
}
