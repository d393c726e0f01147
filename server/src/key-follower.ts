/** Takes up signing keys that another process made while the server runs, and lets go of those that have had their time. */
import type { Logger } from "pino"
import { keysReadEveryMs, type ServerKeys } from "./server-keys.ts"

/** Whether an old checkpoint key is named by a roster is looked up in every workspace: not at each reading. */
const readingsPerSweep = 20

/** Follows until the returned function is called, which waits for what is under way. */
export async function followKeys(keys: ServerKeys, logger: Logger): Promise<() => Promise<void>> {
  let readings = 0
  const follow = async () => {
    try {
      const changed = await keys.refresh()
      const gone = readings++ % readingsPerSweep === 0 ? await keys.sweep() : []
      if (changed || gone.length > 0) logger.info({ tokenKey: keys.newest.kid, gone }, "signing keys changed")
    } catch (error) {
      logger.error({ err: error }, "the signing keys could not be read again")
    }
  }
  let running = follow()
  await running
  const timer = setInterval(() => {
    running = follow()
  }, keysReadEveryMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
