/** How a login ends that nobody approved: what becomes of the key that waits, and what to type. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
const laptop = new Installation()
let endpoint = ""
let crn = ""
before(async () => {
  endpoint = (await admin.up()).endpoint
  crn = admin.profile()["workspaceCRN"] ?? ""
})
after(async () => {
  await admin.dispose()
  await laptop.dispose()
})

const waiting = () => readdirSync(join(laptop.configDirectory, "logins"))

test("a login whose time is over says how to go on, and how to be rid of its key", async (t) => {
  const child = laptop.spawn(["login", crn, "--endpoint", endpoint, "--profile", "work"])
  t.after(() => child.kill())
  let stderr = ""
  const closed = once(child, "close")
  await new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text
      if (stderr.includes("halfkey login goes on\n")) resolve()
    })
  })
  // An hour later.
  const db = new DatabaseSync(join(admin.dataDirectory, "halfkey.db"))
  db.exec("pragma busy_timeout = 5000; update pending_devices set expires_at = 0")
  db.close()
  assert.equal((await closed)[0], 4)
  assert.match(
    stderr,
    /\nhalfkey: nobody approved this device in time: .*\n {2}try: halfkey login {3}\(asks once more, with the same key\)\n {2}try: halfkey logout --profile work {3}\(deletes the key that this device made for it\)\n$/,
  )
  assert.deepEqual(waiting(), ["work.json"])
  await laptop.ok(["logout", "--profile", "work"])
  assert.deepEqual(waiting(), [])
})

test("a login that cannot reach the server says the same", async () => {
  const failed = await laptop.run(["login", crn, "--endpoint", "http://127.0.0.1:9", "--profile", "gone"])
  assert.equal(failed.code, 6)
  assert.match(
    failed.stderr,
    /^halfkey: .*\n(?: {2}try: .*\n)+ {2}try: halfkey logout --profile gone {3}\(deletes the key that this device made for it\)\n$/,
  )
  assert.deepEqual(waiting(), ["gone.json"])
})
