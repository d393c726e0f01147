/** What typedoc finds in the public entries, in the form that pages and tests need. */
import { join } from "node:path"
import {
  Application,
  type Comment,
  type DeclarationReflection,
  LogLevel,
  ReferenceReflection,
  ReflectionKind,
  type SignatureReflection,
} from "typedoc"
import { withAliases } from "./aliases.ts"
import { entries } from "./entries.ts"

const root = join(import.meta.dirname, "../..")

/** A function or method, or a constructor. */
export interface Callable {
  /** As it is called: `secrets.get`, `new Secrets`, `unwrap`. */
  readonly path: string
  /** One for each overload, without the path. */
  readonly signatures: readonly string[]
  readonly doc: Doc
}

export interface Doc {
  readonly text: string
  readonly examples: readonly string[]
  readonly throws: readonly string[]
  readonly deprecated: string | undefined
}

export interface Property {
  readonly name: string
  readonly optional: boolean
  readonly type: string
  readonly doc: Doc
}

/** An object whose methods are called by a program: a class, or a part of one. */
export interface Group {
  readonly title: string
  readonly doc: Doc
  readonly callables: readonly Callable[]
  readonly properties: readonly Property[]
}

export interface NamedType {
  readonly name: string
  readonly doc: Doc
  /** Of an interface. */
  readonly properties: readonly Property[]
  /** Of an interface that programs implement, or get. */
  readonly methods: readonly Callable[]
  /** Of an alias: what is behind `=`. */
  readonly alias: string | undefined
  readonly parameters: string
}

export interface EntryModel {
  readonly name: string
  readonly about: string
  readonly groups: readonly Group[]
  readonly functions: readonly Callable[]
  readonly types: readonly NamedType[]
  readonly constants: readonly Property[]
  /** Exports that another entry documents: name to entry. */
  readonly elsewhere: ReadonlyMap<string, string>
}

/** What objects are called in examples: by class, or by interface for what a class or function gives. */
const callers: Readonly<Record<string, string>> = {
  Secrets: "secrets",
  Admin: "admin",
  EncryptionClient: "encryption",
  TestWorkspace: "place",
}

export async function readModel(): Promise<EntryModel[]> {
  const app = await Application.bootstrap({
    entryPoints: entries.map(({ source }) => join(root, "sdk/src", `${source}.ts`)),
    tsconfig: join(root, "tsconfig.base.json"),
    readme: "none",
    disableSources: true,
    skipErrorChecking: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    sort: ["source-order"],
    logLevel: LogLevel.Error,
    // What is not exported by an entry, and what Node brings, has no page.
    validation: false,
  })
  const project = await app.convert()
  if (project === undefined) throw new Error("typedoc could not read the entries")
  const modules = new Map((project.children ?? []).map((each) => [each.name, each]))
  return withAliases(
    entries.map(({ about, name, source }) => {
      const module = modules.get(source)
      if (module === undefined) throw new Error(`typedoc found no ${source}`)
      return { name, about, ...partsOf(module) }
    }),
  )
}

function partsOf(module: DeclarationReflection): Omit<EntryModel, "about" | "name"> {
  const exported = module.children ?? []
  const own = exported.filter((each) => !(each instanceof ReferenceReflection))
  const of = (kind: ReflectionKind) => own.filter((each) => each.kind === kind)
  const groups = [...of(ReflectionKind.Class), ...of(ReflectionKind.Interface)].flatMap((each) => {
    const caller = callers[each.name]
    return caller === undefined ? [] : [groupOf(each, caller, each.name)]
  })
  const admin = own.find(({ name }) => name === "Admin")
  const parts = (admin?.children ?? []).filter(({ kind }) => kind === ReflectionKind.Property)
  const partTypes = new Map(parts.map(({ name, type }) => [`${type}`, name]))
  for (const [type, name] of partTypes) {
    const declared = own.find((each) => each.name === type)
    if (declared !== undefined) groups.push(groupOf(declared, `admin.${name}`, `admin.${name}`))
  }
  const isGroup = (name: string) => callers[name] !== undefined || partTypes.has(name)
  const types = own.filter(
    ({ kind, name }) =>
      !isGroup(name) &&
      (kind === ReflectionKind.Interface || kind === ReflectionKind.TypeAlias || kind === ReflectionKind.Class),
  )
  return {
    groups,
    functions: of(ReflectionKind.Function).map((each) => callableOf(each, each.name)),
    types: types.map(typeOf),
    constants: of(ReflectionKind.Variable).map(propertyOf),
    elsewhere: new Map(
      exported.flatMap((each) => {
        if (!(each instanceof ReferenceReflection)) return []
        const entry = entries.find(({ source }) => source === each.getTargetReflectionDeep().parent?.name)
        return [[each.name, entry?.name ?? ""] as const]
      }),
    ),
  }
}

function groupOf(declared: DeclarationReflection, caller: string, title: string): Group {
  const members = declared.children ?? []
  const methods = members.filter(({ kind }) => kind === ReflectionKind.Method)
  const constructors = members.filter(({ kind }) => kind === ReflectionKind.Constructor)
  return {
    title,
    doc: docOf(declared.comment),
    callables: [
      ...constructors.map((each) => callableOf(each, `new ${declared.name}`)),
      ...methods.map((each) => callableOf(each, `${caller}.${each.name}`)),
    ],
    properties: members
      .filter(({ kind, type }) => kind === ReflectionKind.Property && !`${type}`.endsWith("Administration"))
      .map(propertyOf),
  }
}

function callableOf(declared: DeclarationReflection, path: string): Callable {
  const signatures = declared.signatures ?? []
  const documented = signatures.find(({ comment }) => comment !== undefined)
  return { path, signatures: signatures.map(signatureText), doc: docOf(documented?.comment ?? declared.comment) }
}

function signatureText(signature: SignatureReflection): string {
  const parameters = (signature.parameters ?? []).map(({ defaultValue, flags, name, type }) => {
    const optional = flags.isOptional || defaultValue !== undefined ? "?" : ""
    return `${flags.isRest ? "..." : ""}${name === "__namedParameters" ? "options" : name}${optional}: ${type}`
  })
  const result = signature.kind === ReflectionKind.ConstructorSignature ? "" : `: ${signature.type}`
  return `${parametersText(signature.typeParameters)}(${parameters.join(", ")})${result}`
}

function parametersText(parameters: SignatureReflection["typeParameters"]): string {
  if (parameters === undefined) return ""
  const texts = parameters.map(
    ({ default: usual, name, type }) => `${name}${type ? ` extends ${type}` : ""}${usual ? ` = ${usual}` : ""}`,
  )
  return `<${texts.join(", ")}>`
}

function typeOf(declared: DeclarationReflection): NamedType {
  const members = (declared.children ?? []).filter(({ flags, inheritedFrom }) => !flags.isStatic && !inheritedFrom)
  const isObject = declared.kind !== ReflectionKind.TypeAlias
  return {
    name: declared.name,
    doc: docOf(declared.comment),
    properties: members.filter(({ kind }) => kind === ReflectionKind.Property).map(propertyOf),
    methods: members.filter(({ kind }) => kind === ReflectionKind.Method).map((each) => callableOf(each, each.name)),
    alias: isObject ? undefined : `${declared.type}`,
    parameters: parametersText(declared.typeParameters),
  }
}

function propertyOf(declared: DeclarationReflection): Property {
  const { comment, flags, name, type } = declared
  return { name, optional: flags.isOptional, type: `${type}`.replace(/ \| undefined$/, ""), doc: docOf(comment) }
}

function docOf(comment: Comment | undefined): Doc {
  const text = (parts: Comment["summary"]) =>
    parts
      .map((part) => part.text)
      .join("")
      .trim()
  const tagged = (tag: string) =>
    (comment?.blockTags ?? []).filter((block) => block.tag === tag).map(({ content }) => text(content))
  return {
    text: text(comment?.summary ?? []),
    examples: tagged("@example").map((example) => example.replace(/^```ts\n|\n```$/g, "")),
    throws: tagged("@throws"),
    deprecated: tagged("@deprecated")[0],
  }
}
