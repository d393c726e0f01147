/** Clients: what there is, making one on this machine, granting, revoking. */

import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type ClientId, isClientId } from "@halfkey/core/formats/ids"
import { requireText, requireTexts, wrongType } from "../argument-types.ts"
import { checkedEnvironment } from "../configuration.ts"
import { toResult } from "../failure.ts"
import type { CallOptions } from "../options.ts"
import type { Result } from "../result.ts"
import type { SessionHolder } from "../session-holder.ts"
import type { ClientAdministration } from "./administration.ts"
import { publicClient } from "./answers.ts"
import { createClient } from "./client-creation.ts"
import { grantClient, listClients, revokeClient } from "./client-grants.ts"
import { revokeAndRotate } from "./revocation.ts"
import type { RevokeClientOptions } from "./rotation-types.ts"
import type {
  Client,
  CreatedClient,
  EnvironmentGrant,
  GrantedClient,
  MemberMode,
  NewClientOptions,
  RevokedClient,
  SealingOptions,
} from "./types.ts"

export class Clients implements ClientAdministration {
  readonly #holder: SessionHolder

  constructor(holder: SessionHolder) {
    this.#holder = holder
  }

  list(options: CallOptions = {}): Promise<Result<Client[]>> {
    return toResult(async () => {
      const { session } = this.#holder
      return await session.run(options, async (scope) => (await listClients(session, scope)).map(publicClient))
    })
  }

  create(client: NewClientOptions, options: CallOptions & SealingOptions = {}): Promise<Result<CreatedClient>> {
    return toResult(async () => {
      if (typeof client !== "object" || client === null) throw wrongType("client", "an object", client)
      const environments = checkedGrants(client.environments)
      const { session } = this.#holder
      return await session.run(
        options,
        async (scope) => await createClient(session, scope, { ...client, environments }, options),
      )
    })
  }

  grant(
    clientId: string,
    environments: readonly string[],
    mode: MemberMode = "read-write",
    options: CallOptions & SealingOptions = {},
  ): Promise<Result<GrantedClient>> {
    return toResult(async () => {
      const id = checkedClientId(clientId)
      requireTexts(environments, "environments")
      const grants = checkedGrants(environments.map((name) => ({ name, mode })))
      const { session } = this.#holder
      return await session.run(options, async (scope) => await grantClient(session, scope, id, grants, options))
    })
  }

  revoke(clientId: string, options: CallOptions & RevokeClientOptions = {}): Promise<Result<RevokedClient>> {
    return toResult(async () => {
      const id = checkedClientId(clientId)
      const { session } = this.#holder
      const { stopped: _, ...revoked } = options.rotate
        ? await revokeAndRotate(session, id, options, "clients")
        : await session.run(options, async (scope) => await revokeClient(session, scope, id, "clients"))
      return revoked
    })
  }
}

/** Throws `invalid_argument` for anything but a whole client id. */
export function checkedClientId(clientId: unknown): ClientId {
  requireText(clientId, "clientId")
  if (isClientId(clientId)) return clientId
  throw new HalfkeyError("invalid_argument", "not a client id: expected a whole lower-case UUIDv8", {
    hint: "`halfkey clients list` shows all ids",
  })
}

export function checkedGrants(environments: readonly EnvironmentGrant[]): EnvironmentGrant[] {
  if (!Array.isArray(environments)) throw wrongType("environments", "a list", environments)
  const names = environments.map(({ mode, name }) => {
    requireText(name, "environment")
    if (mode !== undefined && !["read-write", "read", "write"].includes(mode)) {
      throw new HalfkeyError("invalid_argument", "not a mode: expected read-write, read or write")
    }
    return checkedEnvironment(name)
  })
  if (new Set(names).size === names.length) return [...environments]
  throw new HalfkeyError("invalid_argument", "an environment is named twice")
}
