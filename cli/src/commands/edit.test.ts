/** edit, with scripts for editors: what is saved, what is asked, and that nothing of it is left anywhere. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, globSync, readFileSync, rmSync, statSync, watch, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { after, before, beforeEach, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation, type Up } from "../testing/installation.ts"
import { noTerminal, Terminal } from "../testing/terminal.ts"

const bin = fileURLToPath(new URL("../../bin/halfkey.js", import.meta.url))
const noMemory = existsSync("/dev/shm") ? false : "there is no /dev/shm"
const editorOfSystem = "vi"
const noVi = spawnSync(editorOfSystem, ["--version"], { encoding: "utf8" }).stdout?.startsWith("VIM")
  ? false
  : "vi is no vim here"
const halfkey = new Installation()
const production = ["-e", "production"]
const report = join(halfkey.directory, "report")

const set = (name: string, value: string) => halfkey.ok(["set", name, ...production], { stdin: value })
const get = (name: string) => halfkey.ok(["get", name, ...production])

/** An editor that runs these lines of a shell, with the file as $1; it tells where that was. */
function editor(lines: string): { env: Record<string, string> } {
  const path = join(halfkey.directory, "editor.sh")
  writeFileSync(path, `echo "$1" > '${report}'\n${lines}\n`)
  return { env: { EDITOR: `sh '${path}'` } }
}

/** Somebody else's command, from within an editor. */
const meanwhile = (args: string, value = "") =>
  `printf %s '${value}' | '${process.execPath}' '${bin}' ${args} -e production -y -q`

function assertGone(): void {
  const path = readFileSync(report, "utf8").trim()
  assert.ok(path.startsWith("/dev/shm/halfkey-edit-"), path)
  assert.ok(!existsSync(dirname(path)), "the directory is still there")
}

describe("halfkey edit", { skip: noMemory }, () => {
  let server: Up
  before(async () => {
    server = await halfkey.up()
  })
  after(() => halfkey.dispose())
  beforeEach(async () => {
    rmSync(report, { force: true })
    await set("A", "a-canary")
    await set("PEM", "one\ntwo\n")
  })

  test("one value: the bytes alone, for their owner only, without our credentials; the editor's newline is none of it", async () => {
    const told = `stat -c %a "$1" "$(dirname "$1")" >> '${report}'; cat "$1" >> '${report}'; env | grep ^CS_ >> '${report}'`
    const { env } = editor(`${told}; printf 'new-canary\\n' > "$1"; printf copy-canary > "$1~"`)
    const variables = halfkey.variables()
    const ended = await halfkey.run(["edit", "A", ...production], { env: { ...variables, ...env } })
    assert.deepEqual(ended, { code: 0, signal: null, stdout: "", stderr: "halfkey: written in production: A\n" })
    const [path = "", ...lines] = readFileSync(report, "utf8").split("\n")
    assert.deepEqual(lines, ["600", "700", "a-canary"])
    assert.ok(!existsSync(dirname(path)))
    assert.equal(await get("A"), "new-canary")
  })

  test("all of an environment: written, added and deleted in one commit, after a question", async () => {
    await set("GONE", "g")
    const { env } = editor(`sed -i -e '/^GONE/d' -e 's/^A: .*/A: 007/' "$1"; echo 'NEW: "x\\ty"' >> "$1"`)
    const unsure = await halfkey.run(["edit", ...production], { env })
    assert.deepEqual(
      [unsure.code, unsure.stderr],
      [2, "halfkey: production was not changed: nobody can be asked here\n  try: the same with -y\n"],
    )
    assert.equal(await get("A"), "a-canary")
    const { code, stderr, stdout } = await halfkey.run(["edit", ...production, "-y"], { env })
    assert.deepEqual(
      [code, stdout, stderr],
      [0, "", "halfkey: written in production: A, NEW\nhalfkey: deleted from production: GONE\n"],
    )
    assert.deepEqual([await get("A"), await get("NEW"), await get("PEM")], ["007", "x\ty", "one\ntwo\n"])
    assert.equal((await halfkey.run(["get", "GONE", ...production])).code, 3)
    assertGone()
  })

  test("a name that is not there yet is created; what was not changed, or emptied, is not saved", async () => {
    await halfkey.ok(["edit", "-n", "FRESH", ...production], editor('echo fresh > "$1"'))
    assert.equal(await get("FRESH"), "fresh")
    for (const [args, lines, code, stderr] of [
      [["edit", "A"], "true", 0, "halfkey: nothing was changed in production\n"],
      [["edit"], "true", 0, "halfkey: nothing was changed in production\n"],
      [["edit"], ': > "$1"', 0, "halfkey: nothing was changed in production\n"],
      [
        ["edit", "A"],
        ': > "$1"',
        2,
        "halfkey: the file is empty, so A was not changed\n  try: halfkey set A -e production --allow-empty, or halfkey delete A -e production\n",
      ],
      [
        ["edit"],
        'echo "A: [canary]" > "$1"',
        2,
        "halfkey: the file has a problem, and nothing was sent\n  line 1: the value of A is no text, but a list, a mapping or the like\n  try: halfkey edit -e production\n",
      ],
    ] as const) {
      const ended = await halfkey.run([...args, ...production], editor(lines))
      assert.deepEqual([ended.code, ended.stdout, ended.stderr], [code, "", stderr])
      assertGone()
    }
    assert.equal(await get("A"), "a-canary")
  })

  test("an editor that fails, or is none, changes nothing", async () => {
    const hint =
      "  try: VISUAL or EDITOR with a command that waits until the file is closed, such as EDITOR='code --wait'\n"
    const failing = await halfkey.run(["edit", "A", ...production], editor('echo other > "$1"; exit 3'))
    assert.deepEqual(
      [failing.code, failing.stderr],
      [1, `halfkey: the editor ended with 3, so nothing was changed\n${hint}`],
    )
    assertGone()
    assert.equal(await get("A"), "a-canary")
    const none = await halfkey.run(["edit", "A", ...production])
    assert.deepEqual(
      [none.code, none.stderr],
      [2, "halfkey: no editor is named\n  try: VISUAL or EDITOR, such as EDITOR=nano\n"],
    )
  })

  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    test(`${signal} ends it, and nothing is left`, async () => {
      const { env } = editor("exec sleep 60")
      const started = new AbortController()
      const reported = new Promise<void>((resolve) => {
        watch(halfkey.directory, { signal: started.signal }, () => {
          if (existsSync(report) && readFileSync(report, "utf8").endsWith("\n")) resolve()
        })
      })
      const child = halfkey.spawn(["edit", "A", ...production], env)
      await reported
      started.abort()
      child.kill(signal)
      const [code] = await once(child, "close")
      assert.equal(code, { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 }[signal])
      assertGone()
      assert.equal(await get("A"), "a-canary")
    })
  }

  test("Ctrl-C in an editor that ends by it is 130, and nothing is left", { skip: noTerminal }, async () => {
    const terminal = new Terminal(["edit", "A", ...production], halfkey.env(editor("echo ready; exec sleep 60").env))
    await terminal.shows("ready")
    terminal.type("\u0003")
    const { code, shown } = await terminal.end()
    assert.deepEqual([code, shown.includes("halfkey:")], [130, false])
    assertGone()
    assert.equal(await get("A"), "a-canary")
  })

  test("vi, with what it deleted and searched for, leaves nothing in any file", {
    skip: noTerminal || noVi,
  }, async () => {
    const terminal = new Terminal(["edit", "A", ...production], halfkey.env())
    await terminal.shows("a-canary")
    terminal.type(":s/a-canary/b-canary/\r")
    terminal.type("yy/canary\r:wq\r")
    const { code, shown } = await terminal.end()
    assert.equal(code, 0, shown)
    assert.equal(await get("A"), "b-canary")
    const files = globSync("**", { cwd: halfkey.directory, withFileTypes: true, exclude: ["data"] })
    const hidden = globSync(".*", { cwd: halfkey.directory, withFileTypes: true })
    for (const file of [...files, ...hidden]) {
      const path = join(file.parentPath, file.name)
      if (file.isFile() && !path.endsWith("editor.sh")) assert.ok(!readFileSync(path, "utf8").includes("-canary"), path)
    }
  })

  test("what somebody else wrote meanwhile is a conflict, and nothing is written", async () => {
    const { env } = editor(
      `sed -i -e 's/a-canary/mine/' -e 's/^PEM.*/PEM: mine/' "$1"; ${meanwhile("set A", "theirs")}`,
    )
    const { code, stderr } = await halfkey.run(["edit", ...production], { env })
    assert.deepEqual(
      [code, stderr],
      [
        5,
        "halfkey: A: changed by somebody else meanwhile, so nothing was written\n  try: edit again; at a terminal you can choose what stays\n",
      ],
    )
    assert.deepEqual([await get("A"), await get("PEM")], ["theirs", "one\ntwo\n"])
    await set("A", "a-canary")
    const deleted = await halfkey.run(
      ["edit", "A", ...production],
      editor(`echo mine > "$1"; ${meanwhile("delete A")}`),
    )
    assert.equal(deleted.code, 5, deleted.stderr)
    // The same on both sides is none.
    await set("A", "a-canary")
    const same = await halfkey.run(["edit", "A", ...production], editor(`echo x > "$1"; ${meanwhile("set A", "x")}`))
    assert.deepEqual([same.code, same.stderr], [0, "halfkey: nothing was changed in production\n"])
    assertGone()
  })

  test("at a terminal each conflict is a choice: theirs, mine, or edit again", { skip: noTerminal }, async () => {
    await set("B", "b")
    await set("C", "c")
    const others = ["A", "B", "C"].map((name) => meanwhile(`set ${name}`, "theirs")).join("; ")
    const script = `case "$1" in
      *.yaml) sed -i -e 's/^\\([ABC]\\): .*/\\1: mine/' "$1"; ${others} ;;
      *) cat "$1" > '${report}.both'; echo joined > "$1" ;;
    esac`
    const terminal = new Terminal(["edit", ...production], halfkey.env(editor(script).env))
    await terminal.shows("A was changed, to version")
    terminal.type("what\n")
    await terminal.shows("A was changed, to version")
    terminal.type("t\n")
    await terminal.shows("B was changed, to version")
    terminal.type("m\n")
    await terminal.shows("C was changed, to version")
    terminal.type("e\n")
    const { code, shown } = await terminal.end()
    assert.equal(code, 0, shown)
    assert.ok(shown.endsWith("halfkey: written in production: B, C\n"), shown)
    assert.deepEqual([await get("A"), await get("B"), await get("C")], ["theirs", "mine", "joined"])
    assert.equal(readFileSync(`${report}.both`, "utf8"), "<<<<<<< mine\nmine\n=======\ntheirs\n>>>>>>> theirs\n")
    assertGone()
  })

  test("what could not be saved is kept in memory, and the failure says how to save it", {
    skip: noTerminal,
  }, async () => {
    const large = new Terminal(
      ["edit", "A", ...production],
      halfkey.env(editor(`head -c 70000 /dev/zero | tr '\\0' k > "$1"`).env),
    )
    const first = await large.end()
    assert.equal(first.code, 2, first.shown)
    const [, value = ""] =
      /\n {2}try: halfkey set A -e production --value-file (\S+) {3}\(what you typed/.exec(first.shown) ?? []
    assert.equal(readFileSync(value, "utf8"), "k".repeat(70_000))
    assert.deepEqual([statSync(value).mode & 0o777, statSync(dirname(value)).mode & 0o777], [0o600, 0o700])
    rmSync(dirname(value), { recursive: true })
    assertGone()

    const stopped = `sed -i 's/^A: .*/A: "007"/' "$1"; kill ${server.process.pid}; while kill -0 ${server.process.pid}; do sleep 0.1; done`
    const all = new Terminal(["edit", ...production], halfkey.env(editor(stopped).env))
    const second = await all.end()
    assert.equal(second.code, 6, second.shown)
    const [, line = "", path = ""] =
      /try: halfkey (import (\S+) -e production) {3}\(what you typed, kept in memory\)\n/.exec(second.shown) ?? []
    assert.ok(second.shown.endsWith(`  try: rm -r ${dirname(path)}   (when it is saved)\n`), second.shown)
    await halfkey.up()
    await halfkey.ok([...line.split(" "), "-y"])
    rmSync(dirname(path), { recursive: true })
    assert.deepEqual([await get("A"), await get("PEM")], ["007", "one\ntwo\n"])
  })
})
