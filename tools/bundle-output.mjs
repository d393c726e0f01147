// Where bundles lie: dist/<hash of what they are made of>/, and dist/current names the one that starts. A program takes all of
// its files from one folder, so none is ever paired with the files of another build, whatever is built while it starts or runs.
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const day = 24 * 60 * 60 * 1000

/**
 * @typedef {object} Bundle
 * @property {string} dist the folder, below the root of the repository
 * @property {readonly string[]} sources folders of TypeScript, and files, that it is made of
 * @property {() => Promise<readonly { readonly path: string, readonly contents: Uint8Array }[]>} build
 */

/**
 * One hash over path, size and time of everything that the bundle is made of; unlike a newest time, it sees deletions.
 * @param {readonly string[]} sources
 */
function hashOf(sources) {
  const hash = createHash("sha256")
  const add = (/** @type {string} */ path) => {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  for (const source of sources.map((each) => join(root, each))) {
    if (!statSync(source).isDirectory()) add(source)
    else {
      for (const path of readdirSync(source, { encoding: "utf8", recursive: true }).sort()) {
        if (path.endsWith(".ts") && !path.endsWith(".test.ts")) add(join(source, path))
      }
    }
  }
  return hash.digest("hex").slice(0, 16)
}

/**
 * Builds when a source is newer than what `current` names.
 * @param {Bundle} bundle
 */
export async function buildWhenNeeded({ build, dist, sources }) {
  const folder = join(root, dist)
  const current = join(folder, "current")
  const wanted = hashOf([...sources, "package-lock.json", "tools/bundle-output.mjs"])
  const before = existsSync(current) ? readFileSync(current, "utf8") : undefined
  if (before === wanted && existsSync(join(folder, wanted))) return
  if (!existsSync(join(folder, wanted))) writeFolder(join(folder, wanted), await build())
  replaceFile(current, wanted)
  // A program that runs loads some of its files later: from now on the build of before stays for a day.
  if (before !== undefined && existsSync(join(folder, before))) touch(join(folder, before))
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    // Another process may have removed it just now.
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (name !== wanted && path !== current && Date.now() - changed > day)
      rmSync(path, { recursive: true, force: true })
  }
}

/**
 * All of it or nothing: another process may build the same just now.
 * @param {string} folder
 * @param {readonly { readonly path: string, readonly contents: Uint8Array }[]} files
 */
function writeFolder(folder, files) {
  const partial = `${folder}.${process.pid}`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  for (const { path, contents } of files) writeFileSync(join(partial, basename(path)), contents)
  try {
    renameSync(partial, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
    rmSync(partial, { recursive: true })
  }
}

/**
 * @param {string} path
 * @param {string} text
 */
function replaceFile(path, text) {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}`)
  writeFileSync(partial, text)
  renameSync(partial, path)
}

/** @param {string} path */
function touch(path) {
  const now = new Date()
  utimesSync(path, now, now)
}
