/**
 * The form of an attack: what a hostile server tries, how it rewrites its answers, and which check must name it.
 * One attack is one file in `attacks/`; `hostile-server.test.ts` runs them all against real clients.
 */
import type { ServerResponse } from "node:http"
import type { ProblemCode } from "@halfkey/core/formats/problem-codes"
import type { Scene } from "./scene.ts"

// biome-ignore lint/suspicious/noExplicitAny: an answer is anything, and a lie changes it anywhere.
export type Json = any

/**
 * Who is lied to. `fresh`: an SDK client that never asked before. `warm`: one that holds verified documents and values.
 * `remembering`: a new one with a `FreshnessStore` on disk. `cli`: the `halfkey` binary with its profile and its state.
 */
export const clientKinds = ["fresh", "warm", "remembering", "cli"] as const
export type ClientKind = (typeof clientKinds)[number]

/** Clients that have seen the truth before (S10). */
export const clientsWithMemory: readonly ClientKind[] = ["warm", "remembering", "cli"]

/** A request as it reached the proxy. */
export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** What one request is answered with instead of the truth. */
export interface Lie {
  /** Beginnings of requests that are lied to, as `POST /v1/secrets/read`. Left out: those that bring what the call is about. */
  readonly to?: readonly string[]
  /** Changes the true answer's JSON in place. */
  readonly json?: (answer: Json, scene: Scene, asked: Asked) => unknown
  /** Changes the true answer's text, for what JSON values cannot express. */
  readonly text?: (body: string, scene: Scene) => string
  /** Answers by itself; the request does not reach the real server. */
  readonly instead?: (response: ServerResponse, scene: Scene, asked: Asked) => void
  /** Lies so often, then tells the truth. */
  readonly times?: number
}

export interface Verdict {
  readonly code: ProblemCode
  /** Name of the check, for the two codes that have checks; `"any"` where the server may say one, too. */
  readonly check?: string
  /** What the message must say, for codes without checks. */
  readonly says?: RegExp
}

export interface Attack {
  /** What it tries, in one sentence. */
  readonly tries: string
  /** Names of `calls.ts`. */
  readonly calls: readonly string[]
  /** Default: all. */
  readonly clients?: readonly ClientKind[]
  /** By variant; each one is a test. */
  readonly lies: Readonly<Record<string, Lie>>
  /** `"harmless"`: the call gives the truth all the same. */
  readonly refused: Verdict | "harmless"
  /** Where clients with memory find it by another check. */
  readonly refusedByMemory?: Verdict
  /** Writing requests that go out before the lie can be found. Default: none, so nothing sealed leaves the machine. */
  readonly sends?: readonly string[]
  /** The lie holds documents that a granter really signed: the client's memory rightly goes on from them. */
  readonly signedNews?: true
  /** Deadline of the SDK's call in milliseconds, for lies that take time. */
  readonly timeoutMs?: number
}

/** A lie about the documents of a key set, wherever they travel. */
export function aboutDocuments(change: (bundle: Json, scene: Scene) => unknown): Lie {
  return { json: (answer, scene, { path }) => change(path.startsWith("/v1/secrets/") ? answer.keyset : answer, scene) }
}

/** Other documents instead. */
export function otherDocuments(make: (bundle: Json, scene: Scene) => Json): Lie {
  return aboutDocuments(async (bundle, scene) => {
    const other = structuredClone(await make(bundle, scene))
    for (const name of Object.keys(bundle)) delete bundle[name]
    Object.assign(bundle, other)
  })
}

/** A lie about the newest manifest. */
export function aboutManifest(change: (manifest: Json, scene: Scene) => unknown): Lie {
  return aboutDocuments(({ manifests }, scene) => change(manifests.at(-1), scene))
}

/** Another manifest instead of the newest. */
export function otherManifest(make: (manifest: Json, scene: Scene) => Json): Lie {
  return aboutDocuments(async ({ manifests }, scene) => {
    manifests.push(await make(manifests.pop(), scene))
  })
}

/** A lie about an answer to `POST /v1/secrets/read`. */
export function aboutRead(change: (answer: Json, scene: Scene) => unknown): Lie {
  return { to: ["POST /v1/secrets/read"], json: change }
}

/** A lie about the one record of an answer. */
export function aboutRecord(change: (record: Json, scene: Scene) => unknown): Lie {
  return aboutRead(({ records }, scene) => change(records[0], scene))
}

/** A lie about the one offer of `POST /v1/secrets/prepare`. */
export function aboutOffer(change: (offer: Json, scene: Scene) => unknown): Lie {
  return { to: ["POST /v1/secrets/prepare"], json: ({ secrets }, scene) => change(secrets[0], scene) }
}

/** Changes one byte of base64url text. */
export function flipped(text: string, at: number): string {
  const bytes = Buffer.from(text, "base64url")
  const index = at < 0 ? bytes.length + at : at
  bytes[index] = (bytes[index] ?? 0) ^ 1
  return bytes.toString("base64url")
}
