/**
 * What one cache holds (S14): the signed documents of an environment as the server sent them, its sealed records with their seeds,
 * and when each was seen. It is the server's answer, kept: whoever reads it runs every check that an answer has to pass.
 */
import { parseRecord } from "@halfkey/core/formats/record"
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "@halfkey/core/primitives/bytes"
import type { ServedMetadata } from "../vault-answers.ts"
import type { Noted } from "./answers.ts"

type Json = Readonly<Record<string, unknown>>

/** When the server said so, in milliseconds since 1970, and for how long after that it may be served. */
export interface Seen {
  readonly seenAt: number
  readonly keepMs: number
}

/** A secret: the server's record of it, or `null` where it was never written. */
export interface CachedSecret extends Seen {
  readonly name: string
  readonly record: (Json & ServedMetadata & { readonly record: string }) | null
}

/** Hashes of the newest documents, and all of them as they came. */
export interface CachedKeyset {
  readonly roster: string
  readonly manifest: string
  readonly incarnation: number
  readonly bundle: unknown
}

export interface CacheContents {
  /** Goes up by 1 whenever the file is written. */
  readonly sequence: number
  /** The highest time that was seen since a server last answered: a clock that is set back makes nothing fresh again. */
  readonly latest: number
  readonly keyset: CachedKeyset
  readonly secrets: readonly CachedSecret[]
  /** All live names, where they were read or listed. */
  readonly index: (Seen & { readonly items: readonly ServedMetadata[] }) | null
}

export function encodeContents(contents: CacheContents): Uint8Array {
  return utf8(JSON.stringify(contents))
}

/** Of bytes that were authenticated: they are what `encodeContents` made. */
export function decodeContents(bytes: Uint8Array): CacheContents {
  return JSON.parse(fromUtf8(bytes)) as CacheContents
}

/**
 * The contents with what a call saw; `undefined` where that is nothing new, and `stored` is younger than `refreshMs`, or where
 * the documents of the answer are not at hand. `sequence` is that of the result.
 */
export function mergedContents(
  stored: CacheContents | undefined,
  noted: readonly Noted[],
  { keepMs, now, refreshMs, sequence }: { keepMs: number; now: number; refreshMs: number; sequence: number },
): CacheContents | undefined {
  const seen = { seenAt: now, keepMs }
  const fresh = secretsOf(noted, seen)
  const keyset = keysetOf(stored, noted)
  if (keyset === undefined) return undefined
  const index = indexOf(noted, fresh, seen)
  // A clock that is behind is set right by what a server says now.
  const isInOrder = stored !== undefined && stored.latest <= now
  if (isInOrder && isKnown(stored, keyset, fresh, index, now - refreshMs, keepMs)) return undefined
  // What was read before an accepted restore may never have been written by now (S10).
  const isOfNow = stored?.keyset.incarnation === keyset.incarnation
  const aged = stored !== undefined && isOfNow ? movedTo(stored, now) : undefined
  const lively = liveEpochs(noted)
  const listed = index === null ? undefined : new Map(index.items.map(({ name, version }) => [name, version]))
  const kept = (aged?.secrets ?? []).filter(
    ({ name, record }) =>
      !fresh.has(name) && isOfEpochs(record, lively) && (listed === undefined || agrees(record, listed.get(name))),
  )
  const secrets = [...kept, ...fresh.values()].filter((secret) => now - secret.seenAt <= secret.keepMs)
  return { sequence, latest: now, keyset, secrets, index: index ?? updatedIndex(aged?.index ?? null, fresh) }
}

/** The newest answer about each name that was asked for without a version. */
function secretsOf(noted: readonly Noted[], seen: Seen): Map<string, CachedSecret> {
  const found = new Map<string, CachedSecret>()
  for (const note of noted) {
    if ("listed" in note) continue
    const { json, request } = note
    const ofVersion = new Set(request.secrets?.flatMap(({ name, version }) => (version === undefined ? [] : [name])))
    const add = (name: string, record: CachedSecret["record"]) => {
      if (!ofVersion.has(name)) found.set(name, { ...seen, name, record })
    }
    for (const record of json["records"] as NonNullable<CachedSecret["record"]>[]) add(record.name, record)
    for (const { name } of json["missing"] as { name: string }[]) add(name, null)
  }
  return found
}

/** The documents under which the last answer was verified: its own, or those that were kept. */
function keysetOf(stored: CacheContents | undefined, noted: readonly Noted[]): CachedKeyset | undefined {
  let found = stored?.keyset
  for (const note of noted) {
    if ("listed" in note) continue
    const roster = toBase64Url(note.keyset.rosterHash)
    const manifest = toBase64Url(note.keyset.manifestHash)
    const { incarnation } = note.keyset.manifest
    if (note.bundle !== undefined) found = { roster, manifest, incarnation, bundle: note.bundle }
    else if (found?.roster !== roster || found.manifest !== manifest) found = undefined
  }
  return found
}

function indexOf(noted: readonly Noted[], fresh: ReadonlyMap<string, CachedSecret>, seen: Seen) {
  const last = noted.at(-1)
  if (last !== undefined && "listed" in last) return { ...seen, items: last.listed }
  const isAll = noted.some((note) => !("listed" in note) && note.request.secrets === undefined)
  return isAll ? { ...seen, items: liveOf(fresh) } : null
}

function liveOf(fresh: ReadonlyMap<string, CachedSecret>): ServedMetadata[] {
  const live = [...fresh.values()].flatMap(({ record }) =>
    record === null || record.deleted ? [] : [metadataOf(record)],
  )
  return live.sort((left, right) => (left.name < right.name ? -1 : 1))
}

function metadataOf({ createdAt, deleted, id, name, updatedAt, version }: ServedMetadata): ServedMetadata {
  return { id, name, version, deleted, createdAt, updatedAt }
}

/** What was read by name after the list is newer than the list. */
function updatedIndex(index: CacheContents["index"], fresh: ReadonlyMap<string, CachedSecret>): CacheContents["index"] {
  if (index === null) return null
  const items = [...index.items.filter(({ name }) => !fresh.has(name)), ...liveOf(fresh)]
  return { ...index, items: items.sort((left, right) => (left.name < right.name ? -1 : 1)) }
}

/** Whether a newer list says of a secret what was kept of it. */
function agrees(record: CachedSecret["record"], listed: number | undefined): boolean {
  return listed === (record === null || record.deleted ? undefined : record.version)
}

function liveEpochs(noted: readonly Noted[]): ReadonlySet<number> | undefined {
  const last = noted.findLast((note) => !("listed" in note))
  if (last === undefined || "listed" in last) return undefined
  return new Set(last.keyset.manifest.epochs.map(({ epoch }) => epoch))
}

/** After a rotation no check would let an earlier epoch pass. */
function isOfEpochs(record: CachedSecret["record"], epochs: ReadonlySet<number> | undefined): boolean {
  const bytes = record === null || epochs === undefined ? undefined : fromBase64Url(record.record)
  return bytes === undefined || epochs?.has(parseRecord(bytes).header.epoch) === true
}

function isKnown(
  stored: CacheContents,
  keyset: CachedKeyset,
  fresh: ReadonlyMap<string, CachedSecret>,
  index: CacheContents["index"],
  since: number,
  keepMs: number,
): boolean {
  const isYoung = (seen: Seen) => seen.seenAt >= since && seen.keepMs === keepMs
  if (stored.keyset.manifest !== keyset.manifest || stored.keyset.roster !== keyset.roster) return false
  if (index !== null) {
    if (stored.index === null || !isYoung(stored.index)) return false
    if (JSON.stringify(stored.index.items) !== JSON.stringify(index.items)) return false
  }
  const known = new Map(stored.secrets.map((secret) => [secret.name, secret]))
  return [...fresh.values()].every(({ name, record }) => {
    const secret = known.get(name)
    return secret !== undefined && isYoung(secret) && secret.record?.record === record?.record
  })
}

/** The same ages on a clock that was set back meanwhile. */
function movedTo(stored: CacheContents, now: number): CacheContents {
  const by = Math.max(0, stored.latest - now)
  if (by === 0) return stored
  const moved = <T extends Seen>(seen: T): T => ({ ...seen, seenAt: seen.seenAt - by })
  return { ...stored, secrets: stored.secrets.map(moved), index: stored.index && moved(stored.index) }
}
