/** Puts the parts of a context together. Everything costly is imported when a command first asks for it. */
import { join } from "node:path"
import type { Context, World } from "./context.ts"
import { harmless } from "./output/harmless.ts"
import { auditFieldsOf } from "./settings/audit-fields.ts"
import { configDirectory } from "./settings/config-directory.ts"
import { loadSettings, requireConnection, requireEnvironment } from "./settings/load.ts"
import type { Settings } from "./settings/resolve.ts"
import { requireWritableDirectory } from "./storage/private-files.ts"
import { orReadOnly } from "./storage/read-only-home.ts"

const planted = "it belongs to another user, in a directory that everybody may write to"

export function createContext(world: World): Context {
  const { options, env, cwd, streams } = world
  let loaded: Settings | undefined = world.headStart?.settings
  const say = (text: string) => {
    if (!options.quiet) streams.err(`halfkey: ${harmless(text)}\n`)
  }
  let toldOf: Settings | undefined
  const settings = () => {
    loaded ??= loadSettings(options, env, cwd)
    if (toldOf !== loaded) for (const path of loaded.ignoredFiles ?? []) say(`${path} is not read: ${planted}`)
    toldOf = loaded
    return loaded
  }
  const clientOptions = async () => {
    const { clientOptions } = await import("./connect.ts")
    const directory = configDirectory(env, cwd)
    const transport = world.headStart?.transport
    const connected = clientOptions(requireConnection(settings()), settings(), directory, transport, auditFieldsOf(env))
    const made = { ...connected, now: world.now, ...(await cache(directory)) }
    if (!world.onlyReads) {
      // Before anything is sent: whoever signs or seals has to remember what it has seen (S10).
      requireWritableDirectory(join(directory, "state"))
      return made
    }
    return orReadOnly(made, (reason) =>
      say(
        `nothing can be kept in ${directory} (${reason}), so a server that goes back to older values is not noticed next time\n  try: HALFKEY_CONFIG_DIR=<a directory of your own> with the same command`,
      ),
    )
  }
  /** Its code is loaded where somebody wants one. */
  const cache = async (directory: string) => {
    const isWanted = options.offline || options.maxStale !== undefined || settings().maxStale !== undefined
    if (!world.usesCache || !isWanted) return {}
    const { cacheOptions } = await import("./offline/cache-options.ts")
    return { cache: cacheOptions(options, settings(), directory, say) }
  }
  const clients: { close(): Promise<void> }[] = []
  const opened = <Client extends { close(): Promise<void> }>(client: Client): Client => {
    clients.push(client)
    return client
  }
  return {
    ...world,
    // Looked for by what needs it only: `halfkey version` works where there is no home directory.
    get configDirectory() {
      return configDirectory(env, cwd)
    },
    settings,
    connection: () => requireConnection(settings()),
    environment: () => requireEnvironment(settings()),
    secrets: async () => {
      const { Secrets } = await import("halfkey/secrets")
      return opened(new Secrets(await clientOptions()))
    },
    admin: async () => opened(await world.makeAdmin(await clientOptions())),
    close: async () => {
      await Promise.all(clients.splice(0).map((client) => client.close()))
    },
    warn: say,
    note: say,
  }
}
