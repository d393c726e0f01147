/** How far a long command is, on a terminal: one line that is written over and taken away at the end. */
import type { Progress } from "../backup/backup-file.ts"

const everyMs = 200
const mebibyte = 1024 * 1024

export const inMebibytes = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`

export function progressOf(what: string, to: NodeJS.WriteStream = process.stderr): Progress {
  let next = 0
  return (done, of) => {
    if (!to.isTTY) return
    if (done < of && performance.now() < next) return
    next = performance.now() + everyMs
    const line = `halfkey-server: ${what}: ${inMebibytes(done)} of ${inMebibytes(of)}`
    to.write(`\r\x1b[K${done < of ? line : ""}`)
  }
}
