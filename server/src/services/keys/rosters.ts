/** The roster (S4): who may sign membership. Read, and replaced by its successor. */
import type { RosterChain, RosterChange } from "@halfkey/core/wire/workspace"
import type { Answer, Caller } from "../../domain/caller.ts"
import type { Store } from "../../domain/store.ts"
import type { Gate } from "../auth/gate.ts"
import { rosterChain } from "./bundle.ts"
import { requireFor } from "./keysets.ts"
import type { RosterChanges } from "./roster-changes.ts"

export interface RostersParts {
  readonly gate: Gate
  readonly store: Store
  readonly changes: RosterChanges
}

export class Rosters {
  readonly #parts: RostersParts

  constructor(parts: RostersParts) {
    this.#parts = parts
  }

  read(caller: Caller): Promise<Answer<RosterChain>> {
    const { gate } = this.#parts
    return gate.decide(caller, "roster.read", async (access) => {
      const chain = await rosterChain(access.workspace)
      await gate.append(access)
      return chain
    })
  }

  /** The next roster and every manifest that it needs, in one transaction. Throws what `RosterChanges.check` throws. */
  update(caller: Caller, change: RosterChange): Promise<Answer<RosterChain>> {
    const { gate, store, changes } = this.#parts
    return gate.decide(caller, "roster.update", async (access) => {
      const { keysets, roster, row } = await changes.check(access.workspace, change)
      access.details.subject = `roster ${roster.seq}${change.restored === true ? ", from before a restore" : ""}`
      for (const { manifest, previous } of keysets) requireFor(access, previous, manifest)
      const { root, rosters } = await rosterChain(access.workspace)
      await store.replaceRoster(access.guard(), { roster: row, keysets: keysets.map(({ input }) => input) })
      return { root, rosters: [...rosters, change.roster] }
    })
  }
}
