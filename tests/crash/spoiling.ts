/** Databases that were spoiled on purpose: what the checks of this folder must not overlook. */
import { closeSync, cpSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Model } from "./model.ts"
import { readSnapshot, type Snapshot, type StoredVersion } from "./snapshot.ts"

interface Damage {
  readonly what: string
  readonly expected: RegExp
  spoil(db: DatabaseSync): void
}

/** A constraint would refuse the second one, as it should: here the table has none. */
function withoutConstraints(db: DatabaseSync): void {
  db.exec(`create table plain as select * from secret_versions; drop table secret_versions;
    alter table plain rename to secret_versions`)
}

function damagesFor(model: Model): Damage[] {
  const [name = "", version = 0] = [...model.newest].find(([, newest]) => newest > 2) ?? []
  const ofName = "secret_id = (select id from secrets where name = ?)"
  return [
    {
      what: "a lost write",
      expected: new RegExp(`^${name}@${version} of attempt .* was acknowledged and is lost$`),
      // As if the transaction had never been: everything else fits.
      spoil: (db) => {
        db.prepare(`delete from secret_versions where ${ofName} and version >= ?`).run(name, version)
        db.prepare(
          `update secrets set version = ?, (deleted, record_number) =
             (select deleted, record_number from secret_versions where ${ofName} and version = ?) where name = ?`,
        ).run(version - 1, name, version - 1, name)
      },
    },
    {
      what: "a version that is there twice",
      expected: new RegExp(`^${name}@${version} is there twice$`),
      spoil: (db) => {
        withoutConstraints(db)
        db.prepare(`insert into secret_versions select * from secret_versions where ${ofName} and version = ?`).run(
          name,
          version,
        )
      },
    },
    {
      what: "a gap in the numbers",
      expected: new RegExp(`^${name} has no version 2 before 3$`),
      spoil: (db) => {
        db.prepare(`delete from secret_versions where ${ofName} and version = 2`).run(name)
      },
    },
    {
      what: "a value in the place of a deletion, or the reverse",
      expected: new RegExp(`^${name}@${version} of attempt .* is of another kind$`),
      spoil: (db) => {
        db.prepare(`update secret_versions set deleted = 1 - deleted where ${ofName} and version = ?`).run(
          name,
          version,
        )
      },
    },
    {
      what: "a current version that is not the newest",
      expected: new RegExp(`^${name} is said to be at version 1, its newest is `),
      spoil: (db) => {
        db.prepare("update secrets set version = 1 where name = ?").run(name)
      },
    },
    {
      what: "an audit entry less at the end",
      expected: /is of no audit entry$/,
      spoil: (db) => {
        db.exec("delete from audit_entries where seq = (select max(seq) from audit_entries)")
      },
    },
    {
      what: "an audit entry less in the middle",
      expected: /^audit entry 7 is missing before 8$/,
      spoil: (db) => {
        db.exec("delete from audit_entries where seq = 7")
      },
    },
    {
      what: "an audit entry with other bytes",
      expected: /^audit entry 7 has another hash$/,
      spoil: (db) => {
        // Whatever entry the seventh is: a word such as its outcome may be another in each run.
        db.exec("update audit_entries set entry = cast(cast(entry as text) || ' ' as blob) where seq = 7")
      },
    },
    {
      what: "all audit entries of commits gone, with the numbers closed up",
      expected: /was written without an audit entry$/,
      spoil: (db) => {
        db.exec(`delete from audit_entries where cast(entry as text) like '%"secret.commit"%'`)
      },
    },
    {
      what: "a version of a name that is not there",
      expected: /refers to nothing in secrets$/,
      spoil: (db) => {
        db.prepare("delete from secrets where name = ?").run(name)
      },
    },
    { what: "a header that does not fit the pages", expected: /^Freelist: |freelist/i, spoil: () => {} },
  ]
}

/** Copies of a stopped server's database, each with one damage. */
export function* damagedDatabases(
  dataDirectory: string,
  folder: string,
  model: Model,
): Generator<{ readonly what: string; readonly expected: RegExp; readonly path: string }> {
  for (const [index, { what, expected, spoil }] of damagesFor(model).entries()) {
    const path = join(folder, `${index}.db`)
    cpSync(join(dataDirectory, "halfkey.db"), path)
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    spoil(db)
    db.close()
    if (expected.test("freelist")) overwrite(path, 36, Buffer.from([0, 0, 0, 9]))
    yield { what, expected, path }
  }
}

export const copyOf = (path: string): Snapshot => readSnapshot(path)

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+")
  writeSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
}

/** Copies a data directory and exchanges two records of one name. Returns their versions. */
export function withSwappedRecords(dataDirectory: string, copy: string, { versions }: Snapshot): StoredVersion[] {
  cpSync(dataDirectory, copy, { recursive: true })
  const values = versions.filter(({ deleted }) => !deleted)
  const one = values.find((each, index) => values[index + 1]?.name === each.name)
  const other = one && values.find(({ name, version }) => name === one.name && version > one.version)
  if (one === undefined || other === undefined) throw new Error("there are no two versions of one name")
  const db = new DatabaseSync(join(copy, "halfkey.db"))
  const record = db.prepare(
    "select record, key_id from secret_versions where secret_id = (select id from secrets where name = ?) and version = ?",
  )
  const write = db.prepare(
    "update secret_versions set record = ?, key_id = ? where secret_id = (select id from secrets where name = ?) and version = ?",
  )
  const rows = [one, other].map(({ name, version }) => record.get(name, version))
  for (const [index, { name, version }] of [other, one].entries()) {
    write.run(rows[index]?.["record"] as Uint8Array, rows[index]?.["key_id"] as Uint8Array, name, version)
  }
  db.close()
  return [one, other]
}
