#!/usr/bin/env node
import * as nodeModule from "node:module"

// `import "node:fs"` would load streams and promises as well, which takes longer than everything else here.
const require = nodeModule.createRequire(import.meta.url)
const fs = require("node:fs")

const cache = cacheHome()

const folder = bundle()
// `run` stands in front of other people's programs, so it has small bundles of its own.
if (process.argv[2] === "run") await runQuickly()
if (makePrivate("modules")) nodeModule.enableCompileCache?.(`${cache}/halfkey/modules`)
await import(folder === undefined ? "../src/main.ts" : new URL("halfkey.js", folder).href)

/** A folder of this person's, not the shared one in /tmp that Node would take; never in whatever repository one stands in. */
function cacheHome() {
  const { isAbsolute } = require("node:path")
  const { HOME, XDG_CACHE_HOME } = process.env
  // The XDG specification: relative paths are invalid and ignored.
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME
  return HOME && isAbsolute(HOME) ? `${HOME}/.cache` : undefined
}

/**
 * Whether a folder of ours is there and nobody else could have put anything into it: whoever writes kept code decides what runs.
 * By its mode, which no clone of a repository and no archive of others has by itself. No link, which may lead to files of
 * this person's whose contents are somebody else's.
 * @param {string} name
 */
function isPrivate(name) {
  if (cache === undefined) return false
  if (process.getuid === undefined) return true
  try {
    const own = process.geteuid?.()
    const home = fs.statSync(cache)
    const ours = fs.lstatSync(`${cache}/halfkey`)
    const folder = fs.lstatSync(`${cache}/halfkey/${name}`)
    // In one like /tmp, nobody moves what is another's.
    const isKept = (home.mode & 0o022) === 0 || (home.mode & 0o1000) !== 0
    if (!isKept || (home.uid !== own && home.uid !== 0)) return false
    if (!ours.isDirectory() || ours.uid !== own || (ours.mode & 0o022) !== 0) return false
    return folder.isDirectory() && folder.uid === own && (folder.mode & 0o077) === 0
  } catch {
    return false
  }
}

/**
 * As `isPrivate`, and makes what is missing.
 * @param {string} name
 */
function makePrivate(name) {
  if (cache === undefined) return false
  for (const path of [cache, `${cache}/halfkey`, `${cache}/halfkey/${name}`]) {
    try {
      fs.mkdirSync(path, { mode: 0o700 })
    } catch {
      // It is there already, or cannot be made.
    }
  }
  return isPrivate(name)
}

/** The newest bundle, a folder of its own; `undefined` where none was built. */
function bundle() {
  try {
    return new URL(`../dist/${fs.readFileSync(new URL("../dist/current", import.meta.url), "utf8")}/`, import.meta.url)
  } catch {
    return undefined
  }
}

/** Comes back where there is something else to do first, such as to read a command line of another form. */
async function runQuickly() {
  if (folder === undefined) return await (await import("../src/main-run.ts")).main(() => {})
  const { keep, load } = compiledCode(require("node:url").fileURLToPath(folder))
  return await load("./halfkey-run.cjs").main(keep)
}

/**
 * Loads files of the bundle as CommonJS, with the code that V8 compiled of them in an earlier run. Node's own cache holds
 * what is compiled while a file loads, which leaves out nearly every function: compiling those again takes `run` a tenth of
 * its time. V8 itself refuses code of another version of it or with other flags.
 * @param {string} directory
 */
function compiledCode(directory) {
  const vm = require("node:vm")
  const loader = vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER
  const kept = `${cache}/halfkey/code`
  const isReadable = isPrivate("code")
  /** @type {{ script: import("node:vm").Script, path: string }[]} */
  const compiledNow = []

  /** @param {string} id */
  function load(id) {
    if (!id.startsWith("./")) return require(id)
    const filename = directory + id.slice(2)
    // Without it, such a file could not import others.
    if (!cache || loader === undefined) return require(filename)
    // V8 compares no more of the source than its length.
    const written = Math.trunc(fs.statSync(filename).mtimeMs)
    const build = directory.slice(0, -1).replace(/^.*[/\\]/, "")
    const path = `${kept}/${build}-${written}-${id.slice(2)}-${process.version}-${process.arch}`
    const source = `(function (exports, require, module, __filename) {${fs.readFileSync(filename, "utf8")}\n})`
    const cachedData = isReadable ? readCode(path) : undefined
    const script = new vm.Script(source, { filename, cachedData, importModuleDynamically: loader })
    if (cachedData === undefined || script.cachedDataRejected) compiledNow.push({ script, path })
    const module = { exports: {} }
    script.runInThisContext()(module.exports, load, module, filename)
    return module.exports
  }

  /** Keeps for the next run what was compiled in this one, which has come to its end. */
  function keep() {
    if (compiledNow.length === 0) return
    try {
      if (!makePrivate("code")) return
      for (const { path, script } of compiledNow) {
        const partial = `${path}.${process.pid}`
        const code = script.createCachedData()
        try {
          fs.writeFileSync(partial, Buffer.concat([code, code]), { mode: 0o600, flag: "wx" })
          fs.renameSync(partial, path)
        } catch (error) {
          // An empty file fits on a full disk: each run would leave one.
          fs.rmSync(partial, { force: true })
          throw error
        }
      }
      removeOld()
    } catch {
      // There is no room, or nobody may write there: the next run compiles again.
    }
  }

  /** Those of earlier builds. One that is still used is written again. */
  function removeOld() {
    const monthAgo = Date.now() - 30 * 24 * 60 * 60 * 1000
    for (const name of fs.readdirSync(kept)) {
      const path = `${kept}/${name}`
      if (fs.lstatSync(path).mtimeMs < monthAgo) fs.rmSync(path)
    }
  }

  return { keep, load }
}

/**
 * Code that was kept, if nobody else could have written it. V8 crashes over a damaged file, so it holds the code twice, which is
 * compared sooner than any hash is loaded.
 * @param {string} path
 */
function readCode(path) {
  let descriptor
  try {
    descriptor = fs.openSync(path, "r")
    const { mode, uid } = fs.fstatSync(descriptor)
    const isOwn = process.getuid === undefined || (uid === process.geteuid?.() && (mode & 0o077) === 0)
    if (!isOwn) return undefined
    const file = fs.readFileSync(descriptor)
    const code = file.subarray(0, file.length / 2)
    return code.equals(file.subarray(code.length)) ? code : undefined
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}
