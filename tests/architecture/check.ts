import { type Import, importsOf } from "./imports.ts"
import { declares, isTest, placeOf, type Repository, type Target, targetOf } from "./places.ts"
import { everywhereRules, forbiddenDependencies, productionRules } from "./rules.ts"

const vagueName = /(^|[-_.])(utils?|helpers?|common|misc)([-_.]|$)/

/** SDK and CLI run on the Node that a machine has, from 20 on; types and tests know the pinned one only. Each is of 21 or later. */
const newerThanNode20 =
  /\b(?:Map|Object)\.groupBy\b|\bPromise\.(?:withResolvers|try)\b|\bArray\.fromAsync\b|\bURL\.parse\b|\bRegExp\.escape\b|\bUint8Array\.from(?:Base64|Hex)\b|\bglobSync\b|\bnode:sqlite\b|\.(?:values|keys|entries)\(\)\s*\.(?:map|filter|some|every|find|toArray|reduce|take|drop|flatMap|forEach)\b/

export interface Allowances {
  /** Files that may be longer than the limit, with their own limit. */
  readonly longFiles: ReadonlyMap<string, number>
}

/** Returns a sentence for each violation, in the order of the paths. */
export function checkArchitecture(repository: Repository, { longFiles }: Allowances): string[] {
  const problems: string[] = []
  for (const path of [...repository.sources.keys()].sort()) {
    const text = repository.sources.get(path) ?? ""
    problems.push(...checkFile(path, text, longFiles.get(path)))
    for (const found of importsOf(path, text)) {
      problems.push(...checkImport(path, found, repository).map((problem) => `${path}:${found.line} ${problem}`))
    }
  }
  for (const [folder, manifest] of repository.manifests) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      if (forbiddenDependencies[folder]?.(name)) problems.push(`${folder}/package.json must not depend on ${name}.`)
    }
  }
  for (const path of longFiles.keys()) {
    if (!repository.sources.has(path)) problems.push(`${path} is allowed to be long but does not exist.`)
  }
  return problems
}

function checkFile(path: string, text: string, ownLimit: number | undefined): string[] {
  const problems: string[] = []
  const vague = path.split("/").find((part) => vagueName.test(part))
  if (vague !== undefined) problems.push(`${path} hides its purpose: "${vague}" could hold anything.`)
  if (isTest(path)) return problems
  const newer = /^(?:core|sdk|cli)\//.test(path)
    ? newerThanNode20.exec(text.replace(/^\s*(?:\/?\*|\/\/).*$/gm, ""))
    : null
  if (newer !== null) problems.push(`${path} uses ${newer[0]}, which Node 20 does not have.`)
  const limit = ownLimit ?? (path.startsWith("core/") ? 200 : 300)
  const lines = text.replace(/\n$/, "").split("\n").length
  if (lines > limit) problems.push(`${path} has ${lines} lines, more than ${limit}: split it by what it is about.`)
  return problems
}

function checkImport(path: string, { specifier }: Import, repository: Repository): string[] {
  if (specifier === undefined) return ["imports a computed path, which nobody can check: write it out."]
  const from = placeOf(path)
  const to = targetOf(path, specifier, repository)
  const rules = isTest(path) ? everywhereRules : [...everywhereRules, ...productionRules]
  const problems = rules.flatMap((rule) => rule(from, to) ?? [])
  if (!isTest(path) && to.kind === "file" && isTest(to.place.path))
    problems.push("what is shipped must not import tests")
  if (!isDeclared(path, to, repository)) {
    problems.push(`${from.package}/package.json does not declare it`)
  }
  return problems.map((problem) => `imports ${specifier}: ${problem}.`)
}

function isDeclared(path: string, to: Target, { manifests }: Repository): boolean {
  if (to.kind === "builtin" || to.kind === "file") return true
  const own = manifests.get(placeOf(path).package)
  if (own?.name === to.name || declares(own, to.name, isTest(path))) return true
  return isTest(path) && declares(manifests.get("."), to.name, true)
}
