/** Who wrote something, in words: the server's labels of clients, as far as the caller may see them. */
import type { Admin } from "halfkey/admin"

/** Labels by client id. Nothing where the caller may not list clients, or the server does not tell: labels only help to read. */
export async function clientLabels(admin: Admin): Promise<ReadonlyMap<string, string>> {
  const { data: workspace } = await admin.workspace()
  // Asked first, since each refusal would be an entry of the audit log.
  if (workspace?.caller.scopes.includes("client:list") !== true) {
    return new Map(workspace?.granters.map(({ clientId, label }) => [clientId, label]))
  }
  const { data: clients = [] } = await admin.clients.list()
  return new Map(clients.map(({ clientId, label }) => [clientId, label]))
}
