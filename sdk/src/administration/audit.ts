/** The audit log of the workspace (S12): asking it questions, taking it away, proving it. */
import { memoryOf, readHead, remember, requireGoesOn } from "../audit/checkpoints.ts"
import { readPage, readPages } from "../audit/entries.ts"
import type {
  AuditAdministration,
  AuditCheckpoint,
  AuditFilter,
  AuditLogPage,
  AuditPageOptions,
  VerifiedAudit,
  VerifyAuditOptions,
} from "../audit/types.ts"
import { verifyLog } from "../audit/verify.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { SessionHolder } from "../session-holder.ts"

export class Audit implements AuditAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  entries(filter: AuditFilter = {}, options: AuditPageOptions = {}): Promise<Result<AuditLogPage>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => await readPage(session, scope, filter, options))
    })
  }

  async *export(options: CallOptions & { readonly after?: number } = {}): AsyncGenerator<Result<AuditLogPage>, void> {
    const pages = readPages(options.after, async (after) => {
      const { session } = this.#holder
      return await session.run(
        options,
        async (scope) => await readPage(session, scope, {}, { after, limit: 1000, keepsReceipt: false }),
      )
    })
    for (;;) {
      const page = await toResult(async () => await pages.next())
      if (page.failure !== undefined) return yield page
      if (page.data.done === true) return
      yield { data: page.data.value }
    }
  }

  checkpoint(options: CallOptions = {}): Promise<Result<AuditCheckpoint>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const head = await readHead(session, scope)
        const memory = await memoryOf(session, scope, head)
        if (memory.floor !== undefined) await requireGoesOn(session, scope, memory.floor, head)
        remember(session, head, memory)
        return head.checkpoint
      })
    })
  }

  verify(options: VerifyAuditOptions = {}): Promise<Result<VerifiedAudit>> {
    return toResult(async () => await verifyLog(this.#holder.session, options))
  }
}
