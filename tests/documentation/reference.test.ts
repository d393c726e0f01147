/** The API reference is what the comments of the SDK say now, of everything that is exported. */
import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { before, test } from "node:test"
import { reference, referenceFolder } from "../../tools/generate-reference.ts"
import { entries } from "../../tools/reference/entries.ts"
import { type EntryModel, readModel } from "../../tools/reference/model.ts"

let model: EntryModel[]
let pages: Map<string, string>
before(async () => {
  model = await readModel()
  pages = reference(model)
})

test("docs/reference is what tools/generate-reference.ts writes", () => {
  assert.deepEqual(globSync("*", { cwd: referenceFolder }).sort(), [...pages.keys()].sort())
  for (const [name, text] of pages) {
    assert.equal(
      readFileSync(join(referenceFolder, name), "utf8"),
      text,
      `${name}: run node tools/generate-reference.ts`,
    )
  }
})

test("it has a page for each entry of the package, and every link of it leads somewhere", () => {
  const manifest = JSON.parse(readFileSync(join(referenceFolder, "../../sdk/package.json"), "utf8"))
  assert.deepEqual(
    Object.keys(manifest.exports),
    entries.map(({ name }) => `./${name}`).sort(byManifest(manifest.exports)),
  )
  const headings = new Map(
    [...pages].map(([name, text]) => [
      name,
      new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading?.toLowerCase())),
    ]),
  )
  for (const [name, text] of pages) {
    for (const [link, file, anchor] of text.matchAll(/\]\(([a-z]+\.md)?#(\w+)\)/g)) {
      assert.ok(headings.get(file ?? name)?.has(anchor), `${name}: ${link}`)
    }
  }
})

function byManifest(exports: object) {
  const order = Object.keys(exports)
  return (left: string, right: string) => order.indexOf(left) - order.indexOf(right)
}

test("everything that is exported says what it is", () => {
  const silent = model.flatMap(({ constants, functions, groups, name, types }) => {
    const callables = [...functions, ...groups.flatMap((group) => group.callables)]
    return [
      ...[...types, ...constants].filter(({ doc }) => doc.text === "").map((each) => `${name}: ${each.name}`),
      ...groups.filter(({ doc }) => doc.text === "").map(({ title }) => `${name}: ${title}`),
      ...callables
        .filter(({ doc }) => doc.text === "" && doc.throws.length === 0)
        .map(({ path }) => `${name}: ${path}`),
    ]
  })
  assert.deepEqual(silent, [])
})
