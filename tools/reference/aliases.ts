/** The compiler writes out what some aliases stand for; people read their names. */
import type { Callable, EntryModel, Group, NamedType, Property } from "./model.ts"

/** The one long union of texts: keys of a table, of which the compiler keeps no name. */
const problemCodes = /(?:"\w+" \| ){30,}"\w+"/g

/** The same model, with the names of aliases that are exported. An alias keeps its own definition. */
export function withAliases(model: readonly EntryModel[]): EntryModel[] {
  const aliases = model
    .flatMap(({ types }) => types)
    .flatMap(({ alias, name }) => (alias === undefined || alias.length < 20 ? [] : [{ alias, name }]))
    // What contains others comes first.
    .sort((left, right) => right.alias.length - left.alias.length)
  const short = (type: string) =>
    aliases.reduce(
      (text, { alias, name }) => text.replaceAll(alias, name),
      type.replaceAll("<ArrayBufferLike>", "").replaceAll(problemCodes, "ProblemCode"),
    )
  const property = (each: Property) => ({ ...each, type: short(each.type) })
  const callable = (each: Callable) => ({ ...each, signatures: each.signatures.map(short) })
  const group = (each: Group) => ({
    ...each,
    callables: each.callables.map(callable),
    properties: each.properties.map(property),
  })
  const named = (each: NamedType) => ({
    ...each,
    properties: each.properties.map(property),
    methods: each.methods.map(callable),
    alias: each.alias?.replaceAll("<ArrayBufferLike>", ""),
  })
  return model.map((entry) => ({
    ...entry,
    groups: entry.groups.map(group),
    functions: entry.functions.map(callable),
    types: entry.types.map(named),
    constants: entry.constants.map(property),
  }))
}
