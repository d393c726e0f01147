/** After an operator restored an older database (S10): what was lost, accepting it, and bringing back what is kept here. */
import { requireTexts } from "../argument-types.ts"
import { checkedEnvironment } from "../configuration.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { SessionHolder } from "../session-holder.ts"
import { compare, reconciliationOf } from "./comparison.ts"
import { acceptAll, planAll } from "./restore-acceptance.ts"
import type {
  AcceptedRestore,
  AcceptRestoreOptions,
  BroughtBack,
  Reconciliation,
  RestoreAdministration,
  RestorePlan,
} from "./restore-types.ts"
import { bringBack } from "./restore-values.ts"

export class Restores implements RestoreAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  compare(environments?: readonly string[], options: CallOptions = {}): Promise<Result<Reconciliation>> {
    return toResult(async () => {
      const names = checkedNames(environments)
      const { session } = this.#holder
      return await session.run(options, async (scope) => reconciliationOf(await compare(session, scope, names)))
    })
  }

  plan(
    environments?: readonly string[],
    options: CallOptions & AcceptRestoreOptions = {},
  ): Promise<Result<RestorePlan>> {
    return toResult(async () => {
      return await planAll(this.#holder.session, options, checkedNames(environments), options)
    })
  }

  accept(
    environments?: readonly string[],
    options: CallOptions & AcceptRestoreOptions = {},
  ): Promise<Result<AcceptedRestore>> {
    return toResult(async () => {
      return await acceptAll(this.#holder.session, options, checkedNames(environments), options)
    })
  }

  bringBack(environments?: readonly string[], options: CallOptions = {}): Promise<Result<BroughtBack>> {
    return toResult(async () => await bringBack(this.#holder.session, options, checkedNames(environments)))
  }
}

function checkedNames(environments: readonly string[] | undefined): readonly string[] | undefined {
  if (environments === undefined) return undefined
  requireTexts(environments, "environments")
  return environments.map(checkedEnvironment)
}
