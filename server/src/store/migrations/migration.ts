/** Forward-only, numbered changes of the schema. The number of the newest is the schema version of a database. */
import type { ColumnDataType, ColumnDefinitionBuilderCallback, Compilable, Kysely, RawBuilder } from "kysely"
import { first } from "./0001-first.ts"
import { rootAssertions } from "./0002-root-assertions.ts"
import { secretsByRecord } from "./0003-secrets-by-record.ts"
import { auditIncarnation } from "./0004-audit-incarnation.ts"
import { devices } from "./0005-devices.ts"
import { auditTree } from "./0006-audit-tree.ts"
import { rootKeyDerivation } from "./0007-root-key-derivation.ts"
import { apiKeyUse } from "./0008-api-key-use.ts"
import { keysetDestruction } from "./0009-keyset-destruction.ts"

type ColumnType = ColumnDataType | RawBuilder<unknown>

/** How a dialect spells what differs in a table's definition. */
export interface ColumnTypes {
  readonly text: ColumnType
  /** 64 bits. */
  readonly integer: ColumnType
  readonly bytes: ColumnType
  /** A primary key that counts up and never gives a number again. */
  readonly serial: { readonly type: ColumnType; readonly define: ColumnDefinitionBuilderCallback }
  /** Behind a text column that is compared by bytes. */
  readonly byteOrder: RawBuilder<unknown>
  readonly tableEnd: RawBuilder<unknown>
  /** The same for a table of small rows that are only found by their primary key. */
  readonly clusteredEnd: RawBuilder<unknown>
  /** Whether a table may refer to one that is made behind it. */
  readonly refersForward: boolean
}

/** Migration n leads from schema version n - 1 to n. */
export const migrations: readonly ((db: Kysely<unknown>, types: ColumnTypes) => Compilable[])[] = [
  first,
  rootAssertions,
  secretsByRecord,
  auditIncarnation,
  devices,
  auditTree,
  rootKeyDerivation,
  apiKeyUse,
  keysetDestruction,
]
