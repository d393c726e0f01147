/**
 * Writes `spec/vectors/*.json`: node tools/generate-vectors.ts. The same bytes each time; a test compares them.
 * What is expected comes from core; `tests/vectors/` computes it again from the specification with other libraries.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { checkpointVectors, merkleTreeVectors } from "./vectors/audit.ts"
import { cacheVectors } from "./vectors/cache.ts"
import * as documents from "./vectors/documents.ts"
import { ed25519Vectors } from "./vectors/ed25519.ts"
import * as encodings from "./vectors/encodings.ts"
import { enrolmentVectors } from "./vectors/enrolment.ts"
import { fieldVectors } from "./vectors/fields.ts"
import { grantVectors } from "./vectors/grants.ts"
import { loadKeysetVectors } from "./vectors/load-keyset.ts"
import { recordVectors } from "./vectors/records.ts"
import * as server from "./vectors/server.ts"
import { xWingVectors } from "./vectors/x-wing.ts"

const folder = join(import.meta.dirname, "../spec/vectors")

/** Text by file name. */
export async function vectorFiles(): Promise<Map<string, string>> {
  const files: Record<string, object> = {
    "pae.json": encodings.paeVectors(),
    "derive.json": encodings.deriveVectors(),
    "ids.json": await encodings.idVectors(),
    "crn.json": await encodings.crnVectors(),
    "text-keys.json": encodings.textKeyVectors(),
    "padding.json": encodings.paddingVectors(),
    "canonical-json.json": await encodings.canonicalJsonVectors(),
    "merkle-tree.json": merkleTreeVectors(),
    "checkpoint.json": await checkpointVectors(),
    "ed25519.json": ed25519Vectors(),
    "roster.json": documents.rosterVectors(),
    "manifest.json": documents.manifestVectors(),
    "grant.json": await grantVectors(),
    "load-keyset.json": await loadKeysetVectors(),
    "record.json": await recordVectors(),
    "field.json": fieldVectors(),
    "key-seed.json": await server.keySeedVectors(),
    "root-key.json": await server.rootKeyVectors(),
    "backup.json": server.backupVectors(),
    "client-assertion.json": server.clientAssertionVectors(),
    "enrolment.json": await enrolmentVectors(),
    "cache.json": cacheVectors(),
    "x-wing.json": xWingVectors(),
  }
  return new Map(Object.entries(files).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]))
}

if (import.meta.main) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of await vectorFiles()) writeFileSync(join(folder, name), text)
}
