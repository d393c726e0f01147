/** `halfkey completion`: what a real bash makes of it, from what this machine has seen, while no server runs. */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation } from "../testing/installation.ts"
import { noTerminal } from "../testing/terminal.ts"

const halfkey = new Installation()
const programs = join(halfkey.directory, "programs")
const bin = fileURLToPath(new URL("../../bin/halfkey.js", import.meta.url))
const env = () => halfkey.env({ PATH: `${programs}:${process.env["PATH"]}`, TERM: "dumb", HISTFILE: "" })
const isThere = (shell: string) => spawnSync(shell, ["-c", ":"]).status === 0
const scriptCommand = "script"
const value = "canary-of-completion-93"

before(async () => {
  await halfkey.up()
  for (const [environment, name] of [
    ["development", "DB_URL"],
    ["development", "DB_GONE"],
    ["staging", "DB_KEY"],
  ] as const) {
    await halfkey.ok(["set", name, "-e", environment, "-q"], { stdin: value })
  }
  await halfkey.ok(["delete", "DB_GONE", "-e", "development", "-y", "-q"])
  mkdirSync(programs)
  writeFileSync(join(programs, "halfkey"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 })
  writeFileSync(join(halfkey.directory, "completion.bash"), await halfkey.ok(["completion", "bash"]))
  writeFileSync(join(halfkey.directory, "completion.zsh"), await halfkey.ok(["completion", "zsh"]))
  writeFileSync(join(halfkey.directory, "completion.fish"), await halfkey.ok(["completion", "fish"]))
  await halfkey.stop()
})
after(() => halfkey.dispose())

/** What bash would offer for the last of these words. */
function offered(...words: string[]): string[] {
  const program = `. ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _halfkey; printf '%s\\n' "\${COMPREPLY[@]}"`
  const options = { cwd: halfkey.directory, env: env(), encoding: "utf8" } as const
  const { status, stdout, stderr } = spawnSync("bash", ["-c", program, "bash", "halfkey", ...words], options)
  assert.deepEqual([status, stderr], [0, ""])
  return stdout.split("\n").filter((line) => line !== "")
}

test("bash completes commands, options and names that this machine has seen, without a server", {
  skip: !isThere("bash"),
}, () => {
  assert.deepEqual(offered("inj"), ["inject"])
  assert.deepEqual(offered("run", "--exc"), ["--except"])
  assert.deepEqual(offered("get", "-e", "dev"), ["development"])
  assert.deepEqual(offered("get", "-e", "development", "D"), ["DB_URL"])
  assert.deepEqual(offered("get", "D"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(offered("get", "--profile", "lo"), ["local"])
  assert.deepEqual(offered("get", "--profile", "nobody", "D"), [])
  assert.deepEqual(offered("run", "-e", "development", "--", "no"), [])
})

test("a line that a person completes by Tab is one that runs", { skip: noTerminal || !isThere("bash") }, async () => {
  const bash = spawn(scriptCommand, ["-q", "-e", "-c", "exec bash --norc --noprofile -i", "/dev/null"], {
    cwd: halfkey.directory,
    env: { ...env(), SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "inherit"],
  })
  bash.stdin.write(". ./completion.bash; halfkey() { printf '<%s>' \"$@\"; }\r")
  bash.stdin.write("halfkey get-m\t-e devel\t--na\tDB_\tend\r")
  bash.stdin.write("exit\r")
  assert.match(await text(bash.stdout), /<get-many><-e><development><--name><DB_URL><end>/)
})

test("zsh and fish read their scripts without an error", {
  skip: !(isThere("zsh") && isThere("fish")) && "zsh and fish are not installed",
}, () => {
  for (const shell of ["zsh", "fish"]) {
    const { status, stderr } = spawnSync(shell, ["-n", join(halfkey.directory, `completion.${shell}`)])
    assert.deepEqual([status, String(stderr)], [0, ""], shell)
  }
})

test("where nothing is known, nothing is said, and no value is ever known", async () => {
  const suggest = ["completion", "suggest", "--", "get", ""]
  const nothing = { code: 0, signal: null, stdout: "", stderr: "" }
  const elsewhere = { HALFKEY_CONFIG_DIR: join(halfkey.directory, "none") }
  assert.deepEqual(await halfkey.run(suggest, { env: elsewhere }), nothing)
  assert.deepEqual(await halfkey.run(suggest, { env: { HALFKEY_CONFIG_DIR: undefined, HOME: undefined } }), nothing)
  assert.deepEqual(await halfkey.run(suggest), { ...nothing, stdout: "DB_KEY\nDB_URL\n" })
  assert.deepEqual(await halfkey.run(["completion", "suggest", "--", "get", "canary"]), nothing)
})

test("another shell is a usage error", async () => {
  const { code, stdout, stderr } = await halfkey.run(["completion", "tcsh"])
  assert.deepEqual([code, stdout], [2, ""])
  assert.equal(stderr, "halfkey: completion is for one of bash, zsh, fish\n  try: halfkey completion bash\n")
})
