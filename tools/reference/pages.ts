/** Pages of the API reference, as people read them: what is called, what it gives, how it is used. */
import type { Callable, Doc, EntryModel, NamedType, Property } from "./model.ts"

const note = "Written by `tools/generate-reference.ts` from the comments in `sdk/src`: do not edit."

/** Text by name of file. */
export function referencePages(model: readonly EntryModel[]): ReadonlyMap<string, string> {
  return new Map([
    ["README.md", contents(model)],
    ...model.map((entry) => [`${entry.name}.md`, page(entry, model)] as const),
  ])
}

function contents(model: readonly EntryModel[]): string {
  const rows = model.map(({ functions, groups, name }) => {
    const found = [...groups.map(({ title }) => title), ...functions.map(({ path }) => `${path}()`)]
    return `- [\`halfkey/${name}\`](${name}.md): ${found.map((each) => `\`${each}\``).join(", ")}`
  })
  return blocks([
    "# API reference",
    note,
    rows.join("\n"),
    "A test compiles every example, and runs it against a real server. [The README](../../sdk/README.md) is the place to begin.",
  ])
}

function page(entry: EntryModel, model: readonly EntryModel[]): string {
  const link = linker(entry, model)
  const { about, constants, elsewhere, functions, groups, name, types } = entry
  return blocks([
    `# halfkey/${name}`,
    note,
    about,
    ...groups.flatMap(({ callables, doc, properties, title }) => [
      `## ${title}`,
      ...docBlocks(doc),
      ...propertyTable(properties, link),
      ...callables.flatMap((each) => callableBlocks(each, link)),
    ]),
    ...(functions.length > 0 ? ["## Functions"] : []),
    ...functions.flatMap((each) => callableBlocks(each, link)),
    ...(constants.length > 0 ? ["## Constants"] : []),
    ...constants.flatMap(({ doc, name }) => [`### ${name}`, ...docBlocks(doc)]),
    ...(types.length > 0 ? ["## Types"] : []),
    ...[...types].sort((left, right) => (left.name < right.name ? -1 : 1)).flatMap((each) => typeBlocks(each, link)),
    ...(elsewhere.size > 0
      ? [
          "## Of other entries",
          [...elsewhere.keys()]
            .sort()
            .map((each) => `- ${link(each)}`)
            .join("\n"),
        ]
      : []),
  ])
}

type Link = (name: string) => string | undefined

/** A link to the heading of a type or function of any entry. */
function linker(here: EntryModel, model: readonly EntryModel[]): Link {
  const places = new Map<string, string>()
  for (const entry of model) {
    const file = entry === here ? "" : `${entry.name}.md`
    for (const { name } of [...entry.types, ...entry.constants]) places.set(name, `${file}#${name.toLowerCase()}`)
    for (const { path } of entry.functions) places.set(path, `${file}#${path.toLowerCase()}`)
    for (const { title } of entry.groups) if (/^\w+$/.test(title)) places.set(title, `${file}#${title.toLowerCase()}`)
  }
  return (name) => {
    const place = places.get(name)
    return place === undefined ? undefined : `[\`${name}\`](${place})`
  }
}

function callableBlocks({ doc, path, signatures }: Callable, link: Link): string[] {
  const heading = /^\w+$/.test(path) ? path : `\`${path}\``
  const used = linksIn(signatures.join(" "), link)
  return [
    `### ${heading}`,
    fenced(signatures.map((signature) => `${path}${signature}`).join("\n")),
    ...docBlocks(doc),
    ...(used.length > 0 ? [`Types: ${used.join(" ")}`] : []),
  ]
}

function typeBlocks({ alias, doc, methods, name, parameters, properties }: NamedType, link: Link): string[] {
  return [
    `### ${name}`,
    ...docBlocks(doc),
    ...aliasBlocks(`${name}${parameters}`, alias),
    ...propertyTable(properties, link),
    ...(methods.length > 0
      ? [
          fenced(
            methods
              .flatMap(({ doc, path, signatures }) => [...commented(doc), ...signatures.map((each) => path + each)])
              .join("\n"),
          ),
        ]
      : []),
  ]
}

function aliasBlocks(name: string, alias: string | undefined): string[] {
  if (alias === undefined) return []
  // Keys of a table, which has a page of its own.
  if (alias.startsWith("keyof typeof")) return ["All of them are in [Errors](../errors.md)."]
  return [fenced(`type ${name} = ${wrapped(alias)}`)]
}

/** One member of a union in each line, where there are many. */
function wrapped(type: string): string {
  const members = type.split(" | ")
  return type.length > 100 && members.every((each) => /^"\w+"$/.test(each)) ? `\n  | ${members.join("\n  | ")}` : type
}

const commented = ({ text }: Doc) => (text === "" ? [] : [`/** ${text.replaceAll("\n", " ")} */`])

function docBlocks({ deprecated, examples, text, throws }: Doc): string[] {
  return [
    ...(text === "" ? [] : [text]),
    ...throws.map((each) => `Throws ${each}.`),
    ...(deprecated === undefined ? [] : [`Deprecated: ${deprecated}`]),
    ...examples.map(fenced),
  ]
}

function propertyTable(properties: readonly Property[], link: Link): string[] {
  if (properties.length === 0) return []
  const rows = properties.map(({ doc, name, optional, type }) =>
    [`\`${name}${optional ? "?" : ""}\``, link(type) ?? code(type), doc.text.replaceAll("\n", " ")]
      .map((cell) => cell.replaceAll(/(?<!\\)\|/g, "\\|"))
      .join(" | "),
  )
  return [["Name | Type | ", "--- | --- | ---", ...rows].map((row) => `| ${row} |`).join("\n")]
}

function linksIn(text: string, link: Link): string[] {
  const names = new Set(text.match(/\b[A-Z]\w+/g))
  // Everything gives one.
  names.delete("Result")
  return [...names].flatMap((name) => link(name) ?? [])
}

const code = (text: string) => `\`${text}\``
const fenced = (text: string) => `\`\`\`ts\n${text}\n\`\`\``
const blocks = (all: readonly string[]) => `${all.join("\n\n")}\n`
