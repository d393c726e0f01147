/**
 * Trust on first use: servers that only a committed file names, and that a person confirmed at a terminal. Kept by workspace and
 * origin in `trust.json`, so that it holds wherever the repository lies, and ends when the file names another server.
 */
import { join } from "node:path"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { readPrivateFile } from "../storage/private-files.ts"
import type { Setting } from "./resolve.ts"

export interface TrustedEndpoint {
  readonly workspaceCRN: string
  /** Scheme, host and port. */
  readonly origin: string
  /** ISO 8601. */
  readonly since: string
}

/** Nothing was sent: only a committed file names the server. `execute` asks, where somebody can be asked. */
export class UnconfirmedEndpoint extends HalfkeyError {
  readonly endpoint: Setting
  readonly workspaceCRN: string

  constructor(endpoint: Setting, workspaceCRN: string) {
    const { from, value } = endpoint
    const word = shellWord(value)
    super(
      "invalid_configuration",
      `${from} names the endpoint ${value}, which nothing of yours confirms; a committed file alone must not decide who gets your credentials`,
      {
        hint: `the same at a terminal, which shows what would go there, and asks\n--endpoint ${word}, or CS_ENDPOINT=${word}, if you trust that server`,
      },
    )
    this.endpoint = endpoint
    this.workspaceCRN = workspaceCRN
  }
}

/** A path of an address may hold what a shell would run, and a hint is there to be pasted. */
function shellWord(address: string): string {
  return /^[\w:/.@%~+,-]+$/.test(address) ? address : `'${address.replaceAll("'", "'\\''")}'`
}

export function trustPath(configDirectory: string): string {
  return join(configDirectory, "trust.json")
}

/** In the order of the answers. Throws `invalid_configuration` for a file that others may read or that is damaged. */
export function loadTrust(configDirectory: string): readonly TrustedEndpoint[] {
  const path = trustPath(configDirectory)
  const text = readPrivateFile(path)
  if (text === undefined) return []
  try {
    const entries: unknown = JSON.parse(text)
    if (Array.isArray(entries) && entries.every(isEntry)) return entries
  } catch {
    // Told below.
  }
  throw new HalfkeyError("invalid_configuration", `${path} is damaged: it is no list of confirmed servers`, {
    hint: `rm ${path}   (this machine then asks again)`,
  })
}

/** The answer about `endpoint`, whatever its path. */
export function findTrust(
  entries: readonly TrustedEndpoint[],
  workspaceCRN: string,
  endpoint: string,
): TrustedEndpoint | undefined {
  const { origin } = new URL(endpoint)
  return entries.find((entry) => entry.workspaceCRN === workspaceCRN && entry.origin === origin)
}

function isEntry(value: unknown): value is TrustedEndpoint {
  if (typeof value !== "object" || value === null) return false
  const { origin, since, workspaceCRN } = value as Record<string, unknown>
  return [origin, since, workspaceCRN].every((each) => typeof each === "string")
}
