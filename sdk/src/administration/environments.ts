/** Environments: what there is, and making a new one on this machine. */

import { newKeyset } from "@halfkey/core/client/membership"
import { requireKeysetName } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { wipe } from "@halfkey/core/primitives/bytes"
import { invalidResponse } from "../answer-reader.ts"
import { requireText } from "../argument-types.ts"
import type { CallScope } from "../call-scope.ts"
import { checkedEnvironment } from "../configuration.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { Session } from "../session.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { EnvironmentAdministration } from "./administration.ts"
import { readKeysetSummary } from "./answers.ts"
import type { OwnEnvironment } from "./device-types.ts"
import { changeState, type StateChange, withSignedStates } from "./environment-states.ts"
import type { ChangedState, KeysetKind, KeysetSummary, NewKeysetOptions } from "./environment-types.ts"
import {
  changeToJson,
  loadForSigning,
  rememberOwn,
  signerOf,
  untilNoConflict,
  withSelfWraps,
} from "./keyset-changes.ts"
import { listKeysets } from "./keyset-list.ts"
import { readWorkspace } from "./roster.ts"
import { rotateEnvironment } from "./rotation.ts"
import type { RotatedEnvironment, RotateOptions } from "./rotation-types.ts"

export class Environments implements EnvironmentAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  list(options: CallOptions = {}): Promise<Result<KeysetSummary[]>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        return await withSignedStates(session, scope, await listKeysets(session, scope))
      })
    })
  }

  own(options: CallOptions = {}): Promise<Result<OwnEnvironment[]>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => await ownEnvironments(session, scope))
    })
  }

  rotate(name: string, options: CallOptions & RotateOptions = {}): Promise<Result<RotatedEnvironment>> {
    return toResult(async () => {
      requireText(name, "name")
      return await rotateEnvironment(this.#holder.session, options, checkedEnvironment(name))
    })
  }

  disable(name: string, options: CallOptions = {}): Promise<Result<ChangedState>> {
    return this.#change(name, options, "disable")
  }

  enable(name: string, options: CallOptions = {}): Promise<Result<ChangedState>> {
    return this.#change(name, options, "enable")
  }

  destroy(name: string, options: CallOptions = {}): Promise<Result<ChangedState>> {
    return this.#change(name, options, "destroy")
  }

  undoDestroy(name: string, options: CallOptions = {}): Promise<Result<ChangedState>> {
    return this.#change(name, options, "undo-destroy")
  }

  #change(name: string, options: CallOptions, change: StateChange): Promise<Result<ChangedState>> {
    return toResult(async () => {
      requireText(name, "name")
      const environment = checkedEnvironment(name)
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        return await untilNoConflict(scope, async () => await changeState(session, scope, environment, change))
      })
    })
  }

  create(name: string, options: CallOptions & NewKeysetOptions = {}): Promise<Result<KeysetSummary>> {
    return toResult(async () => {
      requireText(name, "name")
      requireKeysetName(name)
      const kind = checkedKind(options.kind)
      const { session } = this.#holder
      return await session.run(options, async (scope) => await createKeyset(session, scope, kind, name))
    })
  }
}

async function ownEnvironments(session: Session, scope: CallScope): Promise<OwnEnvironment[]> {
  const { clientId } = session.client.identity
  const own: OwnEnvironment[] = []
  for (const { mode, name, state } of await listKeysets(session, scope)) {
    if (mode === null || state !== "enabled") continue
    const { manifest } = await loadForSigning(session, scope, name, "remove")
    const member = manifest.members.find((each) => each.clientId === clientId)
    if (member !== undefined) own.push({ name: manifest.name, mode: member.mode, revision: manifest.revision })
  }
  return own
}

function checkedKind(kind: unknown = "environment"): KeysetKind {
  if (kind === "environment" || kind === "tenant") return kind
  throw new HalfkeyError("invalid_argument", "kind must be environment or tenant")
}

async function createKeyset(
  session: Session,
  scope: CallScope,
  kind: KeysetKind,
  name: string,
): Promise<KeysetSummary> {
  const { identity } = session.client
  const { root, roster } = await readWorkspace(session, scope)
  const keys = await identity.publicKeys()
  const label = roster.granters.find(({ clientId }) => clientId === identity.clientId)?.label ?? "admin"
  const made = await newKeyset(
    { root, roster, kind, name, members: [{ ...keys, mode: "read-write", label }] },
    signerOf(session),
    session.random,
  )
  try {
    const { keysetId } = made.manifest
    const half = () => made.clientHalf
    const grants = withSelfWraps(roster.workspaceId, keysetId, made.grants, identity, half, session.random)
    const body = changeToJson({ ...made, grants })
    const answer = await session.api.call(scope, { method: "POST", path: "/v1/keysets", body, repetition: "once" })
    const summary = readKeysetSummary(answer)
    if (summary.keysetId !== keysetId || summary.name !== name) throw invalidResponse("it confirms another environment")
    rememberOwn(session, made.manifest)
    return summary
  } finally {
    wipe(made.clientHalf)
  }
}
