/** `halfkey completion`: what a real bash makes of it, from what this machine has seen, while no server runs. */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
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
/** `false`, or the line that says why a shell is not tried. */
const absent = (shell: string) => spawnSync(shell, ["-c", ":"]).status !== 0 && `${shell} is not installed`
const scriptCommand = "script"
const fishCommand = "fish"
const value = "canary-of-completion-93"

before(async () => {
  await halfkey.up()
  for (const [environment, name] of [
    ["development", "DB_URL"],
    ["development", "DB_GONE"],
    ["staging", "DB_KEY"],
    ["development", "payments/stripe.key"],
  ] as const) {
    await halfkey.ok(["set", name, "-e", environment, "-q"], { stdin: value })
  }
  await halfkey.ok(["delete", "DB_GONE", "-e", "development", "-y", "-q"])
  mkdirSync(programs)
  writeFileSync(join(programs, "halfkey"), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 })
  writeFileSync(join(halfkey.directory, "completion.bash"), await halfkey.ok(["completion", "bash"]))
  mkdirSync(join(halfkey.directory, "my files"))
  writeFileSync(join(halfkey.directory, "my files", `it's "x".env`), "A=1\n")
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
  skip: absent("bash"),
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

/** What is typed, Tab included, and the words that the command then gets. */
const typedLines: readonly (readonly [string, string])[] = [
  ["halfkey get-m\t-e devel\t--na\tDB_\tend", "<get-many><-e><development><--name><DB_URL><end>"],
  ["halfkey get -e development pay\tend", "<get><-e><development><payments/stripe.key><end>"],
  ["halfkey get --environment=dev\tDB_\tend", "<get><--environment=development><DB_URL><end>"],
  [
    "halfkey get --endpoint http://h:1 -e devel\tDB_\tend",
    "<get><--endpoint><http://h:1><-e><development><DB_URL><end>",
  ],
  ["halfkey --prof\tlo\tend", "<--profile><local><end>"],
  ["halfkey import my\t\tend", `<import><my files/it's "x".env><end>`],
]

/** Shells as a person has them: a terminal, the prompt, and the line that the help tells to load. */
const shells: Readonly<Record<string, { readonly start: string; readonly load: string }>> = {
  bash: { start: "bash --norc --noprofile -i", load: 'eval "$(command halfkey completion bash)"' },
  zsh: { start: "zsh -f -i", load: 'autoload -U compinit; compinit -u -D; eval "$(command halfkey completion zsh)"' },
}

for (const [shell, { load, start }] of Object.entries(shells)) {
  test(`${shell}: a line that a person completes by Tab is one that runs`, {
    skip: absent(shell) || noTerminal,
  }, async () => {
    const child = spawn(scriptCommand, ["-q", "-e", "-c", `exec ${start}`, "/dev/null"], {
      cwd: halfkey.directory,
      env: { ...env(), SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"],
    })
    child.stdin.write(`${load}; halfkey() { printf '<%s>' "$@"; echo; }\r`)
    for (const [typed] of typedLines) child.stdin.write(`${typed}\r`)
    child.stdin.write("exit\r")
    const shown = await text(child.stdout)
    for (const [, words] of typedLines) assert.ok(shown.includes(`\n${words}\r\n`), `${words} is not in ${shown}`)
    assert.ok(!shown.includes(value))
  })
}

test("fish offers commands, options, names and files", { skip: absent("fish") }, () => {
  const offeredByFish = (line: string) => {
    const program = `halfkey completion fish | source; complete -C "$LINE"`
    const options = { cwd: halfkey.directory, env: { ...env(), LINE: line }, encoding: "utf8" } as const
    const { status, stderr, stdout } = spawnSync(fishCommand, ["--no-config", "-c", program], options)
    assert.deepEqual([status, stderr], [0, ""], line)
    return stdout.split("\n").slice(0, -1)
  }
  for (const [line, expected] of [
    ["halfkey get-m", ["get-many"]],
    ["halfkey get -e dev", ["development"]],
    ["halfkey get ", ["DB_KEY", "DB_URL", "payments/stripe.key"]],
    ["halfkey get -e development ", ["DB_URL", "payments/stripe.key"]],
    ["halfkey get --environment=dev", ["--environment=development"]],
    ["halfkey get --endpoint http://h:1 -e development D", ["DB_URL"]],
    ["halfkey get --profile ", ["local"]],
    ["halfkey run --exc", ["--except"]],
    ["halfkey import my", ["my files/"]],
    ["halfkey import my\\ files/", [`my files/it's "x".env`]],
    ["halfkey get canary", []],
  ] as const) {
    assert.deepEqual(offeredByFish(line), expected, line)
  }
})

test("names that are no names, in a state file that somebody else has written, reach no shell", async () => {
  const { configDirectory } = halfkey
  const elsewhere = join(halfkey.directory, "odd")
  cpSync(configDirectory, elsewhere, { recursive: true })
  const [file = ""] = readdirSync(join(elsewhere, "state")).filter((name) => name.endsWith(".json"))
  const state = JSON.parse(readFileSync(join(elsewhere, "state", file), "utf8"))
  const [keysetId = ""] = Object.keys(state.secrets)
  for (const name of ["$(touch owned)", "`id`", "a b", "x\ny", "'; id #"]) {
    state.secrets[keysetId][name] = Object.values(state.secrets[keysetId])[0]
    state.keysets[name] = { ...state.keysets[keysetId], name }
  }
  writeFileSync(join(elsewhere, "state", file), JSON.stringify(state), { mode: 0o600 })
  const suggest = (...words: string[]) =>
    halfkey.ok(["completion", "suggest", "--", ...words], { env: { HALFKEY_CONFIG_DIR: elsewhere } })
  assert.equal(await suggest("get", ""), "DB_KEY\nDB_URL\npayments/stripe.key\n")
  assert.equal(await suggest("get", "-e", ""), "development\nstaging\n")
})

test("where nothing is known, nothing is said, and no value is ever known", async () => {
  const suggest = ["completion", "suggest", "--", "get", ""]
  const nothing = { code: 0, signal: null, stdout: "", stderr: "" }
  const elsewhere = { HALFKEY_CONFIG_DIR: join(halfkey.directory, "none") }
  assert.deepEqual(await halfkey.run(suggest, { env: elsewhere }), nothing)
  assert.deepEqual(await halfkey.run(suggest, { env: { HALFKEY_CONFIG_DIR: undefined, HOME: undefined } }), nothing)
  assert.deepEqual(await halfkey.run(suggest), { ...nothing, stdout: "DB_KEY\nDB_URL\npayments/stripe.key\n" })
  assert.deepEqual(await halfkey.run(["completion", "suggest", "--", "get", "canary"]), nothing)
})

test("another shell is a usage error", async () => {
  const { code, stdout, stderr } = await halfkey.run(["completion", "tcsh"])
  assert.deepEqual([code, stdout], [2, ""])
  assert.equal(stderr, "halfkey: completion is for one of bash, zsh, fish\n  try: halfkey completion bash\n")
})
