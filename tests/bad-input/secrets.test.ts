/** Names, values and environments that are not allowed, a server that is away, and a clock that is wrong. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { createServer as createTcpServer } from "node:net"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { Secrets } from "halfkey/secrets"
import { freePort } from "../crash/up-process.ts"
import { Workplace } from "./workplace.ts"

let workplace: Workplace
before(async () => {
  workplace = await Workplace.open()
})
after(() => workplace.close())

const here = ["-e", "development"]
const limit = 64 * 1024

/** Commands that take a name, with what else they need. */
const withName = (name: string) =>
  [
    { parameters: ["set", name, ...here], input: "value" },
    { parameters: ["get", name, ...here] },
    { parameters: ["secrets", "delete", "-n", name, ...here, "-y"] },
    { parameters: ["get-many", "KEPT", name, ...here] },
  ] as const

const charset = "it may hold only ASCII letters, digits and _ . / -"
const start = "it must start with a letter or an underscore"

for (const [name, shown, why] of [
  ["", '""', "it is empty"],
  ["1PASSWORD", '"1PASSWORD"', start],
  ["..", '".."', start],
  ["../escape", '"../escape"', start],
  ["/etc/passwd", '"/etc/passwd"', start],
  [".env", '".env"', start],
  ["WITH SPACE", '"WITH SPACE"', charset],
  ["PRICE$", '"PRICE$"', charset],
  ["A=B", '"A=B"', charset],
  ["A;rm", '"A;rm"', charset],
  ["A%00", '"A%00"', charset],
  ["A\\B", '"A\\\\B"', charset],
  ["\u{1F511}", "(not shown)", charset],
  ["SCHLÜSSEL", "(not shown)", charset],
  ["\u0410DMIN", "(not shown)", charset],
  ["LINE\nBREAK", "(not shown)", charset],
  ["BELL\u0007", "(not shown)", charset],
  ["CLEAR\u001b[2J", "(not shown)", charset],
  ["N".repeat(256), "(not shown)", "it has 256 characters, at most 255 are allowed"],
] as const) {
  test(`the name ${JSON.stringify(name.slice(0, 30))}`, async () => {
    const stderr = `halfkey: the secret name ${shown} is not allowed: ${why}\n  try: use a name such as DATABASE_URL or payments/stripe.key\n`
    const cases = withName(name)
    // Every command checks by the same function; two of them for each name are enough.
    for (const { parameters, ...more } of name === "" ? cases : cases.slice(0, 2)) {
      await workplace.refused(parameters, { exit: 2, stderr, ...more })
    }
  })
}

test("the longest name, and one with everything that is allowed", async () => {
  for (const name of ["N".repeat(255), "_a/..-Z.9/", "a/../b"]) {
    await workplace.ok(["set", name, ...here], { input: "value" })
    assert.equal((await workplace.ok(["get", name, ...here])).toString(), "value")
    const [newest] = (await workplace.secrets.history(name)).data ?? []
    assert.equal(newest?.version, 1, "its name travels in a path as well")
    await workplace.ok(["delete", name, ...here, "-y"])
  }
})

test("a value of exactly 64 KiB comes back; one byte more is refused", async () => {
  const file = join(workplace.cwd, "value")
  const value = randomBytes(limit)
  writeFileSync(file, value)
  await workplace.ok(["set", "LARGE", ...here, "--value-file", file])
  assert.ok((await workplace.ok(["get", "LARGE", ...here])).equals(value))
  // No newline at its end, which a pipe would lose.
  const piped = Buffer.concat([value.subarray(0, limit - 1), Buffer.from("x")])
  await workplace.ok(["set", "LARGE", ...here], { input: piped })
  assert.ok((await workplace.ok(["get", "LARGE", ...here])).equals(piped))

  const stderr =
    "halfkey: the value of LARGE has 65537 bytes, at most 65536 are allowed\n  try: keep large files elsewhere, encrypted, and only their key here\n"
  const more = Buffer.concat([value, Buffer.from("x")])
  writeFileSync(file, more)
  await workplace.refused(["set", "LARGE", ...here, "--value-file", file], { exit: 2, stderr, asksServer: true })
  await workplace.refused(["set", "LARGE", ...here], { exit: 2, stderr, asksServer: true, input: more })
})

test("a value that no server takes is refused before it is read to its end", async () => {
  const stderr =
    "halfkey: the value is larger than 1048576 bytes\n  try: split it, or keep the large part elsewhere and only its key here\n"
  const input = Buffer.alloc(1024 * 1024 + 1)
  await workplace.refused(["set", "HUGE", ...here], { exit: 2, stderr, input })
  await workplace.refused(["set", "HUGE", ...here, "--value-file", "/dev/zero"], { exit: 2, stderr })
})

test("no value, two values, and a file that is not there", async () => {
  const set = ["set", "KEPT", ...here]
  await workplace.refused(set, {
    exit: 2,
    stderr: "halfkey: stdin was empty, so KEPT was not changed\n  try: --allow-empty, if the empty value is meant\n",
  })
  await workplace.refused([...set, "--value", "x", "--value-file", "y"], {
    exit: 2,
    stderr: "halfkey: specify only one of --value and --value-file\n",
  })
  await workplace.refused([...set, "--value-file", "nowhere"], {
    exit: 2,
    stderr: "halfkey: nowhere could not be read: no such file (ENOENT)\n",
  })
  await workplace.refused([...set, "--value-file", "."], {
    exit: 2,
    stderr: "halfkey: . could not be read: it is a directory (EISDIR)\n",
  })
})

test("a secret, a version and a condition that do not hold", async () => {
  const list = "  try: `halfkey list -e development` shows what there is\n"
  for (const parameters of [
    ["get", "ABSENT"],
    ["delete", "ABSENT", "-y"],
  ]) {
    await workplace.refused([...parameters, ...here], {
      exit: 3,
      stderr: `halfkey: there is no secret ABSENT in development\n${list}`,
      asksServer: true,
    })
  }
  await workplace.refused(["get-many", "KEPT", "ABSENT", "GONE", ...here], {
    exit: 3,
    stderr: `halfkey: there is no secret ABSENT, GONE in development\n${list}`,
    asksServer: true,
  })
  await workplace.refused(["get", "KEPT", ...here, "--version-number", "99"], {
    exit: 3,
    stderr: /^halfkey: there is no value in version 99 of KEPT in development\n {2}try: /,
    asksServer: true,
  })
  await workplace.refused(["set", "KEPT", ...here, "--if-version", "77"], {
    exit: 5,
    stderr:
      "halfkey: KEPT is at version 1, expected 77\n  try: read the current version, decide again, and write with its number\n",
    input: "other",
    asksServer: true,
  })
})

test("an unknown environment comes with a suggestion", async () => {
  const refusal = (name: string, suggestion: string) => ({
    stderr: `halfkey: there is no environment ${name}, or no grant for it\n${suggestion}  try: available: development, production, staging\n`,
    asksServer: true as const,
  })
  const near = (name: string) => `  try: -e ${name}   (did you mean ${name}?)\n`
  await workplace.refused(["get", "KEPT", "-e", "develpoment"], {
    exit: 3,
    ...refusal("develpoment", near("development")),
  })
  await workplace.refused(["list", "-e", "prod"], { exit: 3, ...refusal("prod", near("production")) })
  await workplace.refused(["set", "KEPT", "-e", "zzz"], { exit: 3, input: "x", ...refusal("zzz", "") })
  await workplace.refused(["run", "-e", "stagign", "--", "true"], { exit: 125, ...refusal("stagign", near("staging")) })
  await workplace.refused(["get", "KEPT", "-e", "Not A Name"], {
    exit: 2,
    stderr:
      "halfkey: not an environment name: 1 to 63 of a-z, 0-9 and . _ -, starting with a letter or digit\n  try: use a name such as production or eu-staging\n",
  })
  await workplace.refused(["get", "KEPT"], {
    exit: 2,
    stderr:
      'halfkey: no environment was named\n  try: -e development   (or set CS_ENVIRONMENT, or "environment" in halfkey.json)\n',
  })
})

test("a server that is away: what to type", async () => {
  const away = `http://127.0.0.1:${await freePort()}`
  const stderr = `halfkey: the server at ${away} cannot be reached: ECONNREFUSED\n  try: halfkey up   (in the directory where it was first started: its data is there)\n`
  // A token from before must not hide that nobody answers.
  for (const [parameters, exit] of [
    [["get", "KEPT", ...here], 6],
    [["set", "KEPT", ...here], 6],
    [["delete", "KEPT", ...here, "-y"], 6],
    [["whoami"], 6],
    [["clients", "list"], 6],
    [["run", ...here, "--", "echo", "started"], 125],
  ] as const) {
    await workplace.refused([...parameters.slice(0, 1), "--endpoint", away, ...parameters.slice(1)].flat(), {
      exit,
      stderr,
      input: "new",
    })
  }
})

async function listening<T extends Server | ReturnType<typeof createTcpServer>>(server: T): Promise<string> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`
}

test("something else than a Halfkey server", async () => {
  const page = createServer((_, response) => response.setHeader("content-type", "text/html").end("<h1>hello</h1>"))
  const closing = createTcpServer((socket) => socket.destroy())
  const babble = createTcpServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.2\r\n"))
  try {
    const get = (endpoint: string) => ["get", "KEPT", ...here, "--endpoint", endpoint]
    await workplace.refused(get(await listening(page)), {
      exit: 7,
      stderr:
        "halfkey: the server's answer is not usable: it is not JSON\n  try: check that CS_ENDPOINT is a halfkey server; `halfkey doctor` shows its version\n",
    })
    await workplace.refused(get(await listening(closing)), {
      exit: 6,
      stderr:
        /^halfkey: the server at http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNRESET\n {2}try: halfkey doctor\n$/,
    })
    await workplace.refused(get(await listening(babble)), { exit: 6, stderr: /^halfkey: the server at .* {2}try: /s })
    await workplace.refused(get(workplace.endpoint.replace("http:", "https:")), {
      exit: 6,
      stderr: /cannot be reached: EPROTO\n {2}try: check whether the server speaks http:\/\/ or https:\/\//,
    })
  } finally {
    for (const server of [page, closing, babble]) server.close()
  }
})

for (const [endpoint, why] of [
  ["ftp://127.0.0.1", "it must start with https:// or http://"],
  ["halfkey", "it is no URL"],
  ["http://user:password@127.0.0.1", "it must not hold a user name or password"],
  ["http://127.0.0.1/?x", "it must not hold ? or #"],
] as const) {
  test(`the endpoint ${endpoint}`, () =>
    workplace.refused(["get", "KEPT", ...here, "--endpoint", endpoint], {
      exit: 2,
      stderr: `halfkey: the endpoint of --endpoint is not usable: ${why}\n  try: an endpoint looks like https://halfkey.example.com or http://127.0.0.1:4253\n`,
    }))
}

test("http:// beyond this machine", () =>
  workplace.refused(["get", "KEPT", ...here, "--endpoint", "http://halfkey.example.com"], {
    exit: 2,
    stderr:
      /^halfkey: the endpoint .*http:\/\/ to halfkey\.example\.com would show the API key to everybody on the way\n {2}try: /,
  }))

test("a clock that is wrong by an hour: by how much, and in which direction", async () => {
  const hour = 3_600_000
  for (const [shift, direction] of [
    [hour, "ahead of"],
    [-hour, "behind"],
  ] as const) {
    const secrets = new Secrets({ ...workplace.sdkOptions, now: () => Date.now() + shift })
    const { failure } = await secrets.get("KEPT")
    await secrets.close()
    assert.equal(failure?.code, "invalid_client")
    assert.match(failure.message, new RegExp(`this machine's clock is (3599|3600|3601) s ${direction} the server's`))
    assert.equal(failure.hint, "set the clock right and try again")

    const file = join(workplace.folder, "clock.mjs")
    writeFileSync(file, `const now = Date.now\nDate.now = () => now() + ${shift}\n`)
    await workplace.refused(["get", "KEPT", ...here], {
      exit: 4,
      stderr: new RegExp(
        `^halfkey: the client could not be authenticated: this machine's clock is 36?\\d+ s ${direction} the server's\n {2}try: set the clock right and try again\n$`,
      ),
      // Without the token that this machine has already.
      env: {
        ...workplace.variables,
        NODE_OPTIONS: `--import=${file}`,
        HALFKEY_CONFIG_DIR: join(workplace.folder, "new"),
      },
      asksServer: true,
    })
  }
})
