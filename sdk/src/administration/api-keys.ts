/** API keys: what there is, making one, rotating one, revoking one. The server makes them; its answer is the only time that one is seen. */

import { requireLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { isApiKeyId } from "@halfkey/core/formats/ids"
import type { NewApiKey as NewApiKeyRequest } from "@halfkey/core/wire/clients"
import { requireText, wrongType } from "../argument-types.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { ApiKeyAdministration } from "./administration.ts"
import { readApiKey, readCreatedApiKey, readRotatedApiKey } from "./answers.ts"
import type { ApiKey, CreatedApiKey, NewApiKey, RotateApiKeyOptions, RotatedApiKey } from "./api-key-types.ts"

export class ApiKeys implements ApiKeyAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  list(options: CallOptions = {}): Promise<Result<ApiKey[]>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const answer = await session.api.call(scope, { method: "GET", path: "/v1/api-keys", repetition: "repeatable" })
        return answer.field("apiKeys").list().map(readApiKey)
      })
    })
  }

  create(apiKey: NewApiKey, options: CallOptions = {}): Promise<Result<CreatedApiKey>> {
    return toResult(async () => {
      const body = apiKeyRequest(apiKey)
      const { session } = this.#holder
      return await session.run(options, async (scope) =>
        readCreatedApiKey(
          await session.api.call(scope, { method: "POST", path: "/v1/api-keys", body, repetition: "once" }),
        ),
      )
    })
  }

  rotate(id: string, options: CallOptions & RotateApiKeyOptions = {}): Promise<Result<RotatedApiKey>> {
    return toResult(async () => {
      requireId(id)
      const { overlapSeconds } = options
      if (overlapSeconds !== undefined && !(Number.isInteger(overlapSeconds) && overlapSeconds >= 0)) {
        throw new HalfkeyError("invalid_argument", "overlapSeconds must be a whole number of seconds, 0 or more", {
          hint: "3600 for an hour, up to 30 days",
        })
      }
      const body = { ...(overlapSeconds !== undefined && { overlapSeconds }) }
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        const path = `/v1/api-keys/${id}/rotate`
        return readRotatedApiKey(await session.api.call(scope, { method: "POST", path, body, repetition: "once" }), id)
      })
    })
  }

  revoke(id: string, options: CallOptions = {}): Promise<Result<{ readonly id: string }>> {
    return toResult(async () => {
      requireId(id)
      const { session } = this.#holder
      return await session.run(options, async (scope) => {
        await session.api.call(scope, { method: "DELETE", path: `/v1/api-keys/${id}`, repetition: "repeatable" })
        return { id }
      })
    })
  }
}

function requireId(id: string): void {
  requireText(id, "id")
  if (isApiKeyId(id)) return
  throw new HalfkeyError("invalid_argument", "not the id of an API key: expected 16 characters of a-z and 2-7", {
    hint: "`halfkey keys list` shows the ids; it is the part between hkak_ and the second underscore",
  })
}

/** The request of a new key; what is not set is left out. */
export function apiKeyRequest(apiKey: NewApiKey): NewApiKeyRequest {
  if (typeof apiKey !== "object" || apiKey === null) throw wrongType("apiKey", "an object", apiKey)
  const { clientId, environments, expiresAt, label, networks, readOnly, role } = apiKey
  requireText(label, "label")
  requireLabel(label)
  return {
    label,
    role,
    ...(clientId !== undefined && { clientId }),
    ...(readOnly !== undefined && { readOnly }),
    ...(environments !== undefined && { environments: [...environments] }),
    ...(networks !== undefined && { networks: [...networks] }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}
