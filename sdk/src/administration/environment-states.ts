/** The state of an environment (S5): a granter signs it, member or not; no server can claim another. */
import { signNext } from "@halfkey/core/client/next-manifest"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { invalidResponse } from "../answer-reader.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { readKeysetSummary } from "./answers.ts"
import { loadDocuments } from "./documents.ts"
import type { ChangedState, KeysetSummary } from "./environment-types.ts"
import { changeToJson, rememberOwn, signerOf } from "./keyset-changes.ts"
import { listKeysets } from "./keyset-list.ts"

type State = Manifest["state"]
export type StateChange = "disable" | "enable" | "destroy" | "undo-destroy"

const goals: Readonly<Record<StateChange, State>> = {
  disable: "disabled",
  enable: "enabled",
  destroy: "destroyed",
  "undo-destroy": "enabled",
}

/** Nothing is sent where it is so already. Throws `not_a_granter`, `keyset_disabled`, `revision_conflict`. */
export async function changeState(
  session: Session,
  scope: CallScope,
  environment: string,
  change: StateChange,
): Promise<ChangedState> {
  const documents = await loadDocuments(session, scope, environment)
  const { keysetId, name, revision, state: before } = documents.manifest
  const state = goals[change]
  if (before === state) {
    const listed =
      state === "destroyed" && (await listKeysets(session, scope)).find((each) => each.keysetId === keysetId)
    return { environment: name, state, changed: false, revision, undoUntil: listed ? listed.undoUntil : null }
  }
  requireWay(change, before, name)
  const manifest = signNext(documents, { state }, signerOf(session))
  const answer = await session.api.call(scope, {
    method: "PUT",
    path: `/v1/keysets/${keysetId}`,
    body: changeToJson({ manifest, grants: [] }),
    repetition: "repeatable",
  })
  const summary = readKeysetSummary(answer)
  if (summary.keysetId !== keysetId || summary.state !== state || summary.revision !== manifest.revision) {
    throw invalidResponse("it confirms something else than what was signed")
  }
  rememberOwn(session, manifest)
  return { environment: name, state, changed: true, revision: manifest.revision, undoUntil: summary.undoUntil }
}

/** Destruction is undone by its own word only: nobody brings back by the way what somebody meant to be gone. */
function requireWay(change: StateChange, before: State, name: string): void {
  if (before === "destroyed" && change !== "undo-destroy") {
    throw new HalfkeyError("keyset_disabled", `${name} is destroyed`, {
      hint: `while there is time: halfkey environments undo-destroy ${name}`,
    })
  }
  if (before === "disabled" && change === "undo-destroy") {
    throw new HalfkeyError("invalid_argument", `${name} is not destroyed, but disabled`, {
      hint: `halfkey environments enable ${name}`,
    })
  }
}

/**
 * A listing whose states are those of the signed manifests wherever the server calls an environment something else than
 * enabled: nobody shall leave one out of a rotation because the server says that there is nothing left of it.
 */
export async function withSignedStates(
  session: Session,
  scope: CallScope,
  listed: readonly KeysetSummary[],
): Promise<KeysetSummary[]> {
  const all: KeysetSummary[] = []
  for (const summary of listed) {
    if (summary.state === "enabled") all.push(summary)
    else all.push(signed(summary, (await loadDocuments(session, scope, summary.name, summary.keysetId)).manifest))
  }
  return all
}

function signed(summary: KeysetSummary, { state, revision }: Manifest): KeysetSummary {
  if (state === "destroyed") return { ...summary, state, revision }
  return { ...summary, state, revision, undoUntil: null, purgedAt: null }
}
