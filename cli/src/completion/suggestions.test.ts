import assert from "node:assert/strict"
import { test } from "node:test"
import { commandTable } from "../command-table.ts"
import { type KnownNames, suggestions } from "./suggestions.ts"

const asked: unknown[] = []
const names: KnownNames = {
  environments: (profile) => {
    asked.push([profile])
    return ["development", "production"]
  },
  secrets: (profile, environment) => {
    asked.push([profile, environment])
    return ["API", "DB_KEY", "DB_URL"]
  },
  profiles: () => ["local", "work"],
}
const suggest = (line: string) => suggestions(line.split(" "), names)

test("words of commands, one after the other", async () => {
  const firsts = new Set(commandTable.map(({ path }) => path.split(" ")[0]))
  assert.deepEqual(await suggest(""), [...firsts])
  assert.deepEqual(await suggest("inj"), ["inject"])
  assert.deepEqual(await suggest("-q --profile work secrets g"), ["get", "get-many"])
  assert.deepEqual(await suggest("no-such-command "), [])
  assert.deepEqual(await suggest("environments undo"), ["undo-destroy"])
  assert.deepEqual(await suggestions([], names), [...firsts])
})

test("options of the program, of the command, and what they take", async () => {
  assert.deepEqual(await suggest("--pr"), ["--profile"])
  assert.deepEqual(await suggest("--profile "), ["local", "work"])
  assert.deepEqual(await suggest("-e prod"), ["production"])
  assert.deepEqual(await suggest("run --ex"), ["--except", "--expand"])
  assert.deepEqual(await suggest("watch --mount-type "), ["fifo", "file"])
  assert.deepEqual(await suggest("run --expand --only DB"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(await suggest("run -e a --environment = p"), ["production"])
  assert.deepEqual(await suggest("copy --from d"), ["development"])
  assert.deepEqual(await suggest("list -o "), ["table", "json", "yaml", "tsv"])
  assert.deepEqual(await suggest("audit list --outcome al"), ["allowed"])
  assert.deepEqual(await suggest("inject -i "), [])
  assert.deepEqual(await suggest("get --he"), ["--help"])
})

test("words that bash cuts at : = and @, and those that other shells leave whole", async () => {
  assert.deepEqual(await suggest("get --endpoint http : //127.0.0.1 : 4253 -e a D"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(await suggest("get --environment = production D"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(await suggest("get --environment=production D"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(await suggest("get --environment=p"), ["--environment=production"])
  assert.deepEqual(await suggest("--profile="), ["--profile=local", "--profile=work"])
  assert.deepEqual(await suggest("diff -e a DB_URL @ 1 p"), ["production"])
  assert.deepEqual(await suggest("diff -e a DB_URL @ "), [])
})

test("operands: secrets of the environment and the profile that were typed, environments, shells", async () => {
  asked.length = 0
  assert.deepEqual(await suggest("get D"), ["DB_KEY", "DB_URL"])
  assert.deepEqual(await suggest("secrets get-many -e staging --profile work API A"), ["API"])
  assert.deepEqual(await suggest("environments --profile work disable p"), ["production"])
  assert.deepEqual(await suggest("config use w"), ["work"])
  assert.deepEqual(asked, [[undefined, undefined], ["work", "staging"], ["work"]])
  assert.deepEqual(await suggest("get API "), [])
  assert.deepEqual(await suggest("get -- A"), ["API"])
  assert.deepEqual(await suggest("environments create p"), [])
  assert.deepEqual(await suggest("diff d"), ["development"])
  assert.deepEqual(await suggest("completion "), ["bash", "zsh", "fish"])
  assert.deepEqual(await suggest("keys create A"), [])
})

test("behind the program of run and watch, the words are the program's", async () => {
  for (const line of [
    "run -e a -- ",
    "run -e a -- -",
    "run node -",
    "run node --only D",
    "watch -e a -- ",
    "watch node --only D",
  ]) {
    assert.deepEqual(await suggest(line), [], line)
  }
})

test("every command can be asked about", async () => {
  for (const { path } of commandTable) {
    assert.ok((await suggest(`${path} --`)).includes("--help"), path)
    assert.ok(Array.isArray(await suggest(`${path} `)), path)
  }
})
