/** Every route of the server, in the order in which the documentation shows them. */

import type { App } from "../http-server.ts"
import type { Services } from "../services.ts"
import { apiKeyRoutes } from "./api-keys.ts"
import { auditRoutes } from "./audit.ts"
import { clientRoutes } from "./clients.ts"
import { deviceRoutes } from "./devices.ts"
import { docsRoutes } from "./docs.ts"
import { keysetRoutes } from "./keysets.ts"
import { type OperationsParts, operationsRoutes } from "./operations.ts"
import { recoveryRoutes } from "./recovery.ts"
import { secretRoutes } from "./secrets.ts"
import { tokenRoutes } from "./token.ts"
import { workspaceRoutes } from "./workspaces.ts"

export async function allRoutes(app: App, services: Services, operations: OperationsParts): Promise<void> {
  await app.register(async (scope) => tokenRoutes(scope, services))
  workspaceRoutes(app, services)
  keysetRoutes(app, services)
  secretRoutes(app, services)
  clientRoutes(app, services)
  deviceRoutes(app, services)
  apiKeyRoutes(app, services)
  recoveryRoutes(app, services)
  auditRoutes(app, services)
  operationsRoutes(app, operations)
  docsRoutes(app)
}
