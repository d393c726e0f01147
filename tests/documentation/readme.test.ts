// The README's transcript is typed anew, and every link in every document leads somewhere.
import assert from "node:assert/strict"
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { after, before, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { transcript } from "./transcript.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

function documents(): string[] {
  const files = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).split("\n")
  return files.filter((file) => file !== "")
}

describe("README", () => {
  const folder = mkdtempSync(join(tmpdir(), "halfkey-readme-"))
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    HALFKEY_DATA_DIR: join(folder, "data"),
    HALFKEY_CONFIG_DIR: join(folder, "config"),
    HALFKEY_PORT: "0",
    PATH: [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
    NO_COLOR: "1",
  }
  let server: ChildProcess

  before(async () => {
    server = spawn(process.execPath, [join(root, "cli/bin/halfkey.js"), "up"], { env: environment, stdio: "pipe" })
    let said = ""
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        said += chunk
        if (/you are its admin/.test(said)) resolve()
      }
      server.stdout?.on("data", listen)
      server.stderr?.on("data", listen)
      server.on("exit", () => reject(new Error(`halfkey up ended: ${said}`)))
    })
  })

  after(async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve))
    server.kill("SIGTERM")
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  const steps = transcript(readFileSync(join(root, "README.md"), "utf8"))

  test("it has a transcript", () => {
    assert.ok(steps.length >= 5)
  })

  for (const { command, output } of steps) {
    test(`$ ${command}`, () => {
      const { stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: root, env: environment, encoding: "utf8" })
      assert.equal(stdout + stderr + (stdout === "" || stdout.endsWith("\n") ? "" : "\n"), output)
    })
  }
})

describe("documents", () => {
  for (const file of documents()) {
    test(`every relative link of ${file} leads to a file`, () => {
      const text = readFileSync(join(root, file), "utf8")
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
        assert.ok(existsSync(join(root, dirname(file), decodeURI(target))), `${file} links to ${target}`)
      }
    })
  }
})
