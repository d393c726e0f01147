/** An fsync that fails while clients write: whoever was answered is right, and the server ends instead of guessing. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Chance, seed } from "./chance.ts"
import { canFailDisk } from "./disk-fault.ts"
import { Lane } from "./lane.ts"
import { serverProgram } from "./server-process.ts"
import { requireSound } from "./sound.ts"

const faults = 6

const folder = mkdtempSync(join(tmpdir(), "halfkey-fsync-"))
const lane = new Lane(serverProgram, join(folder, "data"), new Chance(seed).between(0, 2 ** 32 - 1))
after(async () => {
  await lane.server.kill()
  rmSync(folder, { recursive: true, force: true })
})

test(`${faults} fsyncs that fail under load: nothing acknowledged is lost, every receipt is proved`, async (t) => {
  if (!canFailDisk()) return t.skip("this machine has no strace, or does not let it trace")
  await lane.begin()
  for (let fault = 0; fault < faults; fault++) {
    const { code, stderr } = await lane.failDisk()
    assert.equal(code, 1, stderr)
    assert.match(stderr, /disk I\/O error/)
  }
  await lane.quiet()
  const proved = await lane.proveReceipts()
  await lane.fullCheck()
  await requireSound(join(folder, "data"))
  assert.deepEqual(lane.problems.slice(0, 20), [])
  assert.ok(proved > 50)
  console.log(`fsync: ${faults} faults, ${proved} receipts proved, ${lane.heads.size} checkpoints, seed ${seed}`)
})
