/** Granters: who may sign membership (S4). Adding one signs a roster; removing one also signs again what it signed. */
import { byClientId } from "@halfkey/core/client/next-manifest"
import { nextRoster, signAgain } from "@halfkey/core/client/roster-changes"
import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { ClientId } from "@halfkey/core/formats/ids"
import { type Granter, type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { equalBytes } from "@halfkey/core/primitives/hash"
import type { CallScope } from "../call-scope.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { Session } from "../session.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { GranterAdministration } from "./administration.ts"
import { usableClient } from "./client-grants.ts"
import { checkedClientId } from "./clients.ts"
import { loadAllDocuments } from "./documents.ts"
import { signerOf, untilNoConflict } from "./keyset-changes.ts"
import { putRoster, readWorkspace } from "./roster.ts"
import type { ChangedGranters, GranterEntry, RosterPlan, SigningOptions } from "./types.ts"

export class Granters implements GranterAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  list(options: CallOptions = {}): Promise<Result<GranterEntry[]>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => entriesOf((await readWorkspace(session, scope)).roster))
    })
  }

  add(clientId: string, options: CallOptions & SigningOptions = {}): Promise<Result<ChangedGranters>> {
    return this.#change(clientId, options, addGranter)
  }

  remove(clientId: string, options: CallOptions & SigningOptions = {}): Promise<Result<ChangedGranters>> {
    return this.#change(clientId, options, removeGranter)
  }

  #change(
    clientId: string,
    options: CallOptions & SigningOptions,
    change: (session: Session, scope: CallScope, id: ClientId, signing: SigningOptions) => Promise<ChangedGranters>,
  ): Promise<Result<ChangedGranters>> {
    return toResult(async () => {
      const id = checkedClientId(clientId)
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        return await untilNoConflict(scope, async () => await change(session, scope, id, options))
      })
    })
  }
}

async function addGranter(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  signing: SigningOptions,
): Promise<ChangedGranters> {
  const { roster } = await readWorkspace(session, scope)
  if (lists(roster, clientId)) return { changed: false, granters: entriesOf(roster), signedAgain: [] }
  const { kemPk, label, signPk } = await usableClient(session, scope, clientId)
  const granter: Granter = { clientId, signPk, kemPk, label }
  // The sealing rule of S4 holds for signing too: the id was typed in full, and commits to both keys.
  const problem = clientKeysProblem(roster.workspaceId, granter)
  if (problem !== undefined) throw new HalfkeyError("invalid_argument", problem)
  await announce(signing, { granters: entriesOf(roster), added: { clientId, label }, signAgain: [] })
  const next = nextRoster(roster, [...roster.granters, granter].sort(byClientId), signerOf(session))
  await putRoster(session, scope, next)
  return { changed: true, granters: entriesOf(next), signedAgain: [] }
}

/** One request carries the roster and every manifest that the one who leaves had signed: nothing is ever half done. */
async function removeGranter(
  session: Session,
  scope: CallScope,
  clientId: ClientId,
  signing: SigningOptions,
): Promise<ChangedGranters> {
  const { roster } = await readWorkspace(session, scope)
  const removed = entriesOf(roster).find((granter) => granter.clientId === clientId)
  if (removed === undefined) return { changed: false, granters: entriesOf(roster), signedAgain: [] }
  const signer = signerOf(session)
  if (clientId === signer.signerId) throw leavesNobody(roster)
  const signed = (await loadAllDocuments(session, scope)).filter(({ manifest }) => manifest.signerId === clientId)
  const stays = roster.granters.filter((granter) => granter.clientId !== clientId)
  const hash = rosterFormat.hash(roster)
  if (signed.some((documents) => !equalBytes(documents.rosterHash, hash))) {
    throw new HalfkeyError("revision_conflict", "the roster changed while it was read")
  }
  const names = signed.map(({ manifest }) => manifest.name)
  await announce(signing, { granters: entriesOf(roster), removed, signAgain: names })
  const next = nextRoster(roster, stays, signer)
  await putRoster(
    session,
    scope,
    next,
    signed.map((documents) => ({ manifest: signAgain(documents, next, signer), grants: [] })),
  )
  return { changed: true, granters: entriesOf(next), signedAgain: names }
}

async function announce({ beforeSigning }: SigningOptions, plan: RosterPlan): Promise<void> {
  if ((await beforeSigning?.(plan)) !== false) return
  throw new HalfkeyError("aborted", "the caller stopped before anything was signed")
}

/** What it signed must be signed again by somebody who stays, so nobody takes itself off the roster. */
function leavesNobody(roster: Roster): HalfkeyError {
  const others = roster.granters.length - 1
  return new HalfkeyError("invalid_argument", "a granter cannot remove itself", {
    hint:
      others === 0
        ? "it is the only one: add another granter first, who then removes this one"
        : "ask another granter to do it",
  })
}

function lists(roster: Roster, clientId: ClientId): boolean {
  return roster.granters.some((granter) => granter.clientId === clientId)
}

function entriesOf(roster: Roster): GranterEntry[] {
  return roster.granters.map(({ clientId, label }) => ({ clientId, label }))
}
