import { gzipSync } from "node:zlib"
import type { Attack, Lie } from "../attack.ts"
import { reply } from "../replies.ts"

const says = (status: number, contentType: string, body: string): Lie => ({
  instead: (response) => reply(response, status, contentType, body),
})
const bytes = (body: Uint8Array): Lie => ({
  instead: (response) => response.writeHead(200, { "content-type": "application/json" }).end(body),
})
const page = "<!doctype html><title>Sign in</title><p>Please sign in</p>"

export const attack: Attack = {
  tries: "answer with something that is no answer at all, as a captive portal does",
  calls: ["get", "set", "get without a token"],
  clients: ["fresh", "cli"],
  lies: {
    "a page": says(200, "text/html; charset=utf-8", page),
    "a page that is called JSON": says(200, "application/json", page),
    "JSON that is called text": says(200, "text/plain", "{}"),
    "JSON of a script": says(200, "application/javascript", "({})"),
    "another JSON type": says(200, "application/jsonp", "{}"),
    "no type": { instead: (response) => response.writeHead(200).end("{}") },
    "a page that says not found": says(404, "text/html", page),
    "a page that says forbidden": says(403, "text/html", page),
    "half of a JSON text": says(200, "application/json", '{"records":[{"name":"A","version":2'),
    "two JSON texts": says(200, "application/json", "{}{}"),
    nothing: says(200, "application/json", ""),
    "no content": { instead: (response) => response.writeHead(204).end() },
    null: says(200, "application/json", "null"),
    "a list": says(200, "application/json", "[]"),
    text: says(200, "application/json", '"ok"'),
    "a number that is none": says(200, "application/json", '{"records":NaN}'),
    "lists in lists": says(200, "application/json", "[".repeat(1_000_000)),
    "closed lists in lists": says(200, "application/json", "[".repeat(100_000) + "]".repeat(100_000)),
    "a mark of order before it": says(200, "application/json", "\ufeff{}"),
    "bytes that are no UTF-8": bytes(Uint8Array.of(0x7b, 0xff, 0x7d)),
    "packed bytes that are not called so": bytes(gzipSync("{}")),
    "a success with a problem inside": says(200, "application/json", '{"code":"secret_not_found","status":404}'),
    "a problem as a success": says(200, "application/problem+json", '{"code":"secret_not_found","status":404}'),
    "an informal status": says(299, "text/html", page),
  },
  refused: { code: "invalid_response", says: /answer is (?:not usable|malformed)/ },
}
