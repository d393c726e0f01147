/** The table of labels in `spec/protocol.md`, read as data: which fields a label has, in which order. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Field, pae, unbase64url, uuid } from "./independent.ts"

export interface LabelRow {
  readonly label: string
  readonly use: string
  readonly fields: readonly { readonly name: string; readonly kind: "one" | "optional" | "list" }[]
}

const specification = readFileSync(join(import.meta.dirname, "../../spec/protocol.md"), "utf8")

/** Every row of the table, by label. */
export const labelRows: ReadonlyMap<string, LabelRow> = readTable()

function readTable(): Map<string, LabelRow> {
  const start = specification.search(/^\| Label +\| Use +\| Fields in order/m)
  if (start < 0) throw new Error("spec/protocol.md has no table of labels")
  const end = specification.indexOf("\n\n", start)
  const rows = specification.slice(start, end).split("\n").slice(2)
  return new Map(
    rows.map((row) => {
      const [, label = "", use = "", fields = ""] = row.split("|").map((cell) => cell.trim())
      const names = [...fields.matchAll(/`(\w+)`(\?|\[\])?/g)]
      const kinds = { "?": "optional", "[]": "list" } as const
      const key = label.replaceAll("`", "")
      return [
        key,
        {
          label: key,
          use,
          fields: names.map(([, name = "", mark]) => ({ name, kind: mark ? kinds[mark as "?" | "[]"] : "one" })),
        },
      ]
    }),
  )
}

/** What stands in JSON as base64url; everything else that is text and no UUID or time enters as UTF-8. */
const byteFields = new Set(
  "signPk kemPk auditKey previousHash rosterHash clientHalfCommitment recoveryHash signature".split(" "),
)

function fieldOf(name: string, json: unknown): Field {
  if (json === null) return null
  if (typeof json === "number") return json
  const text = json as string
  if (byteFields.has(name)) return unbase64url(text)
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) && name !== "name") return uuid(text)
  return name === "createdAt" ? Date.parse(text) : text
}

/** Fields of a document or of a list's item, from JSON, in the order of the table. */
function fieldsOf(label: string, json: Record<string, unknown>): Field[] {
  const row = labelRows.get(label)
  if (row === undefined) throw new Error(`the specification has no label ${label}`)
  return row.fields.map(({ name, kind }) => {
    if (kind !== "list") return fieldOf(name, json[name])
    const item = [...labelRows.values()].find(({ use }) => use === `item of \`${name}\``)
    if (item === undefined) throw new Error(`the specification has no label for items of ${name}`)
    return { item: item.label, of: (json[name] as Record<string, unknown>[]).map((each) => fieldsOf(item.label, each)) }
  })
}

/** `pae` of a signed document as JSON, as the specification's table says. */
export const encodingOf = (label: string, json: Record<string, unknown>) => pae(label, ...fieldsOf(label, json))
