/** Compares what is on disk with what the clients were told. Answers with a sentence for everything that must not be. */
import { type Attempt, attemptIn, type Model, writtenValue } from "./model.ts"
import type { Snapshot, StoredVersion } from "./snapshot.ts"

const place = ({ name, version }: StoredVersion) => `${name}@${version}`

/**
 * Everything that can be told without opening values: acknowledged versions are there, numbers are 1 to n, each decision
 * has its audit entry. The snapshot must be newer than the model is read here.
 */
export function problemsOnDisk(model: Model, snapshot: Snapshot): string[] {
  const problems = [...snapshot.damages, ...gapsAndRepetitions(snapshot.versions), ...wrongCurrent(snapshot)]
  const stored = new Map(snapshot.versions.map((each) => [place(each), each]))
  for (const [where, { id, kind }] of model.acknowledged()) {
    const found = stored.get(where)
    if (found === undefined) problems.push(`${where} of attempt ${id} was acknowledged and is lost`)
    else if (found.deleted !== (kind === "tombstone")) problems.push(`${where} of attempt ${id} is of another kind`)
  }
  for (const { leafHash, path } of model.receipts) {
    if (!snapshot.leafHashes.has(leafHash)) problems.push(`the receipt ${leafHash} of ${path} is of no audit entry`)
  }
  for (const id of model.answeredRequests) {
    if (!snapshot.requestIds.has(id)) problems.push(`the request ${id} was answered without an audit entry`)
  }
  for (const where of stored.keys()) {
    if (!snapshot.committed.has(where)) problems.push(`${where} was written without an audit entry`)
  }
  return problems
}

function gapsAndRepetitions(versions: readonly StoredVersion[]): string[] {
  const problems: string[] = []
  let before: StoredVersion | undefined
  for (const each of versions) {
    const expected = before?.name === each.name ? before.version + 1 : 1
    if (before !== undefined && place(before) === place(each)) problems.push(`${place(each)} is there twice`)
    else if (each.version !== expected) problems.push(`${each.name} has no version ${expected} before ${each.version}`)
    before = each
  }
  return problems
}

function wrongCurrent({ current, versions }: Snapshot): string[] {
  const newest = new Map(versions.map((each) => [each.name, each]))
  const problems: string[] = []
  for (const [name, { version, deleted }] of current) {
    const found = newest.get(name)
    if (found?.version !== version || found.deleted !== deleted) {
      problems.push(`${name} is said to be at version ${version}, its newest is ${found?.version ?? "none"}`)
    }
  }
  return problems
}

/** Opened values by `name@version`. */
export type OpenedValues = ReadonlyMap<string, string>

/** Everything that needs the values of all versions: who wrote what, once, whole or not at all. */
export function problemsInValues(model: Model, versions: readonly StoredVersion[], values: OpenedValues): string[] {
  const problems: string[] = []
  const acknowledged = model.acknowledged()
  const written = new Map<Attempt, Set<string>>()
  for (const each of versions) {
    const where = place(each)
    const told = acknowledged.get(where)
    if (each.deleted) continue
    const attempt = model.attempts.get(attemptIn(values.get(where) ?? "") ?? 0)
    if (attempt === undefined || values.get(where) !== writtenValue(attempt, each.name)) {
      problems.push(`${where} is a value that nobody wrote`)
      continue
    }
    if (told !== undefined && told !== attempt) problems.push(`${where} was acknowledged to attempt ${told.id}`)
    if (attempt.fate === "refused") problems.push(`${where} is of attempt ${attempt.id}, which was refused`)
    const names = written.get(attempt) ?? new Set()
    if (names.has(each.name)) problems.push(`attempt ${attempt.id} wrote ${each.name} twice`)
    written.set(attempt, names.add(each.name))
  }
  for (const [attempt, names] of written) {
    const missing = [...attempt.lengths.keys()].filter((name) => !names.has(name))
    if (missing.length > 0) problems.push(`attempt ${attempt.id} was written in part: ${missing} is missing`)
  }
  return [...problems, ...tooManyDeletions(model, versions)]
}

/** A deletion holds nothing to trace it by, so they are counted. */
function tooManyDeletions(model: Model, versions: readonly StoredVersion[]): string[] {
  const possible = new Map<string, number>()
  for (const { kind, fate, lengths } of model.attempts.values()) {
    if (kind === "value" || fate === "refused") continue
    for (const name of lengths.keys()) possible.set(name, (possible.get(name) ?? 0) + 1)
  }
  for (const { name, deleted } of versions) if (deleted) possible.set(name, (possible.get(name) ?? 0) - 1)
  return [...possible].filter(([, left]) => left < 0).map(([name]) => `${name} was deleted more often than asked`)
}
