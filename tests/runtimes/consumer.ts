/** A project of somebody else's that has installed the package: as it is published, with its dependencies, and nothing of this repository. */
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { transform } from "esbuild"

const root = join(import.meta.dirname, "../..")
const run = promisify(execFile)

export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "halfkey-consumer-"))

  async install(): Promise<void> {
    const modules = join(this.folder, "node_modules")
    await run(process.execPath, [join(root, "tools/build-sdk.mjs"), join(modules, "halfkey")])
    const manifest = JSON.parse(readFileSync(join(modules, "halfkey/package.json"), "utf8"))
    for (const name of Object.keys(manifest.dependencies)) this.#install(name)
    const dependencies = { halfkey: manifest.version }
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "consumer", private: true, dependencies }))
  }

  #install(name: string): void {
    const from = join(root, "node_modules", name)
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, "package.json"), "utf8"))
    cpSync(from, join(this.folder, "node_modules", name), { recursive: true })
    for (const each of Object.keys(dependencies)) this.#install(each)
  }

  /** Writes a TypeScript file of the tests as a program for any runtime. */
  async program(name: string, source: string, format: "cjs" | "esm"): Promise<string> {
    const { code } = await transform(source, { loader: "ts", format, target: "node20" })
    const path = join(this.folder, `${name}.${format === "cjs" ? "cjs" : "mjs"}`)
    mkdirSync(this.folder, { recursive: true })
    writeFileSync(path, code)
    return path
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
