/** Who may do what in which environment: as the signed manifests say it, which no server can change. */

import { removeMember } from "@halfkey/core/client/membership"
import type { VerifiedDocuments } from "@halfkey/core/client/verified-documents"
import type { ClientId } from "@halfkey/core/formats/ids"
import { requireTexts } from "../argument-types.ts"
import type { CallScope } from "../call-scope.ts"
import { checkedEnvironment } from "../configuration.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { Session } from "../session.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { GrantAdministration } from "./administration.ts"
import { withDone } from "./client-grants.ts"
import { type Clients, checkedClientId } from "./clients.ts"
import { loadAllDocuments, loadDocuments } from "./documents.ts"
import { loadForSigning, putChange, signerOf, untilNoConflict } from "./keyset-changes.ts"
import { beginEpoch } from "./rotation.ts"
import type {
  EnvironmentGrants,
  GrantedClient,
  MemberMode,
  RevokedGrants,
  RevokeGrantOptions,
  SealingOptions,
} from "./types.ts"

export class Grants implements GrantAdministration {
  readonly #holder: SessionHolder
  readonly #clients: Clients

  constructor(holder: SessionHolder, clients: Clients) {
    this.#holder = holder
    this.#clients = clients
  }

  list(environments?: readonly string[], options: CallOptions = {}): Promise<Result<EnvironmentGrants[]>> {
    return toResult(async () => {
      if (environments !== undefined) requireTexts(environments, "environments")
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const all = environments
          ? await loadNamed(session, scope, environments)
          : await loadAllDocuments(session, scope)
        return all.map(({ manifest, roster }) => ({
          environment: manifest.name,
          keysetId: manifest.keysetId,
          state: manifest.state,
          revision: manifest.revision,
          members: manifest.members.map(({ clientId, label, mode }) => ({
            clientId,
            label,
            mode,
            granter: roster.granters.some((granter) => granter.clientId === clientId),
          })),
        }))
      })
    })
  }

  add(
    clientId: string,
    environments: readonly string[],
    mode: MemberMode = "read-write",
    options: CallOptions & SealingOptions = {},
  ): Promise<Result<GrantedClient>> {
    return this.#clients.grant(clientId, environments, mode, options)
  }

  revoke(
    clientId: string,
    environments: readonly string[],
    options: CallOptions & RevokeGrantOptions = {},
  ): Promise<Result<RevokedGrants>> {
    return toResult(async () => {
      const id = checkedClientId(clientId)
      requireTexts(environments, "environments")
      const names = environments.map(checkedEnvironment)
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const done: string[] = []
        const already: string[] = []
        for (const name of names) {
          const change = async () => await revokeIn(session, scope, id, name, options.rotate === true)
          try {
            const removed = await untilNoConflict(scope, change)
            ;(removed ? done : already).push(name)
          } catch (error) {
            throw withDone(error, done)
          }
        }
        return { clientId: id, environments: done, notMember: already }
      })
    })
  }
}

async function loadNamed(session: Session, scope: CallScope, names: readonly string[]): Promise<VerifiedDocuments[]> {
  const all: VerifiedDocuments[] = []
  for (const name of names) all.push(await loadDocuments(session, scope, checkedEnvironment(name)))
  return all
}

/** Whether the client was a member. With `rotate`, the manifest without it is also that of a new epoch: one signature for both. */
async function revokeIn(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  environment: string,
  rotate: boolean,
): Promise<boolean> {
  // Without halves: who took itself out, and never heard that it did, has none any more.
  const documents = await loadDocuments(session, scope, environment)
  if (!documents.manifest.members.some((member) => member.clientId === clientId)) return false
  if (!rotate) {
    const { grants, manifest } = removeMember(documents, clientId, signerOf(session))
    await putChange(session, scope, manifest, grants)
    return true
  }
  // A new half is sealed to the members: so to the root as well, and by somebody who checked that it could be (S4).
  await beginEpoch(session, scope, await loadForSigning(session, scope, environment, "seal"), [clientId])
  return true
}
