/** Ctrl-C at every question and while a server lets one wait: 130, the terminal as it was, nothing written by halves. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { globSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { after, before, test } from "node:test"
import { noTerminal, Terminal } from "../../cli/src/testing/terminal.ts"
import { files } from "../bad-input/workplace.ts"
import { Scene } from "./scene.ts"

let scene: Scene
before(async () => {
  scene = await Scene.open()
})
after(() => scene.close())

/** Everything at home that a command could leave by halves; receipts and tokens are of what was asked before, and a login goes on later; `inject` notes what it wrote. */
const home = () =>
  files(
    scene.halfkey.configDirectory,
    (path) => !/^tokens|^logins|^injected\.json|\.receipts|\.archive$|^state/.test(path),
  )
const leftovers = () => [
  ...globSync("**/.*.*-*", { cwd: scene.halfkey.configDirectory }),
  ...globSync("**/*.lock", { cwd: scene.halfkey.configDirectory }),
]

/** A question ends without a line end: the cursor waits behind it. */
const question = /(\[y\/N\] |: |:|\? )(.\[\?2004h)?$/

test("at every question", { skip: noTerminal }, async () => {
  const before = home()
  const asked: string[] = []
  for (const { args, path, waits } of await scene.samples()) {
    if (waits !== undefined || path === "edit") continue
    const terminal = new Terminal(args, scene.halfkey.env(), scene.halfkey.directory, "stty -a")
    const isAsked = await terminal.asks(question)
    if (isAsked) terminal.type("\u{3}")
    const { code, shown } = await terminal.end()
    if (!isAsked) continue
    asked.push(path)
    const what = `halfkey ${args.join(" ")}: ${JSON.stringify(shown)}`
    assert.equal(code, 130, what)
    assert.match(shown, / icanon .* echo /s, what)
    assert.ok(!shown.includes("\u{1b}[?2004h") || shown.includes("\u{1b}[?2004l"), what)
    assert.deepEqual(leftovers(), [], what)
    assert.deepEqual(home(), before, what)
  }
  assert.ok(asked.length >= 10, asked.join(", "))
})

test("while a server takes the connection and never answers", async (t) => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => sockets.add(socket.on("error", () => {})))
  silent.listen(0, "127.0.0.1")
  await once(silent, "listening")
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const address = silent.address()
  const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`
  const before = home()
  const interrupted: string[] = []
  for (const { args, path } of await scene.samples()) {
    // It is the server itself.
    if (path === "up") continue
    const own = args.map((word) => (word === scene.endpoint ? endpoint : word))
    // Everything is agreed to, so that it gets as far as the server.
    const child = scene.halfkey.spawn(["--endpoint", endpoint, "-y", ...own], { EDITOR: "true" })
    const closed = once(child, "close")
    const isWaiting = await Promise.race([once(silent, "connection").then(() => true), closed.then(() => false)])
    if (!isWaiting) continue
    child.kill("SIGINT")
    const [code, signal] = await closed
    assert.ok(code === 130 || signal === "SIGINT", `halfkey ${args.join(" ")} ended with ${code ?? signal}`)
    interrupted.push(path)
    assert.deepEqual(leftovers(), [], path)
    assert.deepEqual(home(), before, path)
  }
  assert.ok(interrupted.length > 30, interrupted.join(", "))
})
