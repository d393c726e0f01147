// What a newcomer does, through the real binaries: npm start, keep a real-world list of secrets, run a program with
// them, kill the server the hard way, start again, and find every value. Runs on the machine's own Node.
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "halfkey-ci-"))
const port = await freePort()
const environment = {
  ...process.env,
  HALFKEY_DATA_DIR: join(folder, "data"),
  HALFKEY_CONFIG_DIR: join(folder, "config"),
  HALFKEY_PORT: String(port),
}
const halfkey = join(root, "node_modules", ".bin", "halfkey")
// npx puts the project's binaries first, so that the pinned runtime is found; so does this.
const binaryEnvironment = { ...environment, PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}` }

/** @type {import("node:child_process").ChildProcess[]} */
const started = []
process.on("exit", () => {
  for (const child of started) endGroup(child, "SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})

function freePort() {
  return /** @type {Promise<number>} */ (
    new Promise((resolve, reject) => {
      const probe = createServer().on("error", reject)
      probe.listen(0, "127.0.0.1", () => {
        const address = probe.address()
        probe.close(() => resolve(typeof address === "object" && address ? address.port : 0))
      })
    })
  )
}

/** @param {import("node:child_process").ChildProcess} child @param {NodeJS.Signals} signal */
function endGroup(child, signal) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended by itself.
  }
}

/** Runs `npm start` in a process group of its own and waits until the server answers. */
async function npmStart() {
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  started.push(child)
  const output = { text: "" }
  child.stdout?.on("data", (chunk) => (output.text += chunk))
  child.stderr?.on("data", (chunk) => (output.text += chunk))
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output.text}`)
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    // `up` names the workspace and the profile last, when both are stored.
    if (ready && /you are its admin|profile local/.test(output.text)) return { child, output }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`npm start was not ready in time:\n${output.text}`)
}

/** @param {string[]} parameters @param {Buffer} [input] */
function cli(parameters, input) {
  const { status, stdout, stderr } = spawnSync(halfkey, parameters, {
    env: binaryEnvironment,
    cwd: folder,
    input: input ?? Buffer.alloc(0),
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(status, 0, `halfkey ${parameters.join(" ")} ended with ${status}: ${stderr}`)
  return stdout
}

/** @returns {Map<string, Buffer>} */
function realWorldSecrets() {
  const pem = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey
  /** @type {Record<string, string>} */
  const texts = {
    DATABASE_URL: "postgres://app:p%40ss@db.internal:5432/app?sslmode=verify-full",
    REDIS_URL: "rediss://:s3cr3t@cache.internal:6380/0",
    TLS_PRIVATE_KEY: pem,
    GOOGLE_CREDENTIALS: JSON.stringify({ type: "service_account", private_key: pem, scopes: ["a", "b"] }, null, 2),
    GREETING: "héllo 👋🏽 世界 \u{1F510}",
    EMPTY: "",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it must come back as it is, not as the value of PATH
    DOLLAR: "$HOME ${PATH} $(id) `id` $$",
    QUOTES: `"double" 'single' \\backslash\\ \`tick\``,
    SPACES: "  leading and trailing  ",
    TAB_AND_NEWLINES: "a\tb\nc\r\nd\n",
    HASH: "before # after",
    EQUALS: "a=b=c==",
    LONG: "x".repeat(60_000),
    BASE64: randomBytes(300).toString("base64"),
    ONE_NEWLINE: "\n",
  }
  const secrets = new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]))
  for (let index = 1; index <= 45; index++)
    secrets.set(`SERVICE_${index}_API_KEY`, Buffer.from(randomBytes(24).toString("hex")))
  return secrets
}

/** @param {Iterable<[string, string]>} pairs */
function hashOf(pairs) {
  const hash = createHash("sha256")
  for (const [name, value] of [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}=${value}\0`)
  return hash.digest("hex")
}

const printsHash = join(folder, "prints-hash.cjs")
writeFileSync(
  printsHash,
  `const { createHash } = require("node:crypto")
const hash = createHash("sha256")
for (const name of JSON.parse(process.argv[2]).sort()) hash.update(name + "=" + process.env[name] + "\\0")
if (Object.keys(process.env).some((name) => name.startsWith("CS_"))) throw new Error("credentials reached the child")
process.stdout.write(hash.digest("hex"))
`,
)

/** @param {Map<string, Buffer>} secrets @param {Buffer} binary */
function checkAll(secrets, binary) {
  for (const [name, value] of secrets) {
    assert.ok(cli(["get", name, "-e", "development"]).equals(value), `${name} came back changed`)
  }
  assert.ok(cli(["get", "certs/keystore.p12", "-e", "staging"]).equals(binary), "the binary value came back changed")
  const listed = JSON.parse(cli(["secrets", "list", "-e", "development", "-o", "json"]).toString())
  assert.equal(listed.length, secrets.size)
  const names = JSON.stringify([...secrets.keys()])
  const expected = hashOf([...secrets].map(([name, value]) => [name, value.toString()]))
  assert.equal(cli(["run", "-e", "development", "--", "node", printsHash, names]).toString(), expected)
}

/** The server's process: the one whose command line names it, within the group of `npm start`. @param {number} group */
function serverPid(group) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
      const groupOf = Number(
        readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[2],
      )
      if (groupOf === group && line.some((part) => /halfkey-server(\.js)?$/.test(part))) return Number(pid)
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error("the server's process was not found")
}

console.log("== round trip: npm start")
const first = await npmStart()
assert.match(first.output.text, /hkrk_[A-Za-z0-9_-]{48}/, "the first start prints the recovery kit")
const secrets = realWorldSecrets()
const binary = randomBytes(64 * 1024)
console.log(`== round trip: ${secrets.size + 1} secrets in, out, and into a program`)
for (const [name, value] of secrets) {
  const file = join(folder, "value")
  writeFileSync(file, value)
  cli(["set", name, "-e", "development", "--value-file", file])
}
writeFileSync(join(folder, "binary"), binary)
cli(["secrets", "set", "-n", "certs/keystore.p12", "-e", "staging", "--value-file", join(folder, "binary")])
checkAll(secrets, binary)

console.log("== round trip: kill -9, npm start, all values again")
process.kill(serverPid(first.child.pid ?? 0), "SIGKILL")
endGroup(first.child, "SIGKILL")
await new Promise((resolve) => setTimeout(resolve, 500))
const second = await npmStart()
assert.doesNotMatch(second.output.text, /hkrk_/, "the recovery kit is shown once only")
checkAll(secrets, binary)

endGroup(second.child, "SIGTERM")
await new Promise((resolve) => second.child.once("close", resolve))
console.log("== round trip: done")
