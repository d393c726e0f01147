/**
 * An admin's client with API keys of every kind of narrowing, each with a token, and what every route must make of it.
 * Half of the keys were narrowed, or ended, behind a token that was issued before: it must not help.
 */
import { type Scope, writingScopes } from "@halfkey/core/formats/scopes"
import type { NewApiKey } from "@halfkey/core/wire/clients"
import Database from "better-sqlite3"
import type { Rule } from "../services/rules.ts"
import { askPostgres } from "./ask-postgres.ts"
import type { TestClient } from "./test-client.ts"
import type { TestServer } from "./test-server.ts"
import type { TestWorkspace } from "./test-workspace.ts"

/** What decides about a route. */
export interface RouteFacts {
  /** One of these is needed. */
  readonly scopes: readonly Scope[]
  readonly refusedTo: Rule["refusedTo"]
  /** Is about the one environment that the keys `elsewhere` are not for. */
  readonly inEnvironment: boolean
}

export type Expected = readonly [status: number, code: string] | "served"

export interface NarrowedCaller {
  readonly who: string
  readonly token: string
  readonly client: TestClient
  readonly headers?: Readonly<Record<string, string>>
  /** How far the server's clock is put ahead for the request. */
  readonly aheadMs?: number
  /** What every route answers. */
  readonly expected: (facts: RouteFacts) => Expected
  /** Answers that are served must not hold it. */
  readonly hidden?: string
}

const restricted = [403, "api_key_restricted"] as const
const ended = [401, "api_key_revoked"] as const

const readOnly = ({ scopes }: RouteFacts): Expected =>
  scopes.every((scope) => writingScopes.has(scope)) ? restricted : "served"
const elsewhere = ({ refusedTo, inEnvironment }: RouteFacts): Expected =>
  refusedTo !== undefined || inEnvironment ? restricted : "served"
const here = ({ refusedTo }: RouteFacts): Expected => (refusedTo !== undefined ? restricted : "served")
const narrowedOtherwise = ({ refusedTo }: RouteFacts): Expected => (refusedTo === "narrowed" ? restricted : "served")
const from = (address: string) => ({ "x-forwarded-for": address })

const networks = ["192.0.2.0/24", "2001:db8::/32", "::ffff:203.0.113.0/120"]
const inside = [
  "192.0.2.7",
  "::ffff:192.0.2.7",
  "::ffff:c000:0207",
  "192.0.2.7:4711",
  "2001:DB8:0:0::7",
  "[2001:db8::7]:1",
]
const mapped = ["203.0.113.9", "::ffff:203.0.113.9"]
/** The last two: whoever sends a header of its own gets the address that the proxy saw put behind it. */
const outside = [
  undefined,
  "198.51.100.1",
  "::ffff:198.51.100.1",
  "2001:db9::7",
  "::192.0.2.7",
  "no address",
  "192.0.2.7, 198.51.100.1",
  "192.0.2.7, unknown",
]
/** Shorter than a token lives, and longer than the tests take. */
const overlapMs = 10 * 60_000

/** `environment` is hidden from keys for `other`. The server must trust X-Forwarded-For of 127.0.0.1. */
export async function narrowedCallers(
  workspace: TestWorkspace,
  environment: string,
  other: string,
): Promise<NarrowedCaller[]> {
  const { admin, draft, server } = workspace
  const make = async (narrowing: Partial<NewApiKey>, headers?: Readonly<Record<string, string>>) => {
    const client = await workspace.withApiKey(draft.admin, { role: "admin", ...narrowing })
    return { client, ...(headers && { headers }), token: await tokenOf(client, headers) }
  }
  /** A token first, the narrowing behind it, as any change of a key would store it. */
  const later = async (change: string, value: unknown) => {
    const made = await make({})
    narrowInStore(server, idOf(made.client), change, value)
    return made
  }
  const rotated = async (overlapSeconds: number) => {
    const made = await make({})
    await admin.expect("POST", `/v1/api-keys/${idOf(made.client)}/rotate`, { overlapSeconds })
    return made
  }
  const { keysetId } = await admin.keyset(other)
  const hour = 3_600_000
  const expiresAt = new Date(Date.now() + 24 * hour).toISOString()
  const far = await make({ networks }, from("192.0.2.7"))
  const overlapping = await rotated(overlapMs / 1000)
  return [
    { who: "read-only", ...(await make({ readOnly: true })), expected: readOnly },
    { who: "read-only since", ...(await later("read_only", 1)), expected: readOnly },
    {
      who: "for another environment",
      ...(await make({ environments: [other] })),
      expected: elsewhere,
      hidden: environment,
    },
    {
      who: "for another environment since",
      ...(await later("keyset_ids", JSON.stringify([keysetId]))),
      expected: elsewhere,
      hidden: environment,
    },
    { who: "for this environment", ...(await make({ environments: [environment] })), expected: here },
    ...outside.map((address) => ({
      who: `from ${address ?? "the proxy itself"}, outside its networks`,
      ...far,
      headers: address === undefined ? {} : from(address),
      expected: () => restricted,
    })),
    { who: "for networks since", ...(await later("networks", JSON.stringify(networks))), expected: () => restricted },
    ...[...inside, ...mapped].map((address) => ({
      who: `from ${address}, inside its networks`,
      ...far,
      headers: from(address),
      expected: narrowedOtherwise,
    })),
    { who: "with an expiry", ...(await make({ expiresAt })), expected: narrowedOtherwise },
    { who: "expired since", ...(await later("expires_at", Date.now() - 1)), expected: () => ended },
    { who: "rotated at once", ...(await rotated(0)), expected: () => ended },
    { who: "rotated, in its overlap", ...overlapping, expected: () => "served" },
    { who: "rotated, behind its overlap", ...overlapping, aheadMs: overlapMs, expected: () => ended },
  ]
}

async function tokenOf(client: TestClient, headers: Readonly<Record<string, string>> | undefined): Promise<string> {
  const { status, body } = await client.requestToken({}, headers)
  if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`)
  return body.access_token as string
}

const idOf = ({ parts }: TestClient) => parts.apiKey.slice("hkak_".length, "hkak_".length + 16)

function narrowInStore({ databasePath, postgresUrl }: TestServer, id: string, column: string, value: unknown): void {
  if (postgresUrl !== undefined) {
    // One statement text is one transaction. Nothing here comes from outside.
    const narrow = `update api_keys set ${column} = '${value}' where id = '${id}'`
    askPostgres(postgresUrl, `${narrow}; update workspaces set generation = generation + 1`)
    return
  }
  const db = new Database(databasePath, { timeout: 5000 })
  try {
    db.transaction(() => {
      db.prepare(`update api_keys set ${column} = ? where id = ?`).run(value, id)
      db.prepare("update workspaces set generation = generation + 1").run()
    })()
  } finally {
    db.close()
  }
}
