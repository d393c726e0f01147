/** Every command where the home cannot be written to: what reads works with a warning at most, the rest changes nothing and says what to do. */
import assert from "node:assert/strict"
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { SmallDisk } from "../bad-input/small-disk.ts"
import { requireDecent, requireHint } from "./decency.ts"
import { Scene } from "./scene.ts"

const skip =
  SmallDisk.problem && `no file system can be mounted here, so a read-only home is not tried: ${SmallDisk.problem}`
if (skip) console.log(`LEFT OUT: ${skip}`)

let scene: Scene
before(async () => {
  if (skip) return
  scene = await Scene.open()
  for (const path of known) await scene.halfkey.ok((await scene.sample(path)).args)
})
after(() => scene?.close())

const warning =
  /^halfkey: nothing can be kept in \S+ \(EROFS\), so a server that goes back to older values is not noticed next time\n {2}try: HALFKEY_CONFIG_DIR=<a directory of your own> with the same command\n/

/** What these show was seen before. */
const known = new Set(["run", "get", "get-many", "list"])

async function changes(): Promise<number> {
  const listed = await scene.halfkey.ok(["audit", "list", "--limit", "0", "--outcome", "allowed", "-o", "json"])
  const entries = JSON.parse(listed) as { action: string }[]
  return entries.filter(({ action }) => /\.(create|update|revoke|rotate|commit|reseal|file|remove)$/.test(action))
    .length
}

for (const [what, seen] of [
  ["on a machine that has seen everything", true],
  ["on a machine that has seen nothing", false],
] as const) {
  test(`every command with a read-only home ${what}`, { skip }, async (t) => {
    const disk = SmallDisk.make(2000)
    t.after(() => disk.remove())
    const home = disk.directory("home")
    const config = disk.directory("config")
    const isWanted = (path: string) => seen || !/\/(state|tokens)$/.test(path)
    cpSync(scene.halfkey.configDirectory, config, { recursive: true, filter: isWanted })
    disk.readOnly(true)
    const env = { HOME: home, HALFKEY_CONFIG_DIR: config, XDG_CACHE_HOME: undefined, EDITOR: "true" }
    const before = await changes()
    let reading = 0
    for (const sample of await scene.samples()) {
      if (sample.waits !== undefined && sample.onlyReads) continue
      // Which files inject wrote before is one of the things that cannot be remembered.
      rmSync(join(scene.halfkey.directory, "app.yaml"), { force: true })
      const outcome = await scene.halfkey.run(sample.args, { env })
      requireDecent(sample, outcome)
      const line = `halfkey ${sample.args.join(" ")}: ${outcome.stderr}`
      if (sample.onlyReads) {
        reading++
        assert.ok(outcome.code === 0 || outcome.code === 8, line)
        if (outcome.stderr.includes("EROFS")) assert.match(outcome.stderr, warning)
        if (seen && known.has(sample.path)) assert.equal(outcome.stderr, "", line)
      } else if (outcome.code !== 0) requireHint(sample, outcome)
    }
    assert.ok(reading > 10)
    assert.equal(await changes(), before, "something was changed that this machine could not remember")
  })
}
