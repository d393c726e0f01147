/** A command of `halfkey-server` (first argument) in a process that ends at a step (second) as by kill -9. For tests only. */
import { backUp } from "../commands/backup.ts"
import { migrate } from "../commands/migrate.ts"
import { restore } from "../commands/restore.ts"
import { readConfig } from "../config.ts"

const [name = "", step, ...words] = process.argv.slice(2)
const parts = { config: readConfig(process.env) }
const reached = (each: string) => {
  if (each === step) process.kill(process.pid, "SIGKILL")
}
const commands: Readonly<Record<string, () => Promise<string>>> = {
  backup: () => backUp(parts, words, reached),
  restore: () => restore(parts, words, reached),
  migrate: () => migrate(parts, words, reached),
}
process.stdout.write((await commands[name]?.()) ?? "no such command\n")
