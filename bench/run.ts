// Runs every bench/*.bench.ts, one after the other and each in a process of its own.
import { spawnSync } from "node:child_process"
import { globSync } from "node:fs"

const benches = globSync("*.bench.ts", { cwd: import.meta.dirname }).sort()
if (benches.length === 0) console.log("No benchmark has been written yet.")
for (const bench of benches) {
  console.log(`== ${bench}`)
  const { status } = spawnSync(process.execPath, [bench], { cwd: import.meta.dirname, stdio: "inherit" })
  if (status !== 0) process.exit(1)
}
