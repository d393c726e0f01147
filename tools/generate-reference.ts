/** Writes `docs/reference` from the comments of the SDK: node tools/generate-reference.ts. A test holds both together. */
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type EntryModel, readModel } from "./reference/model.ts"
import { referencePages } from "./reference/pages.ts"

const root = join(import.meta.dirname, "..")
export const referenceFolder = join(root, "docs/reference")

/** Pages by name of file, as the formatter leaves them. */
export function reference(model: readonly EntryModel[]): Map<string, string> {
  const pages = referencePages(model)
  return new Map([...pages].map(([name, text]) => [name, formatted(name, text)]))
}

function formatted(name: string, input: string): string {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome")
  const words = [biome, "format", `--stdin-file-path=docs/reference/${name}`]
  const { status, stderr, stdout } = spawnSync(process.execPath, words, { cwd: root, input, encoding: "utf8" })
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
  return stdout
}

if (import.meta.main) {
  mkdirSync(referenceFolder, { recursive: true })
  for (const [name, text] of reference(await readModel())) writeFileSync(join(referenceFolder, name), text)
}
