/** Forgets what other replicas changed. Nothing is decided on what is kept (`Guard`), but keys must not outlive their end. */
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { Store } from "./domain/store.ts"
import type { ServerKeys } from "./server-keys.ts"
import type { WorkspaceStates } from "./services/auth/workspace-state.ts"
import type { ReadRecords } from "./services/vault/read-records.ts"

/** All that is kept of workspaces. */
export class Forgetting {
  readonly states: WorkspaceStates
  readonly #records: ReadRecords

  constructor(states: WorkspaceStates, records: ReadRecords) {
    this.states = states
    this.#records = records
  }

  workspace(id: WorkspaceId): void {
    this.states.forget(id)
    this.#records.forget()
  }

  everything(): void {
    this.states.forgetAll()
    this.#records.forget()
  }
}

/** `look` is told when another replica may have begun, or used, what has to be looked after here. */
export function followReplicas(store: Store, keys: ServerKeys, forget: Forgetting, look: () => void): void {
  // What cannot be read now is read at the next change, or by the next look at the keys.
  const readKeys = () => void keys.refresh().catch(() => {})
  store.follow?.({
    kept: () => forget.states.kept(),
    onWorkspaceChanged: (id) => {
      forget.workspace(id)
      look()
    },
    onKeysChanged: readKeys,
    onContactAgain: () => {
      forget.everything()
      readKeys()
      look()
    },
  })
}
