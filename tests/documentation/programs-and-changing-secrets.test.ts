/** Every command of the guide is typed as it stands there, on a real server, and does what is said about it. */
import assert from "node:assert/strict"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation } from "../../cli/src/testing/installation.ts"
import { Lines } from "../../cli/src/testing/lines.ts"

const path = fileURLToPath(new URL("../../docs/guides/programs-and-changing-secrets.md", import.meta.url))
const blocks = readFileSync(path, "utf8").matchAll(/^```\n([\s\S]*?)^```$/gm)
const typed = [...blocks].flatMap(([, block = ""]) => block.trim().split("\n"))

const halfkey = new Installation()
const running = new Set<ChildProcess>()
before(async () => {
  await halfkey.up()
  const server = `
    const { readFileSync } = require("node:fs")
    const show = () => {
      try { console.log("file", JSON.parse(readFileSync("app.json", "utf8")).DATABASE_URL, process.env.DATABASE_URL) }
      catch { console.log("variable", process.env.DATABASE_URL) }
    }
    process.on("SIGHUP", show); setInterval(() => {}, 1000); show()`
  writeFileSync(join(halfkey.directory, "server.js"), server)
})
after(async () => {
  for (const child of running) child.kill("SIGKILL")
  await halfkey.dispose()
})

const set = (value: string) => halfkey.ok(["set", "DATABASE_URL", "-e", "development", "-q"], { stdin: value })

/** What each line shows first, and after a change. */
const shown: Readonly<Record<string, readonly [first: string | undefined, then: string]>> = {
  "halfkey watch -e development -- node server.js": ["variable old", "variable new"],
  "halfkey watch -e development --mount app.json --mount-type file --signal HUP -- node server.js": [
    "file old undefined",
    "file new undefined",
  ],
  "halfkey watch -e development --only 'DATABASE_*'": [undefined, "DATABASE_URL"],
  "halfkey watch -e development -o json": [
    undefined,
    '{"name":"DATABASE_URL","environment":"development","change":"changed","version":8}',
  ],
}

test("the guide's commands follow a change", { skip: !existsSync("/dev/shm") && "there is no tmpfs" }, async () => {
  assert.deepEqual(typed, Object.keys(shown))
  for (const [line, [first, then]] of Object.entries(shown)) {
    await set("old")
    const [verb = "", ...words] = line.split(" ").slice(1)
    // Nobody waits half a minute here.
    const args = [verb, "--interval", "100ms", ...words.map((word) => word.replaceAll("'", ""))]
    const child = halfkey.spawn(args)
    running.add(child)
    const [out, err] = [new Lines(child.stdout), new Lines(child.stderr)]
    if (first === undefined) assert.match(await err.next(), /^halfkey: watching 1 secret of development$/, line)
    else assert.equal(await out.next(), first, line)
    await set("new")
    assert.equal(await out.next(), then, line)
    const ended = once(child, "exit")
    child.kill("SIGINT")
    await ended
    assert.ok(!existsSync(join(halfkey.directory, "app.json")))
  }
})
