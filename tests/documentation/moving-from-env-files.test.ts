/** Every command of the guide is typed as it stands there, on a real server; questions are answered with -y. */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation } from "../../cli/src/testing/installation.ts"

const guide = readFileSync(
  fileURLToPath(new URL("../../docs/guides/moving-from-env-files.md", import.meta.url)),
  "utf8",
)
const lines = [...guide.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.trim().split("\n"))

const halfkey = new Installation()
before(async () => {
  await halfkey.up()
  writeFileSync(join(halfkey.directory, ".env"), "DATABASE_URL=postgres://localhost/app\nPORT=8080\n")
  writeFileSync(join(halfkey.directory, "settings.yaml"), "STRIPE_KEY: sk_test_1\nPORT: 80\n")
  writeFileSync(join(halfkey.directory, "app.js"), "console.log(process.env.DATABASE_URL)\n")
})
after(() => halfkey.dispose())

test("the guide's commands do what it says", async () => {
  assert.ok(lines.length >= 11 && lines.every((line) => line.startsWith("halfkey ")), lines.join("\n"))
  const said = new Map<string, string>()
  for (const line of lines) {
    const [, verb = "", ...words] = line.split(" ")
    const program = words.indexOf("--")
    const asks = ["import", "copy", "promote"].includes(verb)
    const args = [verb, ...words.slice(0, program < 0 ? undefined : program), ...(asks ? ["-y"] : [])]
    // Versions are compared that are there.
    if (words.includes("DATABASE_URL@2")) {
      await halfkey.ok(["set", "DATABASE_URL", "-e", "development"], { stdin: "postgres://db/app" })
    }
    const { code, stderr, stdout } = await halfkey.run([...args, ...(program < 0 ? [] : words.slice(program))])
    const differs = verb === "diff" && words[0] !== "-e"
    assert.equal(code, differs || words.includes("--show") ? 8 : 0, `${line}: ${stderr}`)
    said.set(line, stdout)
  }
  assert.deepEqual(Object.fromEntries(said), {
    "halfkey import .env -e development --dry-run": "DATABASE_URL\tadded\nPORT\tadded\n",
    "halfkey import .env -e development": "",
    "halfkey import settings.yaml -e staging": "",
    "halfkey run -e development -- node app.js": "postgres://localhost/app\n",
    "halfkey diff -e development --file .env": "",
    "halfkey diff staging production": "PORT\tremoved\nSTRIPE_KEY\tremoved\n",
    "halfkey diff -e development DATABASE_URL@1 DATABASE_URL@2 --show":
      "DATABASE_URL\tchanged\tpostgres://localhost/app\tpostgres://db/app\n",
    "halfkey copy STRIPE_KEY --from staging --to production": "",
    "halfkey promote --from staging --to production --dry-run": "PORT\tadded\nSTRIPE_KEY\tthe same\n",
    "halfkey promote --from staging --to production": "",
    "halfkey export -e development --format dotenv": "DATABASE_URL=postgres://db/app\nPORT=8080\n",
  })
})
