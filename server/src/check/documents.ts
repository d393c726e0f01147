/** Rosters and manifests: each parses, follows the one before, and is signed by who may sign it (S4); rows say what they say. */
import { clientKeysProblem } from "@halfkey/core/formats/client-keys"
import { parseCrn } from "@halfkey/core/formats/crn"
import { type ClientId, type KeysetId, type WorkspaceId, workspaceIdOf } from "@halfkey/core/formats/ids"
import { currentEpoch, type Manifest, manifestFormat, manifestLinkProblem } from "@halfkey/core/formats/manifest"
import {
  type Roster,
  rosterFormat,
  rosterLinkProblem,
  signerKey,
  type WorkspaceRootKeys,
} from "@halfkey/core/formats/roster"
import { equalBytes } from "@halfkey/core/primitives/hash"
import { clientRows, keysetRows, manifestRows, memberRows, rosterRows, workspaceRows } from "../store/check-queries.ts"
import type { Reader } from "../store/query.ts"
import type { Findings } from "./finding.ts"

export interface CheckedWorkspace {
  readonly id: WorkspaceId
  readonly auditIncarnation: number
  readonly rosters: readonly Roster[]
  readonly keysets: readonly CheckedKeyset[]
}

export interface CheckedKeyset {
  readonly id: KeysetId
  readonly workspaceId: WorkspaceId
  readonly name: string
  readonly isPurged: boolean
  /** The newest one; `undefined` where there is none that can be read. */
  readonly manifest: Manifest | undefined
}

export const placeOfKeyset = ({ workspaceId, name, id }: Pick<CheckedKeyset, "workspaceId" | "name" | "id">) =>
  `workspace ${workspaceId}, environment ${name} (${id})`

export async function checkDocuments(reader: Reader, findings: Findings): Promise<readonly CheckedWorkspace[]> {
  const checked: CheckedWorkspace[] = []
  for (const { id, crn, signPk, kemPk, auditIncarnation } of await reader.all(workspaceRows, {})) {
    const place = `workspace ${id}`
    const root = { signPk, kemPk }
    if (workspaceIdOf(signPk, kemPk) !== id) findings.add("documents", place, "its root keys do not hash to its id")
    const named = findings.attempt("documents", place, () => parseCrn(crn))
    if (named !== undefined && named.workspaceId !== id) findings.add("documents", place, "its CRN names another one")
    for (const client of await reader.all(clientRows, { workspaceId: id })) {
      const problem = clientKeysProblem(id, client)
      if (problem !== undefined) findings.add("documents", `${place}, client ${client.clientId}`, problem)
    }
    const rosters = await checkRosters(reader, findings, id, root)
    const keysets: CheckedKeyset[] = []
    for (const row of await reader.all(keysetRows, { workspaceId: id })) {
      keysets.push(await checkKeyset({ reader, findings, workspaceId: id, root, rosters }, row))
    }
    checked.push({ id, auditIncarnation: Number(auditIncarnation), rosters, keysets })
  }
  return checked
}

async function checkRosters(
  reader: Reader,
  findings: Findings,
  workspaceId: WorkspaceId,
  root: WorkspaceRootKeys,
): Promise<readonly Roster[]> {
  const rosters: Roster[] = []
  for (const { number, document, hash } of await reader.all(rosterRows, { workspaceId })) {
    const place = `workspace ${workspaceId}, roster ${number}`
    const roster = findings.attempt("documents", place, () => rosterFormat.parse(JSON.parse(document)))
    if (roster === undefined) continue
    const problem = rosterLinkProblem(workspaceId, root, rosters.at(-1), roster)
    if (problem !== undefined) findings.add("documents", place, problem)
    if (Number(number) !== roster.seq) findings.add("documents", place, "its row has another number")
    if (!equalBytes(rosterFormat.hash(roster), hash)) findings.add("documents", place, "its row has another hash")
    rosters.push(roster)
  }
  if (rosters.length === 0) findings.add("documents", `workspace ${workspaceId}`, "it has no roster")
  return rosters
}

interface Parts {
  readonly reader: Reader
  readonly findings: Findings
  readonly workspaceId: WorkspaceId
  readonly root: WorkspaceRootKeys
  readonly rosters: readonly Roster[]
}

interface KeysetFacts {
  readonly id: KeysetId
  readonly name: string
  readonly kind: Manifest["kind"]
  readonly state: Manifest["state"]
  readonly revision: number
  readonly epoch: number
  readonly versionFloor: number
  readonly purgedAt: number | null
}

async function checkKeyset(parts: Parts, row: KeysetFacts): Promise<CheckedKeyset> {
  const { reader, findings, workspaceId } = parts
  const keyset = { id: row.id, workspaceId, name: row.name, isPurged: row.purgedAt !== null }
  const place = placeOfKeyset(keyset)
  let manifest: Manifest | undefined
  for (const { number, document, hash } of await reader.all(manifestRows, { keysetId: row.id })) {
    const at = `${place}, revision ${number}`
    const next = findings.attempt("documents", at, () => manifestFormat.parse(JSON.parse(document)))
    if (next === undefined) continue
    const problem = manifestLinkProblem(workspaceId, row.id, manifest, next)
    if (problem !== undefined) findings.add("documents", at, problem)
    if (Number(number) !== next.revision) findings.add("documents", at, "its row has another number")
    if (!equalBytes(manifestFormat.hash(next), hash)) findings.add("documents", at, "its row has another hash")
    manifest = next
  }
  if (manifest === undefined) findings.add("documents", place, "it has no manifest")
  else {
    checkNewest(parts, place, manifest)
    checkRow(findings, place, row, manifest)
    await checkMembers(parts, place, manifest)
  }
  return { ...keyset, manifest }
}

/** Signers of earlier ones may have left the roster since: their hashes are what counts (S4). */
function checkNewest({ findings, root, rosters }: Parts, place: string, manifest: Manifest): void {
  const roster = rosters.at(-1)
  if (roster === undefined) return
  const at = `${place}, revision ${manifest.revision}`
  const signer = signerKey(manifest.signerId, root, roster)
  if (signer === undefined) findings.add("documents", at, "its signer is not in the newest roster")
  else if (!manifestFormat.isSignedBy(manifest, signer)) findings.add("documents", at, "its signature is wrong")
  const named = rosters.find(({ seq }) => seq === manifest.rosterSeq)
  if (named === undefined || !equalBytes(rosterFormat.hash(named), manifest.rosterHash)) {
    findings.add("documents", at, `it names a roster ${manifest.rosterSeq} that is not there`)
  }
}

function checkRow(findings: Findings, place: string, row: KeysetFacts, manifest: Manifest): void {
  const { name, kind, state, revision, versionFloor } = manifest
  // A destroyed key set keeps the number of its last epoch.
  const epoch = currentEpoch(manifest) ?? row.epoch
  for (const [field, value] of Object.entries({ name, kind, state, revision, versionFloor, epoch })) {
    if (String(row[field as keyof KeysetFacts]) === String(value)) continue
    findings.add("documents", place, `its row has another ${field} than the newest manifest`)
  }
}

async function checkMembers({ reader, findings }: Parts, place: string, manifest: Manifest): Promise<void> {
  const rows = await reader.all(memberRows, { keysetId: manifest.keysetId })
  const text = (members: readonly { readonly clientId: ClientId; readonly mode: string }[]) =>
    members
      .map(({ clientId, mode }) => `${clientId} ${mode}`)
      .sort()
      .join()
  if (text(rows) !== text(manifest.members)) {
    findings.add("documents", place, "its rows have other members than the newest manifest")
  }
}
