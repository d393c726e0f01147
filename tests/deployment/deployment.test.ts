/** What can be shown of the deployment files without a container engine: their commands are run, and their forms are read. */
import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { after, before, test } from "node:test"
import { parseYaml } from "../../cli/src/testing/parse-yaml.ts"
import { readConfig } from "../../server/src/config.ts"

const root = join(import.meta.dirname, "../..")
const folder = mkdtempSync(join(tmpdir(), "halfkey-deployment-"))
const rootfs = join(folder, "rootfs")
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8")
after(() => rmSync(folder, { recursive: true, force: true }))

/** Instructions of the Dockerfile, by their first word. */
const instructions = dockerfile
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const)
const instruction = (name: string) => instructions.findLast(([each]) => each === name)?.[1] ?? ""

/** `ENV A=1 B=2`. */
const imageSettings = Object.fromEntries(
  instruction("ENV")
    .split(" ")
    .map((pair) => pair.split("=") as [string, string]),
)

before(() => {
  const stage = instructions.find(([name, text]) => name === "RUN" && text.includes("stage-server.mjs"))?.[1] ?? ""
  assert.equal(stage, "node tools/setup.mjs tools/stage-server.mjs /rootfs")
  // The same command, with this clone's packages, which are installed.
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/stage-server.mjs"), rootfs], {
    encoding: "utf8",
  })
  assert.equal(status, 0, stderr)
})

test("the image holds the program, its runtime and libraries, and no shell", () => {
  assert.deepEqual(
    readdirSync(rootfs)
      .filter((name) => !/^lib(64)?$/.test(name))
      .sort(),
    ["app", "data", "etc", "tmp", "usr"],
  )
  assert.deepEqual(readdirSync(join(rootfs, "usr/bin")), ["node"])
  assert.deepEqual(readdirSync(join(rootfs, "app")).sort(), ["bin", "dist", "node_modules", "package.json"])
  assert.deepEqual(readdirSync(join(rootfs, "app/node_modules")), ["better-sqlite3"])
  assert.equal(readdirSync(join(rootfs, "app/node_modules/better-sqlite3/prebuilds")).length, 1)
})

test("the last stage is that and nothing else, for a user that is nobody", () => {
  const last = instructions.findLastIndex(([name]) => name === "FROM")
  assert.equal(instructions[last]?.[1], "scratch")
  assert.deepEqual(
    instructions.slice(last).filter(([name]) => ["RUN", "COPY", "ADD"].includes(name)),
    [["COPY", "--from=build /rootfs /"]],
  )
  assert.equal(instruction("USER"), "65532:65532")
  assert.match(readFileSync(join(rootfs, "etc/passwd"), "utf8"), /^halfkey:x:65532:65532:/)
})

const isRoot = process.getuid?.() === 0

test("it serves from a root that it cannot write to, as that user", {
  skip: !isRoot && "needs root to change it",
}, async () => {
  const [command, ...parameters] = JSON.parse(instruction("ENTRYPOINT")) as [string, ...string[]]
  chownSync(join(rootfs, "data"), 65532, 65532)
  chmodSync(join(rootfs, "data"), 0o700)
  const child = spawn("chroot", ["--userspec=65532:65532", rootfs, command, ...parameters], {
    env: { PATH: process.env["PATH"], ...imageSettings, HALFKEY_HOST: "127.0.0.1", HALFKEY_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  child.stderr.on("data", (text) => {
    said += text
  })
  try {
    let url: string | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      url = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (url !== undefined) break
    }
    assert.ok(url, said)
    child.stdout.resume()
    assert.equal((await fetch(`${url}/readyz`)).status, 200)
    assert.equal(statSync(join(rootfs, "data/halfkey.db")).uid, 65532)
    const written = spawnSync("find", [rootfs, "-user", "65532", "-not", "-path", `${rootfs}/data*`], {
      encoding: "utf8",
    })
    assert.equal(written.stdout, "")
  } finally {
    child.kill("SIGTERM")
    await new Promise((resolve) => child.once("close", resolve))
  }
  assert.equal(child.exitCode, 0, said)
})

interface Service {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly user?: string
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
}

test("compose: servers on PostgreSQL with settings that the server takes, reachable from this machine alone", () => {
  const compose = parseYaml<{
    readonly services: Readonly<Record<string, Service>>
    readonly secrets: object
    readonly volumes: object
  }>(readFileSync(join(root, "compose.yaml"), "utf8"))
  const servers = Object.entries(compose.services).filter(([name]) => name.startsWith("server-"))
  assert.equal(servers.length, 2)
  const password = join(folder, "database-password")
  writeFileSync(password, "x".repeat(32))
  for (const [name, server] of servers) {
    assert.equal(server.read_only, true)
    assert.deepEqual(server.cap_drop, ["ALL"])
    assert.equal(server.user, instruction("USER"))
    for (const port of server.ports ?? []) assert.match(port, /^127\.0\.0\.1:/, name)
    const { postgres, rootKey } = readConfig({
      ...imageSettings,
      ...server.environment,
      HALFKEY_DATABASE_PASSWORD_FILE: password,
    })
    assert.equal(postgres?.host, "postgres")
    assert.equal(rootKey.kind === "file" && rootKey.path, "/run/secrets/root-key")
  }
  for (const service of Object.values(compose.services)) {
    for (const secret of service.secrets ?? []) assert.ok(Object.hasOwn(compose.secrets, secret), secret)
    for (const volume of service.volumes ?? [])
      assert.ok(Object.hasOwn(compose.volumes, volume.split(":")[0] ?? ""), volume)
  }
})

test("systemd takes the unit", { skip: !existsSync("/usr/bin/systemd-analyze") && "there is no systemd here" }, () => {
  const unit = readFileSync(join(root, "deploy/systemd/halfkey-server.service"), "utf8")
  const copy = join(folder, "halfkey-server.service")
  assert.match(unit, /^ExecStart=\/opt\/halfkey\/usr\/bin\/node \/opt\/halfkey\/app\/bin\/halfkey-server\.js$/m)
  writeFileSync(copy, unit.replaceAll("/opt/halfkey", rootfs).replaceAll(/^Documentation=.*\n/gm, ""))
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", copy], { encoding: "utf8" })
  const about = (stdout + stderr).split("\n").filter((line) => line.includes("halfkey-server"))
  assert.deepEqual([status, about], [0, []], stdout + stderr)
})
