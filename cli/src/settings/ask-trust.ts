/** The question whether a server that only a committed file names may have the credentials. */

import type { Context } from "../context.ts"
import { Told } from "../failure.ts"
import { visible } from "../output/formats.ts"
import { renderTable } from "../output/table.ts"
import { rememberTrust } from "./remember-trust.ts"
import { credentialsFrom, type Settings } from "./resolve.ts"
import { trustPath, type UnconfirmedEndpoint } from "./trust.ts"

/**
 * Returns after a yes, which is remembered. Throws `unconfirmed` where nobody can be asked, and with `-y`: that agrees to what
 * a command does, not to who gets the credentials.
 */
export async function askForTrust(context: Context, unconfirmed: UnconfirmedEndpoint): Promise<void> {
  if (!context.prompts.allowed || context.options.yes) throw unconfirmed
  const { endpoint, workspaceCRN } = unconfirmed
  const { origin } = new URL(endpoint.value)
  const rows = [
    ["file", endpoint.from],
    ["server", endpoint.value],
    ["workspace", workspaceCRN],
    ["would get", whatGoesThere(context.settings())],
  ]
  const table = renderTable(rows.map((row) => row.map(visible)))
    .replace(/^/gm, "  ")
    .trimEnd()
  context.streams.err(`halfkey: a file names a server that nothing of yours confirms\n${table}\n`)
  if (!(await context.prompts.confirm("Send that to this server, now and from now on?"))) {
    context.streams.err("halfkey: nothing was sent\n")
    throw new Told(1)
  }
  rememberTrust(context.configDirectory, { workspaceCRN, origin, since: new Date(context.now()).toISOString() })
  context.note(
    `remembered in ${trustPath(context.configDirectory)}; to take it back: halfkey config trust revoke ${origin}`,
  )
}

/** By ids: never a character of a key. */
function whatGoesThere(settings: Settings): string {
  const { apiKey, clientId } = settings
  const from = credentialsFrom(settings)?.from
  // hkak_<id>_…; what is no API key is not shown.
  const id = /^hkak_([a-z2-7]{1,32})_/.exec(apiKey?.value ?? "")?.[1]
  const key = apiKey === undefined ? [] : [id === undefined ? "the API key" : `the API key ${id}`]
  const proof = clientId === undefined ? [] : [`a signed proof of client ${clientId.value}, whose key stays here`]
  return `${[...key, ...proof].join(", and ")} (${from ?? "nothing"})`
}
