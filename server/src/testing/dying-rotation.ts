/** `halfkey-server root-key rotate` in a process that ends at a step (first argument) as by kill -9. For tests only. */
import { rotateRootKeyCommand } from "../commands/rotate-root-key.ts"
import { readConfig } from "../config.ts"

const parts = {
  config: readConfig(process.env),
  onFatal: (error: Error) => {
    throw error
  },
}
const said = await rotateRootKeyCommand(parts, (step) => {
  if (step === process.argv[2]) process.kill(process.pid, "SIGKILL")
})
process.stdout.write(said)
