/** What keeps a server from starting: what and why on stderr, what to do, the exit code, and every file as it was. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, before, test } from "node:test"
import { createWorkspace, unwrap } from "halfkey/admin"
import { halfkey, halfkeyServer } from "../crash/commands.ts"
import { ServerProcess } from "../crash/server-process.ts"
import { files, requireDecentText } from "./workplace.ts"

const folder = mkdtempSync(join(tmpdir(), "halfkey-server-start-"))
const intact = join(folder, "intact")
let rootKeyId = ""

before(async () => {
  const server = new ServerProcess(intact)
  const endpoint = await server.start()
  const setupToken = readFileSync(join(intact, "setup-token"), "utf8").trim()
  unwrap(await createWorkspace({ endpoint, setupToken, label: "x", environments: ["development"], timeoutMs: 60_000 }))
  await server.signal("SIGTERM")
  const db = new DatabaseSync(join(intact, "halfkey.db"), { readOnly: true })
  rootKeyId = Buffer.from(db.prepare("select root_key_id from server").get()?.["root_key_id"] as Uint8Array).toString(
    "hex",
  )
  db.close()
})
after(() => rmSync(folder, { recursive: true, force: true }))

let copies = 0
/** A data directory as a server left it. */
function copy(): { data: string; database: string; rootKey: string } {
  const data = join(folder, `copy-${copies++}`)
  cpSync(intact, data, { recursive: true })
  return { data, database: join(data, "halfkey.db"), rootKey: join(data, "root.key") }
}

/** Starts a server that must refuse, and looks whether its files are as before. */
async function refused(
  data: string,
  exit: number,
  stderr: string | RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  // SQLite may make and remove its own files beside the database; what counts is the database.
  const look = () => files(data, (path) => !/^lock|-wal$|-shm$|-journal$/.test(path))
  const before = look()
  const variables = { HALFKEY_DATA_DIR: data, HALFKEY_PORT: "0", ...env }
  const result = await halfkeyServer([], { cwd: folder, env: variables })
  assert.deepEqual({ status: result.status, signal: result.signal }, { status: exit, signal: null }, result.stderr)
  if (typeof stderr === "string") assert.equal(result.stderr, stderr)
  else assert.match(result.stderr, stderr)
  requireDecentText(result.stderr)
  assert.match(result.stderr, /^halfkey-server: .*\n {2}hint: .*\n$/s)
  // Standard output is for log lines; a server that refuses has nothing to say there but that it was starting.
  assert.match(result.stdout.toString(), /^(\{"level":"info".*"halfkey-server starting"\}\n)?$/)
  assert.deepEqual(look(), before)
}

function sql(database: string, statement: string): void {
  const db = new DatabaseSync(database)
  db.exec(statement)
  db.close()
}

/** What "cannot be read" is followed by. */
const backup = "  hint: keep a copy of the file and restore a backup\n"

test("a database from a newer version", async () => {
  const { data, database } = copy()
  sql(database, "pragma user_version = 4000")
  await refused(
    data,
    7,
    /^halfkey-server: the database .*halfkey\.db has schema version 4000, this server knows up to \d+\n {2}hint: start the newer halfkey-server again, or restore a backup that was made before the update\n$/,
  )
})

test("a database of another program", async () => {
  const { data, database } = copy()
  sql(database, "pragma application_id = 5")
  await refused(
    data,
    7,
    `halfkey-server: the database ${database} cannot be read: it is another program's database\n${backup}`,
  )
  rmSync(database)
  sql(database, "create table other (x)")
  await refused(
    data,
    7,
    `halfkey-server: the database ${database} cannot be read: it is another program's database\n${backup}`,
  )
})

test("a database that is damaged: no database, cut, overwritten, without its keys", async () => {
  const noDatabase = copy()
  writeFileSync(noDatabase.database, randomBytes(20_000))
  const { database } = noDatabase
  await refused(
    noDatabase.data,
    7,
    `halfkey-server: the database ${database} cannot be read: file is not a database\n${backup}`,
  )

  const cut = copy()
  truncateSync(cut.database, 40_960)
  await refused(cut.data, 7, /cannot be read: database disk image is malformed\n {2}hint: keep a copy of the file/)

  const overwritten = copy()
  const file = openSync(overwritten.database, "r+")
  for (const page of [2, 3, 4]) writeSync(file, Buffer.alloc(100, "X"), 0, 100, page * 4096)
  closeSync(file)
  await refused(
    overwritten.data,
    7,
    /^halfkey-server: the database .* cannot be read: .*\n {2}hint: keep a copy of the file/s,
  )

  const keyless = copy()
  sql(keyless.database, "delete from signing_keys")
  await refused(keyless.data, 7, /^halfkey-server: the database lacks a signing key of its server\n {2}hint: /)

  const wrongKeys = copy()
  sql(wrongKeys.database, "update signing_keys set wrapped = zeroblob(length(wrapped))")
  await refused(
    wrongKeys.data,
    7,
    /^halfkey-server: a wrapped (token|checkpoint)-key does not open with root key [0-9a-f]{16}\n {2}hint: /,
  )

  const folderInstead = copy()
  rmSync(folderInstead.database)
  mkdirSync(folderInstead.database)
  await refused(
    folderInstead.data,
    2,
    /cannot be opened: unable to open database file\n {2}hint: check HALFKEY_DATA_DIR/,
  )
})

test("a root key that is another, missing, damaged, for everybody to read, or given twice", async () => {
  const another = copy()
  const base64 = randomBytes(32).toString("base64url")
  writeFileSync(another.rootKey, `hkrt1 ${base64}\n`)
  const mismatch = new RegExp(
    `^halfkey-server: the database needs the root key ${rootKeyId}, the one in \\S+ is [0-9a-f]{16}\n {2}hint: give the server the root key ${rootKeyId}: after a rotation the new one, else the one from your backup\n$`,
  )
  await refused(another.data, 7, mismatch)
  const { data, rootKey } = copy()
  await refused(data, 7, mismatch, { HALFKEY_ROOT_KEY: base64 })

  rmSync(rootKey)
  const fromBackup = "  hint: restore the file from a backup, or set HALFKEY_ROOT_KEY; a new key could open nothing\n"
  await refused(
    data,
    2,
    `halfkey-server: the root key file ${rootKey} is missing, and the database needs the root key ${rootKeyId}\n${fromBackup}`,
  )
  await refused(data, 2, /^halfkey-server: the root key file \/nowhere is missing, and the database needs/, {
    HALFKEY_ROOT_KEY_FILE: "/nowhere",
  })
  writeFileSync(rootKey, "hello\n", { mode: 0o600 })
  await refused(data, 2, /root\.key is not one that halfkey-server wrote\n {2}hint: restore the file from a backup/)
  writeFileSync(rootKey, `hkrt1 ${base64.slice(1)}\n`)
  await refused(data, 2, /root\.key is not one that halfkey-server wrote\n/)
  cpSync(join(intact, "root.key"), rootKey)
  chmodSync(rootKey, 0o644)
  await refused(
    data,
    2,
    `halfkey-server: the root key file ${rootKey} can be read by others\n  hint: run: chmod 600 ${rootKey}\n`,
  )
  rmSync(rootKey)
  mkdirSync(rootKey, { mode: 0o700 })
  await refused(
    data,
    2,
    `halfkey-server: the root key file ${rootKey} cannot be read (EISDIR)\n  hint: check the path and its permissions\n`,
  )
  await refused(data, 2, /^halfkey-server: HALFKEY_ROOT_KEY is not usable: HALFKEY_ROOT_KEY_FILE is set too\n/, {
    HALFKEY_ROOT_KEY: base64,
    HALFKEY_ROOT_KEY_FILE: rootKey,
  })
  await refused(
    data,
    2,
    /^halfkey-server: HALFKEY_ROOT_KEY_PASSPHRASE_FILE is set, but the database's root key .* is not made/,
    {
      HALFKEY_ROOT_KEY_PASSPHRASE_FILE: "/nowhere",
    },
  )
  await refused(data, 2, /^halfkey-server: HALFKEY_ROOT_KEY is not 32 bytes as base64url without padding\n/, {
    HALFKEY_ROOT_KEY: "short",
  })
})

test("a port that is taken, by another program and for halfkey up", async () => {
  const other = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"))
  other.listen(0, "127.0.0.1")
  await once(other, "listening")
  const address = other.address()
  const port = typeof address === "object" && address ? address.port : 0
  try {
    const { data } = copy()
    await refused(
      data,
      2,
      `halfkey-server: port ${port} of 127.0.0.1 is taken by another program\n  hint: stop it, or set HALFKEY_PORT to a free port\n`,
      { HALFKEY_PORT: String(port) },
    )
    const fresh = join(folder, "never-made")
    const env = { HALFKEY_DATA_DIR: fresh, HALFKEY_CONFIG_DIR: join(folder, "config"), HALFKEY_PORT: String(port) }
    const up = await halfkey(["up"], { cwd: folder, env })
    assert.deepEqual(
      { status: up.status, stdout: up.stdout.toString(), stderr: up.stderr },
      {
        status: 2,
        stdout: "",
        stderr: `halfkey: the port ${port} is taken by another program\n  try: HALFKEY_PORT=${port + 1} with the same command\n`,
      },
    )
    assert.deepEqual(
      files(fresh, () => true),
      {},
      "nothing is made",
    )
    assert.deepEqual(
      files(join(folder, "config"), () => true),
      {},
      "nothing is made",
    )
  } finally {
    other.close()
  }
})

test("a data directory that another server uses", async () => {
  const { data } = copy()
  const first = new ServerProcess(data)
  const origin = await first.start()
  try {
    const result = await halfkeyServer([], { cwd: folder, env: { HALFKEY_DATA_DIR: data, HALFKEY_PORT: "0" } })
    assert.deepEqual(
      { status: result.status, stdout: result.stdout.toString(), stderr: result.stderr },
      {
        status: 2,
        stdout: "",
        stderr: `halfkey-server: another halfkey-server uses ${data}\n  hint: stop that one first, or set HALFKEY_DATA_DIR to another directory\n`,
      },
    )
    assert.equal((await fetch(`${origin}/readyz`)).status, 200, "the first goes on")
  } finally {
    await first.kill()
  }
  // Killed, it leaves nothing behind that would keep out the next.
  await first.start()
  assert.equal((await first.signal("SIGTERM")).code, 0)
})

test("settings that are no settings", async () => {
  const { data } = copy()
  const port =
    /^halfkey-server: HALFKEY_PORT is not usable: it must be a whole number from 0 to 65535\n {2}hint: set HALFKEY_PORT=4253/
  for (const [env, stderr] of [
    [{ HALFKEY_PORT: "abc" }, port],
    [{ HALFKEY_PORT: "65536" }, port],
    [{ HALFKEY_PORT: "-1" }, port],
    [
      { HALFKEY_HOST: "0.0.0.0" },
      /^halfkey-server: HALFKEY_HOST=0\.0\.0\.0 is beyond loopback, and there is no TLS\n {2}hint: set HALFKEY_TLS_CERT/,
    ],
    [
      { HALFKEY_HOST: "203.0.113.7", HALFKEY_ALLOW_INSECURE_LISTEN: "1" },
      /cannot listen on 203\.0\.113\.7, port 0 \(EADDRNOTAVAIL\)\n {2}hint: check HALFKEY_HOST/,
    ],
    [{ HALFKEY_REGION: "nowhere" }, /^halfkey-server: HALFKEY_REGION is not usable: it must be <region>\.<provider>\n/],
    [
      { HALFKEY_LOG_LEVEL: "loud" },
      /^halfkey-server: HALFKEY_LOG_LEVEL is not usable: there is no such level\n {2}hint: use one of fatal, /,
    ],
    [{ HALFKEY_DATABASE_URL: "mysql://x" }, /^halfkey-server: HALFKEY_DATABASE_URL is not usable: /],
    [{ HALFKEY_VALUE_MAX_LENGTH: "0" }, /^halfkey-server: HALFKEY_VALUE_MAX_LENGTH is not usable: /],
    [{ HALFKEY_VALUE_MAX_LENGTH: "1048577" }, /^halfkey-server: HALFKEY_VALUE_MAX_LENGTH is not usable: /],
    [{ HALFKEY_TRUSTED_PROXIES: "the proxy" }, /^halfkey-server: HALFKEY_TRUSTED_PROXIES is not usable: /],
    [{ HALFKEY_TLS_CERT: "/x" }, /^halfkey-server: HALFKEY_TLS_CERT is not usable: HALFKEY_TLS_KEY is missing\n/],
    [
      { HALFKEY_TLS_CERT: "/x", HALFKEY_TLS_KEY: "/y" },
      /^halfkey-server: HALFKEY_TLS_CERT is not usable: the file \/x cannot be read \(ENOENT\)\n/,
    ],
    [
      { HALFKEY_TLS_CERT: "/etc/hostname", HALFKEY_TLS_KEY: "/etc/hostname" },
      /^halfkey-server: HALFKEY_TLS_CERT is not usable: /,
    ],
  ] as const) {
    await refused(data, 2, stderr, env)
  }
})

test("a data directory that cannot be one", async () => {
  const file = join(folder, "file")
  writeFileSync(file, "x")
  const env = (data: string) => ({ HALFKEY_DATA_DIR: data, HALFKEY_PORT: "0" })
  for (const [data, stderr] of [
    [file, /^halfkey-server: the data directory .*file (cannot be|is no directory)/],
    [
      join(file, "below"),
      /^halfkey-server: the data directory .*below cannot be made \(ENOTDIR\)\n {2}hint: set HALFKEY_DATA_DIR/,
    ],
  ] as const) {
    const result = await halfkeyServer([], { cwd: folder, env: env(data) })
    assert.equal(result.status, 2)
    assert.match(result.stderr, stderr)
    requireDecentText(result.stderr)
  }
  assert.equal(readFileSync(file, "utf8"), "x")
})

test("arguments that are none, and a setup token without a database", async () => {
  const env = { HALFKEY_DATA_DIR: join(folder, "nothing-there") }
  for (const parameters of [["start"], ["--port", "1"], ["setup-token", "now"]]) {
    const { status, stderr, stdout } = await halfkeyServer(parameters, { cwd: folder, env })
    assert.deepEqual(
      { status, stderr, stdout: stdout.toString() },
      {
        status: 2,
        stderr: "halfkey-server: unknown arguments\n  hint: halfkey-server --help shows what there is\n",
        stdout: "",
      },
    )
  }
  const { status, stderr } = await halfkeyServer(["setup-token"], { cwd: folder, env })
  assert.equal(status, 2)
  assert.match(stderr, /^halfkey-server: there is no database .*\n {2}hint: start halfkey-server once/)
  assert.deepEqual(
    files(env.HALFKEY_DATA_DIR, () => true),
    {},
  )
})
