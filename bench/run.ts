// Runs the benches, one after the other and each in a process of its own, and prints one table of all rows.
//
//   npm run bench                      all rows
//   npm run bench -- seeds read        those whose names begin so
//   npm run bench -- --quick           fewer, shorter rounds
//   npm run bench -- -o json           for programs
//
// A row below its bar is a finding, not an error: the exit code is 1 only when a bench could not be run.
import { spawnSync } from "node:child_process"
import { globSync } from "node:fs"
import { publish, readOptions } from "./options.ts"
import type { Row } from "./row.ts"

const suffix = ".bench.ts"

function chosen(names: readonly string[]): string[] {
  const all = globSync(`*${suffix}`, { cwd: import.meta.dirname }).sort()
  const unknown = names.filter((name) => !all.some((file) => file.startsWith(name)))
  if (unknown.length > 0) {
    const known = all.map((file) => file.slice(0, -suffix.length)).join(", ")
    throw new Error(`there is no bench ${unknown.join(", ")}; there are ${known}`)
  }
  return all.filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)))
}

function run(file: string, parameters: readonly string[]): Row[] | undefined {
  console.error(`… ${file.slice(0, -suffix.length)}`)
  const { status, stdout } = spawnSync(process.execPath, [file, ...parameters, "-o", "json"], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  })
  return status === 0 ? JSON.parse(stdout) : undefined
}

function runAll(): void {
  const options = readOptions()
  const parameters = [...(options.quick ? ["--quick"] : []), `--secrets=${options.secrets}`]
  const results = chosen(options.names).map((file) => ({ file, rows: run(file, parameters) }))
  publish(
    options,
    results.flatMap(({ rows }) => rows ?? []),
  )
  const failed = results.filter(({ rows }) => rows === undefined).map(({ file }) => file)
  if (failed.length > 0) throw new Error(`could not be run: ${failed.join(", ")}`)
}

try {
  runAll()
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
