/** Lists and histories: what the server says about names and versions. It opens nothing, so nothing here is proven. */
import { isKeysetId } from "@halfkey/core/formats/ids"
import { invalidResponse } from "./answer-reader.ts"
import type { CallScope } from "./call-scope.ts"
import type { SecretMetadata, SecretVersion } from "./secret.ts"
import type { Session } from "./session.ts"
import { readHistoryAnswer, readMetadataList, type ServedMetadata } from "./vault-answers.ts"

const namesPerPage = 1000

/** All live secrets whose names start with `prefix`, in order of name. */
export async function listSecrets(
  session: Session,
  scope: CallScope,
  environment: string,
  prefix: string | undefined,
): Promise<SecretMetadata[]> {
  const name = environmentName(session, environment)
  const found = scope.cached?.list(prefix) ?? (await listMetadata(session, scope, { environment, prefix }))
  if (prefix === undefined) scope.noted?.push({ listed: found })
  return found.flatMap(({ deleted, ...metadata }) => (deleted ? [] : [{ ...metadata, environment: name }]))
}

/** The versions of these names, deletions included, as the server says; of names that are near to each other in one request. */
export async function listVersions(
  session: Session,
  scope: CallScope,
  environment: string,
  names: readonly string[],
): Promise<Map<string, number>> {
  const [first = "", ...others] = names
  let length = first.length
  for (const name of others) while (!name.startsWith(first.slice(0, length))) length -= 1
  const prefix = first.slice(0, length) || undefined
  const until = [...names].sort().at(-1)
  const found = await listMetadata(session, scope, { environment, prefix, deleted: true }, until)
  return new Map(found.map(({ name, version }) => [name, version]))
}

/** All pages up to the name `until`, in order of name; with `deleted`, deletions too. */
export async function listMetadata(
  session: Session,
  scope: CallScope,
  query: { readonly environment: string; readonly prefix?: string | undefined; readonly deleted?: boolean },
  until?: string,
): Promise<ServedMetadata[]> {
  const found: ServedMetadata[] = []
  let after: string | undefined
  for (;;) {
    const answer = await session.api.call(scope, {
      method: "GET",
      path: "/v1/secrets",
      query: { ...query, after, limit: namesPerPage },
      repetition: "repeatable",
    })
    let last = after ?? ""
    for (const metadata of readMetadataList(answer)) {
      if (metadata.name <= last || !metadata.name.startsWith(query.prefix ?? "")) {
        throw invalidResponse("its secrets are not in order, or not those that were asked for")
      }
      last = metadata.name
      found.push(metadata)
    }
    const next = answer.field("next").textOrNull()
    if (next === null || (until !== undefined && last >= until)) return found
    if (next < last || next <= (after ?? "")) throw invalidResponse("its next page goes back")
    after = next
  }
}

/** All versions of a secret, newest first. Throws `secret_not_found`. */
export async function secretHistory(
  session: Session,
  scope: CallScope,
  environment: string,
  name: string,
): Promise<SecretVersion[]> {
  const answer = await session.api.call(scope, {
    method: "GET",
    // A slash of the name must not become one of the path.
    path: `/v1/secrets/${encodeURIComponent(name)}/versions`,
    query: { environment },
    repetition: "repeatable",
  })
  return readHistoryAnswer(answer, name)
}

/** The name of an environment that was given by id, as far as a verified manifest told it. */
function environmentName({ floors }: Session, environment: string): string {
  if (!isKeysetId(environment)) return environment
  return floors.documents().keysets.get(environment)?.name ?? environment
}
