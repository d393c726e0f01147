/** Keys and grants: those that the manifests name are there, and what is wrapped opens under the root key, where it is given (S11). */
import { recoveryHash } from "@halfkey/core/formats/grant"
import type { KeysetId } from "@halfkey/core/formats/ids"
import type { RootKey, WrapContext } from "@halfkey/core/key-service/root-key"
import { kidOf, signingKeyFromSeed } from "@halfkey/core/key-service/signing-key"
import { wipe } from "@halfkey/core/primitives/bytes"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { authorityKeyRows, grantRows, recoveryGrantRows, signingKeyRows } from "../store/check-queries.ts"
import type { Reader } from "../store/query.ts"
import { type CheckedKeyset, placeOfKeyset } from "./documents.ts"
import type { Findings } from "./finding.ts"

/** Gives the epochs of each key set whose authority key is there. */
export async function checkKeys(
  reader: Reader,
  findings: Findings,
  keysets: readonly CheckedKeyset[],
  rootKey: RootKey | undefined,
): Promise<ReadonlyMap<KeysetId, ReadonlySet<number>>> {
  await checkSigningKeys(reader, findings, rootKey)
  const epochs = new Map<KeysetId, ReadonlySet<number>>()
  for (const keyset of keysets) epochs.set(keyset.id, await checkKeyset(reader, findings, keyset, rootKey))
  return epochs
}

async function checkSigningKeys(reader: Reader, findings: Findings, rootKey: RootKey | undefined): Promise<void> {
  const rows = await reader.all(signingKeyRows, {})
  for (const kind of ["token-key", "checkpoint-key"] as const) {
    if (!rows.some((row) => row.kind === kind)) findings.add("keys", "the server", `it has no ${kind}`)
  }
  for (const { kid, kind, wrapped } of rows) {
    const seed = unwrap(findings, `${kind} ${kid}`, rootKey, { kind }, wrapped)
    if (seed === undefined) continue
    if (kidOf(signingKeyFromSeed(seed).publicKey) !== kid) findings.add("keys", `${kind} ${kid}`, "it is another key")
    wipe(seed)
  }
}

function unwrap(
  findings: Findings,
  place: string,
  rootKey: RootKey | undefined,
  context: WrapContext,
  wrapped: Uint8Array,
): Uint8Array | undefined {
  return rootKey && findings.attempt("keys", place, () => rootKey.unwrap(context, wrapped))
}

async function checkKeyset(
  reader: Reader,
  findings: Findings,
  keyset: CheckedKeyset,
  rootKey: RootKey | undefined,
): Promise<ReadonlySet<number>> {
  const { id: keysetId, workspaceId, isPurged, manifest } = keyset
  const place = placeOfKeyset(keyset)
  const rows = await reader.all(authorityKeyRows, { keysetId })
  const epochs = new Set<number>()
  for (const { epoch, wrapped } of rows) {
    const number = Number(epoch)
    epochs.add(number)
    const context = { kind: "authority-key", workspaceId, keysetId, epoch: number } as const
    const secret = unwrap(findings, `${place}, epoch ${number}`, rootKey, context, wrapped)
    if (secret !== undefined) wipe(secret)
  }
  if (isPurged && epochs.size > 0) findings.add("keys", place, "it was destroyed, and has keys")
  if (isPurged || manifest === undefined) return epochs
  const grants = new Set(
    (await reader.all(grantRows, { keysetId })).map(({ clientId, epoch }) => `${clientId} ${epoch}`),
  )
  const recovery = await reader.all(recoveryGrantRows, { keysetId })
  for (const { epoch, recoveryHash: published } of manifest.epochs) {
    const at = `${place}, epoch ${epoch}`
    if (!epochs.has(epoch)) findings.add("keys", at, "its authority key is missing")
    const grant = recovery.find((each) => Number(each.epoch) === epoch)
    if (grant === undefined) findings.add("keys", at, "its recovery grant is missing")
    else if (!equalBytes(recoveryHash(grant), published)) {
      findings.add("keys", at, "its recovery grant is not the one that the manifest names")
    }
    for (const { clientId } of manifest.members) {
      if (!grants.has(`${clientId} ${epoch}`)) findings.add("keys", at, `the grant of client ${clientId} is missing`)
    }
  }
  return epochs
}
