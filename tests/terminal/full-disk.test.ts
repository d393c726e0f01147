/** Every command where home and directory are full: it says so, and leaves no part of a file and nothing changed. */
import assert from "node:assert/strict"
import { copyFileSync, cpSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { SmallDisk } from "../bad-input/small-disk.ts"
import { files } from "../bad-input/workplace.ts"
import { requireDecent, requireHint } from "./decency.ts"
import { Scene } from "./scene.ts"

const skip =
  SmallDisk.problem && `no file system can be mounted here, so a full disk is not tried: ${SmallDisk.problem}`
if (skip) console.log(`LEFT OUT: ${skip}`)

let scene: Scene
before(async () => {
  if (!skip) scene = await Scene.open()
})
after(() => scene?.close())

test("every command on a full disk", { skip }, async (t) => {
  const disk = SmallDisk.make(1000)
  t.after(() => disk.remove())
  const [config, cwd] = [disk.directory("config"), disk.directory("work")]
  cpSync(scene.halfkey.configDirectory, config, { recursive: true })
  for (const file of [".env", "app.yaml.template"]) copyFileSync(join(scene.halfkey.directory, file), join(cwd, file))
  disk.fill()
  // Receipts are evidence that grows where it fits; of compiled code, Node's own cache does what Node does.
  const all = () =>
    files(disk.path, (path) => !/\.receipts$|\.cache(\/halfkey(\/code)?)?$|\.cache\/halfkey\/modules/.test(path))
  const before = all()
  const env = { HALFKEY_CONFIG_DIR: config, HOME: cwd, XDG_CACHE_HOME: undefined, EDITOR: "true" }
  const failed: string[] = []
  for (const sample of await scene.samples()) {
    if (sample.waits !== undefined && sample.onlyReads) continue
    const outcome = await scene.halfkey.run(sample.args, { cwd, env })
    requireDecent(sample, outcome)
    if (outcome.code !== 0 && outcome.code !== 8) requireHint(sample, outcome)
    if (/ENOSPC|has room|make room/.test(outcome.stderr)) failed.push(sample.path)
    assert.deepEqual(all(), before, `halfkey ${sample.args.join(" ")} left something`)
  }
  for (const path of ["inject", "audit export", "login"])
    assert.ok(failed.includes(path), `${path}: ${failed.join(", ")}`)
})
