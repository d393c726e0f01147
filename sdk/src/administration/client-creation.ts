/** Making a client: its key never leaves this machine, and each environment's halves are sealed to it here. */
import { ClientIdentity, type ClientPublicKeys } from "@halfkey/core/client/client-identity"
import { addMember, type NewMember } from "@halfkey/core/client/membership"
import { requireLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { Manifest } from "@halfkey/core/formats/manifest"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import type { CreateClientRequest } from "@halfkey/core/wire/clients"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import { invalidResponse } from "../answer-reader.ts"
import { requireText } from "../argument-types.ts"
import type { CallScope } from "../call-scope.ts"
import type { Session } from "../session.ts"
import { publicClient, readClient, readCreatedApiKey } from "./answers.ts"
import { apiKeyRequest } from "./api-keys.ts"
import {
  changeToJson,
  loadForSigning,
  rememberOwn,
  signerOf,
  untilNoConflict,
  withSelfWraps,
} from "./keyset-changes.ts"
import { announceSealing } from "./sealing-plan.ts"
import type { CreatedClient, EnvironmentGrant, NewClientOptions, SealingOptions } from "./types.ts"

/** Throws what loading, signing and registering throw; nothing is registered then. */
export async function createClient(
  session: Session,
  scope: CallScope,
  options: NewClientOptions,
  sealing: SealingOptions,
): Promise<CreatedClient> {
  requireText(options.label, "label")
  requireLabel(options.label)
  const apiKey = options.apiKey && newKeyRequest(options.apiKey, options.label)
  const { identity: own } = session.client
  const identity = await ClientIdentity.create(own.workspaceId, session.random)
  try {
    const keys = await identity.publicKeys()
    const { signPk, kemPk } = keys
    return await untilNoConflict(scope, async () => {
      const { environments, label } = options
      const member = { keys, label, environments, identity }
      const changes = await signMemberships(session, scope, member, sealing)
      const client = {
        clientId: identity.clientId,
        signPk: toBase64Url(signPk),
        kemPk: toBase64Url(kemPk),
        label: options.label,
      }
      const body = { client, ...(apiKey && { apiKey }), keysets: changes.map(({ json }) => json) }
      const created = await register(session, scope, body, identity)
      for (const { manifest } of changes) rememberOwn(session, manifest)
      return created
    })
  } finally {
    identity.destroy()
  }
}

function newKeyRequest(
  wanted: NonNullable<NewClientOptions["apiKey"]>,
  label: string,
): NonNullable<CreateClientRequest["apiKey"]> {
  const { clientId: _, ...request } = apiKeyRequest({
    ...wanted,
    label: wanted.label ?? label,
    role: wanted.role ?? "member",
  })
  return request
}

/** Who is about to become a member. */
interface NewMemberships {
  /** Checked against its id by whoever signs. */
  readonly keys: ClientPublicKeys
  readonly label: string
  readonly environments: readonly EnvironmentGrant[]
  /** Where its key is on this machine. */
  readonly identity?: ClientIdentity
}

/** One change for each environment, every half sealed to the new client, which is the only one added. */
export async function signMemberships(
  session: Session,
  scope: CallScope,
  { keys, label, environments, identity }: NewMemberships,
  sealing: SealingOptions,
): Promise<{ json: KeysetChange; manifest: Manifest }[]> {
  const { clientId, kemPk, signPk } = keys
  const changes: { json: KeysetChange; manifest: Manifest }[] = []
  for (const { mode = "read-write", name } of environments) {
    const keyset = await loadForSigning(session, scope, name, "seal")
    const member: NewMember = { clientId, signPk, kemPk, mode, label }
    await announceSealing(keyset, member, sealing)
    const { grants, manifest } = await addMember(keyset, member, signerOf(session))
    const { keysetId, workspaceId } = keyset
    const half = (epoch: number) => keyset.clientHalf(epoch)
    const wrapped = identity ? withSelfWraps(workspaceId, keysetId, grants, identity, half, session.random) : grants
    changes.push({ json: changeToJson({ manifest, grants: wrapped }), manifest })
  }
  return changes
}

async function register(
  session: Session,
  scope: CallScope,
  body: CreateClientRequest,
  identity: ClientIdentity,
): Promise<CreatedClient> {
  const answer = await session.api
    .call(scope, { method: "POST", path: "/v1/clients", body, repetition: "once" })
    .catch((error: unknown) => {
      throw perhapsRegistered(error, identity.clientId)
    })
  const client = readClient(answer.field("client"))
  if (client.clientId !== identity.clientId) throw invalidResponse("it confirms another client")
  const apiKey = answer.field("apiKey")
  if (apiKey.present !== (body.apiKey !== undefined))
    throw invalidResponse("its API key is missing or was not asked for")
  return {
    client: publicClient(client),
    credentials: {
      workspaceCRN: session.configuration.crn.text,
      clientId: identity.clientId,
      clientKey: identity.clientKeyText(),
      ...(apiKey.present && { apiKey: readCreatedApiKey(apiKey).secret }),
    },
  }
}

function perhapsRegistered(error: unknown, clientId: string): unknown {
  if (!(error instanceof HalfkeyError) || error.type !== "NetworkError") return error
  return new HalfkeyError(error.code, `${error.message}; the client may or may not have been registered`, {
    hint: `if \`halfkey clients list\` shows ${clientId}, revoke it: its key is lost. Then create the client again`,
    facts: { clientId },
  })
}
