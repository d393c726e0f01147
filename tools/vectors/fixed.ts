/** What makes the vectors the same each time: bytes that follow from a name, and a small world made of them. */
import { createHash } from "node:crypto"
import { ClientIdentity, type ClientPublicKeys } from "@halfkey/core/client/client-identity"
import { WorkspaceRoot } from "@halfkey/core/client/workspace-root"
import { type KeysetId, newKeysetId } from "@halfkey/core/formats/ids"
import type { Granter } from "@halfkey/core/formats/roster"

export { hex } from "../../tests/vectors/independent.ts"

/** Bytes that stand for random ones. Never use them for anything but vectors: everybody can compute them. */
export function fixed(name: string, length = 32): Uint8Array {
  const hash = createHash("shake256", { outputLength: length })
  return new Uint8Array(hash.update(`halfkey test vectors/${name}`).digest())
}

/** 2026-01-31T00:00:00.000Z */
export const now = 1_769_817_600_000

export const fixedRoot = (name: string) => WorkspaceRoot.create((length) => fixed(`root ${name}`, length))

export interface FixedClient extends ClientPublicKeys {
  readonly name: string
  readonly identity: ClientIdentity
  readonly clientKey: string
  readonly asGranter: Granter
}

export async function fixedClient(root: WorkspaceRoot, name: string): Promise<FixedClient> {
  const identity = await ClientIdentity.create(root.workspaceId, (length) => fixed(`client ${name}`, length))
  const keys = await identity.publicKeys()
  return { ...keys, name, identity, clientKey: identity.clientKeyText(), asGranter: { ...keys, label: name } }
}

export const fixedKeysetId = (name: string): KeysetId => newKeysetId((length) => fixed(`key set ${name}`, length))

/** A change of a JSON document: what stands at `path` becomes `value`, or is taken out. */
export type Change =
  | { readonly path: readonly (string | number)[]; readonly value: unknown }
  | { readonly path: readonly (string | number)[]; readonly removed: true }

/** The same bytes with some bits of one byte turned. */
export function turned(bytes: Uint8Array, at: number, bits = 1): Uint8Array {
  const changed = new Uint8Array(bytes)
  changed[at] = (changed[at] ?? 0) ^ bits
  return changed
}
