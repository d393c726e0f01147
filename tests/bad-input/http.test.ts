/** Malformed HTTP straight to the server: always a problem document with a stable code, never 500, and nothing written. */
import assert from "node:assert/strict"
import { once } from "node:events"
import { after, before, test } from "node:test"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { Secrets } from "halfkey/secrets"
import { open, parsed, type RawAnswer, type Request, readAll, request, sendRaw } from "./http-requests.ts"
import { Workplace } from "./workplace.ts"

let workplace: Workplace
let token = ""
before(async () => {
  workplace = await Workplace.open()
  const tokens = {
    load: async () => undefined,
    save: async ({ accessToken }: { readonly accessToken: string }) => {
      token = accessToken
    },
    clear: async () => {},
  }
  const secrets = new Secrets({ ...workplace.sdkOptions, tokens })
  await secrets.get("KEPT")
  await secrets.close()
})
after(() => workplace.close())

/** Sends a request as an admin who was authenticated. */
const send = (parts: Request) =>
  sendRaw(workplace.endpoint, request({ ...parts, headers: { authorization: `Bearer ${token}`, ...parts.headers } }))

const post = (body: Request["body"], headers: Request["headers"] = {}, path = "/v1/secrets/read") =>
  send({ method: "POST", path, headers: { "content-type": "application/json", ...headers }, ...(body && { body }) })

/** A problem document of the table, that quotes nothing of the request. */
function requireProblem(answer: RawAnswer, code: keyof typeof problemCodes, what: string): void {
  assert.equal(answer.status, problemCodes[code].status, `${what}: ${answer.body}`)
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json/, what)
  assert.match(answer.headers["halfkey-request-id"] ?? "", /^[\w-]{10,}$/, what)
  assert.equal(answer.headers["cache-control"], "no-store", what)
  const problem = JSON.parse(answer.body)
  assert.equal(problem.code, code, `${what}: ${answer.body}`)
  assert.equal(problem.type, `urn:halfkey:problem:${code}`)
  assert.equal(problem.title, problemCodes[code].title)
  assert.equal(problem.requestId, answer.headers["halfkey-request-id"])
  assert.doesNotMatch(answer.body, /CANARY|node_modules|\bat .*:\d+|SQLITE|undefined/, what)
}

/** Nothing but the log of decisions may change, whatever arrives. */
async function unchanged(action: () => Promise<void>): Promise<void> {
  const log = ["audit_entries", "used_assertions"]
  const look = () => Object.fromEntries(Object.entries(workplace.everything()).filter(([name]) => !log.includes(name)))
  const before = look()
  await action()
  assert.deepEqual(look(), before)
}

const deep = (opening: string, closing: string, depth: number) => opening.repeat(depth) + closing.repeat(depth)

const bodies: [what: string, body: string | Uint8Array, code: keyof typeof problemCodes][] = [
  ["no JSON", '{"environment": CANARY', "invalid_request"],
  ["an empty body", "", "invalid_request"],
  ["only white space", " \n ", "invalid_request"],
  ["null", "null", "invalid_request"],
  ["a list", "[]", "invalid_request"],
  ["a text", '"CANARY"', "invalid_request"],
  ["a number", "1e999", "invalid_request"],
  ["two values", "{}{}", "invalid_request"],
  ["a byte that is no UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "invalid_request"],
  ["lists in lists", deep("[", "]", 100_000), "invalid_request"],
  ["objects in objects", deep('{"a":', "}", 50_000).replace("}", "1}"), "invalid_request"],
  ["a deep list where a name belongs", `{"environment":${deep("[", "]", 20_000)}}`, "invalid_request"],
  ["__proto__", '{"__proto__":{"environment":"development"}}', "invalid_request"],
  ["constructor.prototype", '{"constructor":{"prototype":{"x":1}},"environment":"development"}', "invalid_request"],
  ["a number for a text", '{"environment":5}', "invalid_request"],
  ["a list for a text", '{"environment":["development"]}', "invalid_request"],
  ["no environment", '{"secrets":[{"name":"KEPT"}]}', "invalid_request"],
  ["an empty list of names", '{"environment":"development","secrets":[]}', "invalid_request"],
  ["a name that is a number", '{"environment":"development","secrets":[{"name":7}]}', "invalid_request"],
  [
    "a version that is a text",
    '{"environment":"development","secrets":[{"name":"KEPT","version":"1"}]}',
    "invalid_request",
  ],
  [
    "a version that is no integer",
    '{"environment":"development","secrets":[{"name":"KEPT","version":1.5}]}',
    "invalid_request",
  ],
  ["a version below 1", '{"environment":"development","secrets":[{"name":"KEPT","version":0}]}', "invalid_request"],
  [
    "a version above 2^53",
    '{"environment":"development","secrets":[{"name":"KEPT","version":1e300}]}',
    "invalid_request",
  ],
  ["a NUL in a name", '{"environment":"development","secrets":[{"name":"KE\\u0000PT"}]}', "invalid_secret_name"],
  [
    "a lone surrogate in a name",
    '{"environment":"development","secrets":[{"name":"KE\\ud800PT"}]}',
    "invalid_secret_name",
  ],
  ["an emoji in a name", '{"environment":"development","secrets":[{"name":"\u{1F511}"}]}', "invalid_secret_name"],
  ["a path as a name", '{"environment":"development","secrets":[{"name":"../../etc/passwd"}]}', "invalid_secret_name"],
  ["an empty name", '{"environment":"development","secrets":[{"name":""}]}', "invalid_secret_name"],
  [
    "a name of 256 characters",
    `{"environment":"development","secrets":[{"name":"${"N".repeat(256)}"}]}`,
    "invalid_secret_name",
  ],
  ["a lone surrogate as an environment", '{"environment":"\\ud800"}', "keyset_not_found"],
  ["a NUL in an environment", '{"environment":"develop\\u0000ment"}', "keyset_not_found"],
  ["SQL as an environment", `{"environment":"x' or 1=1 --"}`, "keyset_not_found"],
  [
    "an environment that is a UUID of nothing",
    '{"environment":"00000000-0000-4000-8000-000000000000"}',
    "keyset_not_found",
  ],
]

for (const [what, body, code] of bodies) {
  test(`a body with ${what}`, () =>
    unchanged(async () => {
      requireProblem(await post(body), code, what)
    }))
}

test("501 names, and a body that is larger than its route takes", () =>
  unchanged(async () => {
    const secrets = Array.from({ length: 501 }, (_, index) => ({ name: `N_${index}` }))
    const many = JSON.stringify({ environment: "development", secrets })
    requireProblem(await post(many), "invalid_request", "501 names")
    requireProblem(await post(" ".repeat(1_100_000)), "payload_too_large", "1.1 MB of spaces")
    // It says so at once, without the body that was only announced.
    const announced = request({
      method: "POST",
      path: "/v1/secrets/read",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": "99999999999",
      },
    })
    requireProblem(await sendRaw(workplace.endpoint, announced), "payload_too_large", "100 GB announced")
  }))

test("unknown fields are not taken for anything", async () => {
  const body = '{"environment":"development","secrets":[{"name":"KEPT","admin":true}],"role":"admin","deleted":true}'
  const answer = await post(body)
  // A newer client may send more than this server knows; what it knows is answered.
  if (answer.status === 200) assert.equal(JSON.parse(answer.body).records.length, 1)
  else requireProblem(answer, "invalid_request", "unknown fields")
})

const types: [contentType: string | undefined, code: keyof typeof problemCodes][] = [
  ["text/plain", "unsupported_media_type"],
  ["application/xml", "unsupported_media_type"],
  ["application/x-www-form-urlencoded", "unsupported_media_type"],
  ["multipart/form-data; boundary=x", "unsupported_media_type"],
  ["nonsense", "unsupported_media_type"],
  ["", "unsupported_media_type"],
  [undefined, "unsupported_media_type"],
]

for (const [contentType, code] of types) {
  test(`the content type ${contentType}`, () =>
    unchanged(async () => {
      const headers = contentType === undefined ? {} : { "content-type": contentType }
      const body = '{"environment":"development"}'
      requireProblem(await send({ method: "POST", path: "/v1/secrets/read", headers, body }), code, `${contentType}`)
    }))
}

test("compressed bodies are not taken", () =>
  unchanged(async () => {
    const answer = await post(new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), { "content-encoding": "gzip" })
    requireProblem(answer, "invalid_request", "gzip")
  }))

test("commits that are no commits", () =>
  unchanged(async () => {
    const write = { name: "KEPT", previousVersion: 1, version: 2, deleted: false, record: "A".repeat(600) }
    const cases: [what: string, writes: unknown, code: keyof typeof problemCodes][] = [
      ["a record of zeros", [write], "invalid_request"],
      ["a record that is no base64url", [{ ...write, record: `${"A".repeat(599)}!` }], "invalid_request"],
      ["a record that is not canonical", [{ ...write, record: `${"A".repeat(601)}B` }], "invalid_request"],
      ["a record that is too short", [{ ...write, record: "SEsxAQ" }], "invalid_request"],
      ["a version as text", [{ ...write, version: "2" }], "invalid_request"],
      ["a negative version", [{ ...write, previousVersion: -1 }], "invalid_request"],
      ["no writes", [], "invalid_request"],
      ["writes that are no list", { 0: write }, "invalid_request"],
      ["the same name twice", [write, write], "invalid_request"],
      ["a name with a NUL", [{ ...write, name: "A\0B" }], "invalid_secret_name"],
    ]
    for (const [what, writes, code] of cases) {
      const body = JSON.stringify({ environment: "development", writes })
      requireProblem(await post(body, {}, "/v1/secrets/commit"), code, what)
    }
  }))

test("unknown routes, path traversal, and paths that are not properly encoded", () =>
  unchanged(async () => {
    for (const path of [
      "/nothing",
      "/v1",
      "/v1/",
      "/v1/secrets/",
      "//v1/secrets",
      "/V1/SECRETS",
      "/v1/secrets/../../../etc/passwd",
      "/docs/../../etc/passwd",
      "/docs/..%2f..%2fetc%2fpasswd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/..\\..\\windows",
      "/.git/config",
      "/v1/secrets/a/b/versions?environment=development",
      `/${"x".repeat(10_000)}`,
    ]) {
      requireProblem(await send({ path }), "route_not_found", path.slice(0, 60))
    }
    for (const path of [
      "/v1/secrets/%ZZ/versions?environment=development",
      "/v1/secrets/%/versions?environment=development",
      "/v1/secrets/%ff%fe/versions?environment=development",
      `/v1/secrets/${"N".repeat(3000)}/versions?environment=development`,
      "/v1/keysets/%C0%AE",
    ]) {
      requireProblem(await send({ path }), "invalid_request", path.slice(0, 60))
    }
    for (const name of ["%00", "..%2F..%2Fetc", "%F0%9F%94%91", "A%20B", "%EF%BF%BD", "N".repeat(256)]) {
      const path = `/v1/secrets/${name}/versions?environment=development`
      requireProblem(await send({ path }), "invalid_secret_name", path.slice(0, 60))
    }
  }))

test("queries that are wrong", () =>
  unchanged(async () => {
    for (const query of [
      "",
      "environment=",
      "environment=development&environment=staging",
      "environment[]=development",
      "environment=development&limit=0",
      "environment=development&limit=1001",
      "environment=development&limit=NaN",
      "environment=development&limit=1e3",
      "environment=development&limit=-5",
      "environment=development&deleted=maybe",
    ]) {
      requireProblem(await send({ path: `/v1/secrets?${query}` }), "invalid_request", query)
    }
    for (const prefix of ["%00", "..", "%27%20or%201=1", "%ED%A0%80"]) {
      const answer = await send({ path: `/v1/secrets?environment=development&prefix=${prefix}` })
      requireProblem(answer, "invalid_secret_name", prefix)
    }
  }))

test("methods that a route does not have", () =>
  unchanged(async () => {
    for (const [method, path, allowed] of [
      ["GET", "/v1/secrets/read", "POST"],
      ["PUT", "/v1/secrets", "GET"],
      ["PATCH", "/v1/keysets/x", "GET, PUT"],
      ["POST", "/healthz", "GET"],
      ["TRACE", "/healthz", "GET"],
      ["OPTIONS", "/v1/secrets", "GET"],
    ] as const) {
      const answer = await send({ method, path, ...(method !== "GET" && { headers: { "content-length": "0" } }) })
      requireProblem(answer, "method_not_allowed", `${method} ${path}`)
      assert.equal(answer.headers["allow"], allowed)
    }
    requireProblem(await send({ method: "OPTIONS", path: "*" }), "route_not_found", "OPTIONS *")
  }))

test("tokens that are none", () =>
  unchanged(async () => {
    const [head = "", claims = "", signature = ""] = token.split(".")
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url")
    for (const authorization of [
      "",
      "Bearer",
      "Bearer ",
      "Bearer x",
      `bearer ${token.slice(0, -2)}`,
      `Basic ${token}`,
      `Bearer ${head}.${claims}.`,
      `Bearer ${none}.${claims}.`,
      `Bearer ${none}.${claims}.${signature}`,
      `Bearer ${head}.${claims}.${"A".repeat(86)}`,
      `Bearer ${"x.".repeat(3000)}`,
      `Bearer ${token}, Bearer ${token}`,
    ]) {
      const answer = await send({ path: "/v1/workspace", headers: { authorization } })
      requireProblem(answer, "invalid_token", authorization.slice(0, 30))
      assert.match(answer.headers["www-authenticate"] ?? "", /^Bearer/)
    }
  }))

test("the token endpoint: RFC 6749 errors with our codes", () =>
  unchanged(async () => {
    const form = "application/x-www-form-urlencoded"
    const { CS_CLIENT_ACCESS_KEY: apiKey } = workplace.variables
    const cases: [body: string, contentType: string, status: number, error: string][] = [
      ["", form, 400, "invalid_request"],
      ["grant_type=client_credentials", form, 400, "invalid_request"],
      ["grant_type=password&api_key=x", form, 400, "unsupported_grant_type"],
      ["grant_type=client_credentials&api_key=x", form, 400, "invalid_client"],
      [`grant_type=client_credentials&api_key=${apiKey}&api_key=${apiKey}`, form, 400, "invalid_request"],
      [`grant_type=client_credentials&api_key=${apiKey}`, form, 401, "invalid_client"],
      [`grant_type=client_credentials&api_key=${apiKey}&scope=everything`, form, 400, "invalid_scope"],
      [
        `grant_type=client_credentials&api_key=${apiKey}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=x.y.z`,
        form,
        401,
        "invalid_client",
      ],
      ['{"grant_type":"client_credentials"}', "application/json", 415, "invalid_request"],
      [`grant_type=${"x".repeat(20_000)}`, form, 413, "invalid_request"],
      ["%ff=%00&__proto__=x", form, 400, "invalid_request"],
    ]
    for (const [body, contentType, status, error] of cases) {
      const answer = await send({
        method: "POST",
        path: "/oauth/token",
        headers: { "content-type": contentType },
        body,
      })
      assert.equal(answer.status, status, `${body.slice(0, 60)}: ${answer.body}`)
      const problem = JSON.parse(answer.body)
      assert.equal(problem.error, error)
      assert.ok(Object.hasOwn(problemCodes, problem.code), `${problem.code} is no code of the table`)
      assert.doesNotMatch(answer.body, /hkak_[a-z2-7]{16}/)
    }
  }))

test("what is no HTTP/1.1: a problem document and a closed connection", () =>
  unchanged(async () => {
    const cases: [what: string, bytes: string | Uint8Array, code: keyof typeof problemCodes][] = [
      ["words", "CANARY hello\r\n\r\n", "invalid_request"],
      ["a method that is none", "BREW /healthz HTTP/1.1\r\nhost: x\r\n\r\n", "invalid_request"],
      ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "invalid_request"],
      ["HTTP/9", "GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n", "invalid_request"],
      ["TLS", new Uint8Array([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 1, 2, 3, 4]), "invalid_request"],
      [
        "two lengths",
        "POST /v1/secrets/read HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "invalid_request",
      ],
      [
        "a length that is none",
        "POST /v1/secrets/read HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        "invalid_request",
      ],
      [
        "a length and chunks, which two readers would cut differently",
        "POST /v1/secrets/read HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "invalid_request",
      ],
      [
        "a header with a line break before its value",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx:\r\n CANARY\r\n: y\r\n\r\n",
        "invalid_request",
      ],
      ["a header name with a space", "GET /healthz HTTP/1.1\r\nhost: x\r\nbad name: y\r\n\r\n", "invalid_request"],
      ["a NUL in a header", "GET /healthz HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n", "invalid_request"],
      [
        "3000 headers",
        `GET /healthz HTTP/1.1\r\nhost: x\r\n${Array.from({ length: 3000 }, (_, index) => `x-${index}: CANARY\r\n`).join("")}\r\n`,
        "payload_too_large",
      ],
      [
        "a header of 40 KB",
        `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(40_000)}\r\n\r\n`,
        "payload_too_large",
      ],
      ["a path of 40 KB", `GET /${"y".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, "payload_too_large"],
    ]
    for (const [what, bytes, code] of cases) requireProblem(await sendRaw(workplace.endpoint, bytes), code, what)
  }))

test("a body in chunks that are none", () =>
  unchanged(async () => {
    const headers = `host: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked`
    const answer = await sendRaw(workplace.endpoint, `POST /v1/secrets/read HTTP/1.1\r\n${headers}\r\n\r\nZZ\r\n\r\n`)
    assert.equal(answer.status, 400)
  }))

test("tunnels, upgrades and proxies get nowhere", () =>
  unchanged(async () => {
    assert.equal((await sendRaw(workplace.endpoint, "CONNECT evil:443 HTTP/1.1\r\nhost: x\r\n\r\n")).status, undefined)
    const upgrade = request({ path: "/v1/workspace", headers: { connection: "upgrade, close", upgrade: "websocket" } })
    requireProblem(await sendRaw(workplace.endpoint, upgrade), "invalid_token", "an upgrade")
    const proxied = request({ path: "http://evil.example/v1/workspace" })
    requireProblem(await sendRaw(workplace.endpoint, proxied), "invalid_token", "an absolute address")
    const expectation = request({ path: "/healthz", headers: { expect: "200-ok" } })
    assert.equal((await sendRaw(workplace.endpoint, expectation)).status, 417)
    assert.equal((await sendRaw(workplace.endpoint, "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n")).status, 400)
  }))

test("two requests in one piece are two requests, and the second is judged by itself", async () => {
  const first = `GET /v1/workspace HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`
  const second = "GET /v1/workspace HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
  const socket = await open(workplace.endpoint)
  socket.write(first + second)
  const text = await readAll(socket)
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 401"])
})

test("rubbish behind a request is never taken for the answer to it", async () => {
  const good = request({
    path: "/v1/workspace",
    headers: { authorization: `Bearer ${token}`, connection: "keep-alive" },
  })
  for (let count = 0; count < 20; count++) {
    const { status } = await sendRaw(workplace.endpoint, Buffer.concat([good, Buffer.from("CANARY\r\n\r\n")]))
    assert.ok(status === undefined || status === 200, `answered by ${status}`)
  }
})

test("hundreds of half-sent requests do not block the others", async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, () => open(workplace.endpoint)))
  try {
    const starts = [
      "GET /v1/wor",
      "POST /v1/secrets/read HTTP/1.1\r\nhost: x\r\nx-slow",
      `POST /v1/secrets/read HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"environment"`,
      "",
    ]
    for (const [index, socket] of sockets.entries()) socket.write(starts[index % starts.length] ?? "")
    for (const socket of sockets.slice(0, 100)) socket.write("x")
    // Served while all of them hang.
    assert.equal((await workplace.ok(["get", "KEPT", "-e", "development"])).toString(), "kept")
    await workplace.ok(["set", "BESIDE", "-e", "development"], { input: "written" })
    assert.equal((await sendRaw(workplace.endpoint, request({ path: "/readyz" }))).status, 200)
    // One of them goes on and is answered like any other.
    const late = sockets[202]
    assert.ok(late)
    const answer = readAll(late)
    late.write(':"development"}'.padEnd(1000 - '{"environment"'.length))
    await Promise.race([once(late, "data"), answer])
    late.destroy()
    assert.equal(parsed(await answer).status, 200)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})

test("after all this the server runs and has logged no failure of its own", async () => {
  assert.equal((await sendRaw(workplace.endpoint, request({ path: "/readyz" }))).status, 200)
  const metrics = await sendRaw(workplace.endpoint, request({ path: "/metrics" }))
  assert.equal(metrics.status, 200)
  assert.match(metrics.body, /halfkey_http_request_seconds_count\{.*status="401"/)
  assert.doesNotMatch(metrics.body, /halfkey_http_request_seconds_count\{.*status="5\d\d"/)
})
