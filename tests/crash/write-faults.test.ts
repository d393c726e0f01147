/** Writes and reads that the disk refuses while clients write: who was refused changed nothing, and who was answered is right. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Chance, seed } from "./chance.ts"
import { canFailDisk, reads, writes } from "./disk-fault.ts"
import { Lane } from "./lane.ts"
import { serverProgram } from "./server-process.ts"
import { requireSound } from "./sound.ts"

const faultsOfEach = 5
const faults = [
  { calls: writes, error: "ENOSPC" },
  { calls: writes, error: "EIO" },
  { calls: reads, error: "EIO" },
] as const

const folder = mkdtempSync(join(tmpdir(), "halfkey-writes-"))
const lane = new Lane(serverProgram, join(folder, "data"), new Chance(seed).between(0, 2 ** 32 - 1))
after(async () => {
  await lane.server.kill()
  rmSync(folder, { recursive: true, force: true })
})

test(`${faults.length * faultsOfEach} times reads or writes fail under load, by a full disk and by a broken one: nothing is acknowledged wrongly`, async (t) => {
  if (!canFailDisk()) return t.skip("this machine has no strace, or does not let it trace")
  await lane.begin()
  let [wentOn, failed] = [0, 0]
  for (let fault = 0; fault < faultsOfEach; fault++) {
    for (const each of faults) {
      const seen = await lane.failCalls(each)
      failed += seen.failed
      if (seen.wentOn) wentOn++
    }
  }
  await lane.quiet()
  const proved = await lane.proveReceipts()
  await lane.fullCheck()
  await requireSound(join(folder, "data"))
  assert.deepEqual(lane.problems.slice(0, 20), [])
  assert.ok(proved > 50)
  assert.ok(failed > faultsOfEach, `${failed} calls failed`)
  console.log(
    `writes: ${failed} reads and writes failed, the server went on after ${wentOn} of ${faults.length * faultsOfEach} times, ${proved} receipts proved, seed ${seed}`,
  )
})
