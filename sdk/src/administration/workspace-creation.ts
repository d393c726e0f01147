/** Creating a workspace: everything is made and signed on this machine, and one request carries what the server may know. */
import { ClientIdentity } from "@halfkey/core/client/client-identity"
import { checkRosters } from "@halfkey/core/client/load-keyset"
import { firstRoster, newKeyset } from "@halfkey/core/client/membership"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { formatCrn } from "@halfkey/core/formats/crn"
import { defaultEnvironments, requireKeysetName, requireLabel } from "@halfkey/core/formats/environment-name"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { type Roster, rosterFormat } from "@halfkey/core/formats/roster"
import { parseSetupToken } from "@halfkey/core/formats/text-keys"
import { toBase64Url, wipe } from "@halfkey/core/primitives/bytes"
import { type RandomSource, systemRandom } from "@halfkey/core/primitives/random"
import type { KeysetChange } from "@halfkey/core/wire/keysets"
import type { CreateWorkspaceRequest } from "@halfkey/core/wire/workspace"
import { invalidResponse } from "../answer-reader.ts"
import { requireOptionalText, requireText, requireTexts } from "../argument-types.ts"
import { CallScope } from "../call-scope.ts"
import { checkedTimeout, defaultTimeoutMs } from "../configuration.ts"
import { readDiscovery } from "../discovery.ts"
import { checkedEndpoint } from "../endpoint.ts"
import { HttpCaller } from "../http-caller.ts"
import { allowInsecureEndpoint } from "../options.ts"
import { fetchTransport } from "../transport-fetch.ts"
import { defaultUserAgent } from "../version.ts"
import { readCreatedApiKey } from "./answers.ts"
import { changeToJson, withSelfWraps } from "./keyset-changes.ts"
import type { CreateWorkspaceOptions, NewWorkspace } from "./types.ts"

/** Throws for what is wrong with the arguments before anything is sent. */
export async function makeWorkspace(options: CreateWorkspaceOptions): Promise<NewWorkspace> {
  const environments = checkedArguments(options)
  const now = options.now ?? Date.now
  const http = new HttpCaller({
    endpoint: checkedEndpoint(options.endpoint, options[allowInsecureEndpoint] === true),
    transport: options.transport ?? fetchTransport,
    userAgent: options.userAgent ?? defaultUserAgent,
    now,
  })
  const scope = new CallScope(checkedTimeout(options.timeoutMs ?? defaultTimeoutMs), undefined)
  const random = options.random ?? systemRandom
  const root = await WorkspaceRoot.create(random)
  const admin = await ClientIdentity.create(root.workspaceId, random)
  try {
    const { auditKey, region } = await readDiscovery(http, scope)
    const workspaceCRN = formatCrn(region, root.workspaceId)
    const request = await signedRequest({
      root,
      admin,
      workspaceCRN,
      auditKey,
      environments,
      random,
      now: now(),
      label: options.label,
    })
    const apiKey = await register(http, scope, options.setupToken, request)
    return {
      workspaceCRN,
      clientId: admin.clientId,
      clientKey: admin.clientKeyText(),
      apiKey,
      recoveryKit: root.recoveryKit(),
    }
  } finally {
    scope.end()
    root.destroy()
    admin.destroy()
  }
}

function checkedArguments(options: CreateWorkspaceOptions): readonly string[] {
  requireText(options.endpoint, "endpoint")
  requireText(options.setupToken, "setupToken")
  requireText(options.label, "label")
  requireOptionalText(options.userAgent, "userAgent")
  wipe(parseSetupToken(options.setupToken))
  requireLabel(options.label)
  const environments = options.environments ?? defaultEnvironments
  requireTexts(environments, "environments")
  for (const name of environments) requireKeysetName(name)
  if (environments.length > 0 && new Set(environments).size === environments.length) return environments
  throw new HalfkeyError("invalid_argument", "a workspace needs at least one environment, and each name once")
}

interface WorkspaceParts {
  readonly root: WorkspaceRoot
  readonly admin: ClientIdentity
  readonly workspaceCRN: string
  readonly auditKey: Uint8Array
  readonly environments: readonly string[]
  readonly label: string
  readonly random: RandomSource
  readonly now: number
}

async function signedRequest(parts: WorkspaceParts): Promise<CreateWorkspaceRequest> {
  const { admin, auditKey, label, now, root, workspaceCRN } = parts
  const keys = await admin.publicKeys()
  const rootSigner = { signerId: root.workspaceId, signingKey: root.signingKey, now }
  const roster = firstRoster(root.workspaceId, [{ ...keys, label }], auditKey, rootSigner)
  // Also refuses an audit key that cannot be trusted.
  checkRosters(root.workspaceId, root.publicKeys, [roster])
  const keysets: KeysetChange[] = []
  for (const name of parts.environments) keysets.push(await signedKeyset(parts, roster, keys, name))
  return {
    workspaceCRN,
    root: { signPk: toBase64Url(root.publicKeys.signPk), kemPk: toBase64Url(root.publicKeys.kemPk) },
    roster: rosterFormat.toJson(roster),
    client: { clientId: admin.clientId, signPk: toBase64Url(keys.signPk), kemPk: toBase64Url(keys.kemPk), label },
    apiKey: { label, role: "admin" },
    keysets,
  }
}

async function signedKeyset(
  { admin, label, now, random, root }: WorkspaceParts,
  roster: Roster,
  keys: Awaited<ReturnType<ClientIdentity["publicKeys"]>>,
  name: string,
): Promise<KeysetChange> {
  const made = await newKeyset(
    { root: root.publicKeys, roster, kind: "environment", name, members: [{ ...keys, mode: "read-write", label }] },
    { signerId: admin.clientId, signingKey: admin.signingKey, now },
    random,
  )
  try {
    const { keysetId } = made.manifest
    const grants = withSelfWraps(root.workspaceId, keysetId, made.grants, admin, () => made.clientHalf, random)
    return changeToJson({ ...made, grants })
  } finally {
    wipe(made.clientHalf)
  }
}

async function register(
  http: HttpCaller,
  scope: CallScope,
  setupToken: string,
  request: CreateWorkspaceRequest,
): Promise<string> {
  const { json } = await http
    .call(scope, {
      method: "POST",
      path: "/v1/workspaces",
      repetition: "once",
      authorization: `Bearer ${setupToken}`,
      contentType: "application/json",
      body: JSON.stringify(request),
    })
    .catch((error: unknown) => {
      throw perhapsCreated(error)
    })
  if (json.field("workspaceCRN").text(200) !== request.workspaceCRN) {
    throw invalidResponse("it confirms another workspace than the one that was made")
  }
  return readCreatedApiKey(json.field("apiKey")).secret
}

function perhapsCreated(error: unknown): unknown {
  if (!(error instanceof HalfkeyError) || error.type !== "NetworkError") return error
  return new HalfkeyError(error.code, `${error.message}; the workspace may or may not have been created`, {
    hint: "try again; if the setup token is refused then, run `halfkey-server setup-token` for another one",
  })
}
