/** Where audit entries go as they are written (S12): a file, a webhook, both or neither. */
import { readFileSync } from "node:fs"
import { BlockList, isIP } from "node:net"
import { resolve } from "node:path"
import { type HmacKey, hmacKey } from "@halfkey/core/primitives/hash"
import { type Environment, invalid, setting } from "../setting.ts"

export interface StreamSettings {
  /** Absolute. */
  readonly file: string | undefined
  readonly webhook: WebhookSettings | undefined
}

export interface WebhookSettings {
  readonly url: URL
  readonly secret: HmacKey
}

const secretMinLength = 32

/** Throws `invalid_configuration`. */
export function readStreamSettings(env: Environment): StreamSettings {
  const file = setting(env, "HALFKEY_AUDIT_STREAM_FILE")
  return { file: file && resolve(file), webhook: webhook(env) }
}

function webhook(env: Environment): WebhookSettings | undefined {
  const [text, path] = [setting(env, "HALFKEY_AUDIT_WEBHOOK_URL"), setting(env, "HALFKEY_AUDIT_WEBHOOK_SECRET_FILE")]
  if (text === undefined && path === undefined) return undefined
  if (text === undefined || path === undefined) {
    const [set, missing] = path === undefined ? ["URL", "SECRET_FILE"] : ["SECRET_FILE", "URL"]
    throw invalid(`HALFKEY_AUDIT_WEBHOOK_${set}`, `HALFKEY_AUDIT_WEBHOOK_${missing} is missing`, "set both")
  }
  return { url: webhookUrl(text), secret: webhookSecret(path) }
}

function webhookUrl(text: string): URL {
  const name = "HALFKEY_AUDIT_WEBHOOK_URL"
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw invalid(name, "it is no URL", "as https://siem.example.com/halfkey")
  if (url.username !== "" || url.password !== "") {
    throw invalid(name, "it holds a user or a password", "requests are signed: leave them out")
  }
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) return url
  throw invalid(name, "entries would cross a network in the clear", "use https, or a receiver on this machine")
}

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8, "ipv4")
loopback.addAddress("::1", "ipv6")

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, "$1")
  const family = isIP(address)
  return host === "localhost" || (family !== 0 && loopback.check(address, family === 6 ? "ipv6" : "ipv4"))
}

function webhookSecret(path: string): HmacKey {
  const name = "HALFKEY_AUDIT_WEBHOOK_SECRET_FILE"
  let text: string
  try {
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    throw invalid(name, `the file ${path} cannot be read (${code})`, "check the path and its permissions", cause)
  }
  if (text.length >= secretMinLength) return hmacKey(new TextEncoder().encode(text))
  const hint = `make one: openssl rand -base64 32 > ${path}`
  throw invalid(name, `the secret in ${path} has less than ${secretMinLength} characters`, hint)
}
