/** What a question leaves behind. At a terminal of its own, by `script`: see also commands/terminal.test.ts. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { noTerminal, scriptCommand } from "../testing/terminal.ts"
import { temporaryDirectory } from "../testing/test-context.ts"

test("a question takes only its own listener of SIGINT away", { skip: noTerminal }, (t) => {
  const program = join(temporaryDirectory(t), "program.ts")
  writeFileSync(
    program,
    `import { processStreams } from ${JSON.stringify(new URL("../streams.ts", import.meta.url).href)}
import { terminalPrompts } from ${JSON.stringify(new URL("prompts.ts", import.meta.url).href)}
const removesAFile = () => {}
process.on("SIGINT", removesAFile)
const answer = await terminalPrompts(processStreams({}), true).line("Question")
process.stdout.write([answer, process.listeners("SIGINT").length, process.listeners("SIGINT")[0] === removesAFile].join(" "))
process.exit(0)
`,
  )
  const command = `exec '${process.execPath}' '${program}'`
  const { stdout } = spawnSync(scriptCommand, ["-q", "-e", "-E", "never", "-c", command, "/dev/null"], {
    input: "answer\n",
    encoding: "utf8",
  })
  assert.match(stdout, /Question answer 1 true$/)
})
