/** Asks a PostgreSQL database without waiting for a promise, as tests ask a SQLite file. A program, and its caller. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import pg from "pg"

const program = fileURLToPath(import.meta.url)

/** Rows with every value as text; bytes as `\x` and hex. */
export function askPostgres(url: string, text: string): Record<string, string>[] {
  return JSON.parse(execFileSync(process.execPath, [program, url, text], { encoding: "utf8", maxBuffer: 1 << 28 }))
}

if (process.argv[1] === program) {
  const [, , url, text] = process.argv
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: () => (value: string) => value } })
  await client.connect()
  const { rows = [] } = await client.query(text ?? "")
  process.stdout.write(JSON.stringify(rows))
  await client.end()
}
