import type { ApiKeyId, ClientId, WorkspaceId } from "@halfkey/core/formats/ids"

/** Who was authenticated; filled in by the service that did it, for the log line of the request. */
export interface Identity {
  workspaceId?: WorkspaceId
  apiKeyId?: ApiKeyId
  clientId?: ClientId
}
