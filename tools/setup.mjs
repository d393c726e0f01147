// Makes a clone ready, then runs a script on the runtime that package.json pins:
//
//   node tools/setup.mjs [--no-build] [script [arguments…]]
//
// This file itself runs on whatever Node the machine has (20 or newer), so it is plain JavaScript without dependencies.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const binaries = join(root, "node_modules", ".bin")
const peers = join(root, "tests", "peers")
const pinnedNode = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node")

/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, peer?: boolean }} LockedPackage */

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(path) {
  const { "": _root, ...packages } = JSON.parse(readFileSync(path, "utf8")).packages
  return packages
}

/**
 * Compares what npm noted down after its last complete install with what the lockfile asks for. Times would not do:
 * a checkout of an older commit or a `npm install` by hand would both be judged wrongly.
 *
 * @param {string} folder
 */
function isInstalled(folder) {
  const note = join(folder, "node_modules", ".package-lock.json")
  if (!existsSync(note)) return false
  const wanted = lockedPackages(join(folder, "package-lock.json"))
  const installed = lockedPackages(note)
  for (const [path, entry] of Object.entries(wanted)) {
    const found = installed[path]
    if (found === undefined) {
      // Only what does not fit this machine, or a workspace folder that a link already stands for, may be absent.
      if (entry.optional || !path.includes("node_modules")) continue
      return false
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false
  }
  return Object.keys(installed).every((path) => wanted[path] !== undefined)
}

/** @param {string} folder */
function install(folder) {
  console.error(`Installing the locked packages${folder === root ? "" : ` of ${relative(root, folder)}`} (npm ci) …`)
  // node_modules/.bin/node is about to be deleted, so npm must not be run by it.
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => resolve(entry) !== binaries)
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    env: { ...process.env, PATH: path.join(delimiter) },
    shell: process.platform === "win32",
    stdio: ["ignore", 2, 2],
  })
  if (error !== undefined) console.error(`npm could not be started: ${error.message}`)
  if (status !== 0) {
    console.error("npm ci failed. The first install needs a network and npm 10 or newer.")
    process.exit(1)
  }
}

/**
 * npm starts scripts through a shell, which dies of a signal without passing it on: whoever ends only npm, as a supervisor
 * does, would leave the server behind.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
function stopWithoutParent(child) {
  if (process.env["npm_lifecycle_event"] === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill("SIGTERM")
  }, 500)
  timer.unref()
}

/** @param {string[]} parameters */
function run(parameters) {
  const child = spawn(pinnedNode, parameters, {
    env: { ...process.env, PATH: [binaries, process.env["PATH"]].join(delimiter) },
    stdio: "inherit",
  })
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the whole foreground group; a second copy would look like an impatient second Ctrl-C.
      if (signal === "SIGINT" && process.stdin.isTTY) return
      child.kill(signal)
    })
  }
  stopWithoutParent(child)
  child.on("error", (error) => {
    console.error(`The pinned runtime could not be started: ${error.message}`)
    process.exit(1)
  })
  child.on("close", (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    // Reached only where the signal does not end this process.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100)
  })
}

const parameters = process.argv.slice(2)
const build = parameters[0] !== "--no-build"
if (!build) parameters.shift()

if (!existsSync(pinnedNode) || !isInstalled(root)) install(root)
// Other runtimes and servers, half a gigabyte, are for those who test or measure.
if (/^(tools\/test\.mjs|bench\/)/.test(parameters[0] ?? "") && !isInstalled(peers)) install(peers)
if (build) {
  const { status } = spawnSync(pinnedNode, [join(root, "tools", "build.mjs")], { stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
if (parameters.length > 0) run(parameters)
