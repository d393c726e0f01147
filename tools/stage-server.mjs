// Lays out what a container of the server needs in an empty directory, and nothing else: the program, its database's native part,
// the pinned runtime with the libraries that it links to, a user. No shell, no package manager.
//
//   node tools/setup.mjs tools/stage-server.mjs DIRECTORY
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { buildServer } from "./build-server.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
/** A number that no system gives to anybody. */
const user = 65532

/** @param {string} program */
function librariesOf(program) {
  const { status, stdout } = spawnSync("ldd", [program], { encoding: "utf8" })
  if (status !== 0) throw new Error(`ldd does not know ${program}`)
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path)
}

/** @param {string} to */
function stage(to) {
  mkdirSync(to, { recursive: true })
  if (readdirSync(to).length > 0) throw new Error(`${to} is not empty`)
  /** @param {string} from @param {string} place */
  const put = (from, place) => {
    mkdirSync(dirname(join(to, place)), { recursive: true })
    copyFileSync(from, join(to, place))
  }

  const dist = join(root, "server/dist")
  const build = readFileSync(join(dist, "current"), "utf8")
  put(join(root, "server/bin/halfkey-server.js"), "app/bin/halfkey-server.js")
  put(join(root, "server/package.json"), "app/package.json")
  cpSync(join(dist, build), join(to, "app/dist", build), { recursive: true })
  put(join(dist, "current"), "app/dist/current")

  const native = join(root, "node_modules/better-sqlite3")
  const nativeTo = "app/node_modules/better-sqlite3"
  put(join(native, "package.json"), join(nativeTo, "package.json"))
  cpSync(join(native, "lib"), join(to, nativeTo, "lib"), { recursive: true })
  const prebuilt = `prebuilds/linux-${process.arch}.node`
  put(join(native, prebuilt), join(nativeTo, prebuilt))

  put(process.execPath, "usr/bin/node")
  chmodSync(join(to, "usr/bin/node"), 0o755)
  for (const path of new Set([process.execPath, join(native, prebuilt)].flatMap(librariesOf))) {
    put(path, basename(path).startsWith("ld-") ? path : join("lib", basename(path)))
  }
  mkdirSync(join(to, "etc"), { recursive: true })
  writeFileSync(join(to, "etc/passwd"), `halfkey:x:${user}:${user}::/data:/none\n`)
  writeFileSync(join(to, "etc/group"), `halfkey:x:${user}:\n`)
  for (const place of ["data", "tmp"]) mkdirSync(join(to, place), { recursive: true })
}

const [to] = process.argv.slice(2)
if (to === undefined) throw new Error("the directory is missing")
await buildServer()
stage(resolve(to))
