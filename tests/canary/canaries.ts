/** Secrets that must not show up, and every spelling in which they could. */
import { createHash } from "node:crypto"

/** A secret to look for: text, or bytes that are none. */
export interface Canary {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface Sighting {
  readonly canary: string
  readonly spelling: string
  /** Where in the bytes that were searched, more or less: white space may have been left out. */
  readonly at: number
}

/** Parts of this many bytes are found, too: a log line may be cut anywhere. */
const partLength = 16

export function textCanary(name: string, text: string): Canary {
  return { name, bytes: Buffer.from(text) }
}

/** Bytes that are no text, always the same for a name. */
export function byteCanary(name: string, length: number): Canary {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) => sha256(`${name} ${index}`))
  return { name, bytes: Buffer.concat(blocks).subarray(0, length) }
}

/** Searches bytes for canaries, whole or their beginning or end, in every spelling. */
export class CanaryScanner {
  readonly #needles: {
    readonly canary: string
    readonly spelling: string
    readonly needle: Buffer
    readonly dense: Buffer
  }[] = []

  constructor(canaries: readonly Canary[]) {
    for (const { bytes, name } of canaries) {
      if (bytes.length < partLength) throw new RangeError(`the canary ${name} is too short to be told from chance`)
      const parts = { beginning: bytes.subarray(0, partLength), end: bytes.subarray(-partLength) }
      for (const [part, partBytes] of Object.entries(parts)) {
        for (const [spelling, needle] of spellings(Buffer.from(partBytes))) {
          this.#needles.push({
            canary: name,
            spelling: `${spelling}, ${part}`,
            needle,
            dense: withoutWhiteSpace(needle),
          })
        }
      }
    }
  }

  search(haystack: Uint8Array): Sighting[] {
    const bytes = Buffer.from(haystack.buffer, haystack.byteOffset, haystack.byteLength)
    // Printed bytes and wrapped base64 have white space somewhere: the second search is without any.
    const dense = withoutWhiteSpace(bytes)
    return this.#needles.flatMap(({ canary, dense: denseNeedle, needle, spelling }) => {
      const at = Math.max(bytes.indexOf(needle), dense.indexOf(denseNeedle))
      return at < 0 ? [] : [{ canary, spelling, at }]
    })
  }
}

/** Each spelling once. Where there are several alphabets, cases or alignments, there is one needle for each. */
export function spellings(bytes: Buffer): [string, Buffer][] {
  const found: [string, string | Buffer][] = [
    ["as it is", bytes],
    ["hex", bytes.toString("hex")],
    ["upper-case hex", bytes.toString("hex").toUpperCase()],
    ["list of numbers", [...bytes].join(",")],
    ["UTF-16", Buffer.from(bytes.toString("latin1"), "utf16le")],
    ["percent-encoding of every byte", bytes.toString("hex").replace(/../g, "%$&")],
    ["percent-encoding of every byte, upper case", bytes.toString("hex").toUpperCase().replace(/../g, "%$&")],
  ]
  for (const alignment of [0, 1, 2]) {
    found.push([`base64 at ${alignment}`, base64Core(bytes, alignment, "base64")])
    found.push([`base64url at ${alignment}`, base64Core(bytes, alignment, "base64url")])
  }
  const text = bytes.toString("utf8")
  if (Buffer.from(text).equals(bytes)) {
    const json = JSON.stringify(text).slice(1, -1)
    found.push(["JSON", json], ["JSON in JSON", JSON.stringify(json).slice(1, -1)])
    found.push(["JSON escapes", [...text].map(escaped).join("")])
    found.push(["percent-encoding", encodeURIComponent(text)])
    found.push(["form encoding", new URLSearchParams([["", text]]).toString().slice(1)])
    found.push(["quoted for a shell", text.replaceAll("'", "'\\''")])
  }
  const unique = new Map(
    found.map(([spelling, needle]) => [Buffer.from(needle).toString("latin1"), { spelling, needle }]),
  )
  return [...unique.values()].map(({ needle, spelling }) => [spelling, Buffer.from(needle)])
}

function withoutWhiteSpace(bytes: Buffer): Buffer {
  return bytes.filter((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) as Buffer
}

/** What base64 makes of the bytes inside something longer: the characters at both ends depend on the neighbours. */
function base64Core(bytes: Buffer, alignment: number, encoding: "base64" | "base64url"): string {
  const encoded = Buffer.concat([Buffer.alloc(alignment), bytes])
    .toString(encoding)
    .replace(/=+$/, "")
  const end = Math.floor(((alignment + bytes.length) * 8) / 6)
  return encoded.slice(Math.ceil((alignment * 8) / 6), end)
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("")
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest()
}
