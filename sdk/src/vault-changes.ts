/** What was written in an environment since a time: each secret as it is now, and as it was then. */
import type { CallScope } from "./call-scope.ts"
import { notFound } from "./not-found.ts"
import type { SecretChange, SecretState } from "./secret.ts"
import type { Session } from "./session.ts"
import type { NameAndVersion } from "./vault-answers.ts"
import { listMetadata, secretHistory } from "./vault-list.ts"
import { type OpenedSecret, readNamed } from "./vault-read.ts"

/** Histories that are asked for at the same time: there is no request for several. */
const historiesAtOnce = 8

/**
 * In order of name; deletions included. Times, and with them which version was the newest then, are the server's word (S1);
 * versions, values and deletions are opened under seal. `names` narrows it, and those that were never written throw
 * `secret_not_found`. `time`: milliseconds since 1970; what was written at it counts as there.
 */
export async function changesSince(
  session: Session,
  scope: CallScope,
  environment: string,
  { names, time }: { readonly time: number; readonly names?: readonly string[] | undefined },
): Promise<SecretChange[]> {
  const asked = names && new Set(names)
  const listed = new Map(
    (await listMetadata(session, scope, { environment, deleted: true })).map((each) => [each.name, each]),
  )
  // What was seen here and is left out of the list, or in it as an older version, is read by name, so that it shows (S10).
  const doubtful = [...session.client.keysets.ask(environment).secrets].flatMap(([name, floor]) =>
    (listed.get(name)?.version ?? 0) < floor.version ? [name] : [],
  )
  const written = [...listed.values()].flatMap(({ name, updatedAt }) => (Date.parse(updatedAt) > time ? [name] : []))
  const candidates = [...new Set([...written, ...doubtful])].filter((name) => asked?.has(name) ?? true)
  const now = await readNamed(
    session,
    scope,
    environment,
    candidates.map((name) => ({ name })),
  )
  const missing = [...(asked ?? [])].filter((name) => !listed.has(name) && !now.has(name))
  if (missing.length > 0) throw notFound(missing, environment)
  const changed = [...now.values()].filter(({ metadata }) => Date.parse(metadata.updatedAt) > time)
  const earlier = changed.flatMap(({ metadata }) => (Date.parse(metadata.createdAt) > time ? [] : [metadata.name]))
  const versions = await versionsAt(session, scope, environment, earlier, time)
  const then = await readNamed(session, scope, environment, versions)
  return changed
    .map((opened) => ({
      name: opened.metadata.name,
      environment: opened.metadata.environment,
      now: stateOf(opened),
      before: optionalStateOf(then.get(opened.metadata.name)),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

async function versionsAt(
  session: Session,
  scope: CallScope,
  environment: string,
  names: readonly string[],
  time: number,
): Promise<NameAndVersion[]> {
  const found: NameAndVersion[] = []
  for (let start = 0; start < names.length; start += historiesAtOnce) {
    const histories = names.slice(start, start + historiesAtOnce).map(async (name): Promise<NameAndVersion[]> => {
      const history = await secretHistory(session, scope, environment, name)
      const version = history.find(({ createdAt }) => Date.parse(createdAt) <= time)?.version
      return version === undefined ? [] : [{ name, version }]
    })
    found.push(...(await Promise.all(histories)).flat())
  }
  return found
}

function optionalStateOf(opened: OpenedSecret | undefined): SecretState | undefined {
  return opened && stateOf(opened)
}

function stateOf({ metadata, value }: OpenedSecret): SecretState {
  return { version: metadata.version, writtenAt: metadata.updatedAt, value }
}
