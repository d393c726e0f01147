import assert from "node:assert/strict"
import { isAbsolute } from "node:path"
import { test } from "node:test"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { configDirectory } from "./config-directory.ts"

const cwd = "/where/one/stands"

test("an own directory, XDG's, or the one below home", () => {
  assert.equal(
    configDirectory({ HALFKEY_CONFIG_DIR: "own", XDG_CONFIG_HOME: "/x", HOME: "/home/a" }, cwd),
    `${cwd}/own`,
  )
  assert.equal(configDirectory({ XDG_CONFIG_HOME: "/x", HOME: "/home/a" }, cwd), "/x/halfkey")
  assert.equal(configDirectory({ XDG_CONFIG_HOME: "x", HOME: "/home/a" }, cwd), "/home/a/.config/halfkey")
})

test("without HOME, and with an empty one, the account's home counts: never the directory one stands in", () => {
  const unset = configDirectory({}, cwd)
  assert.ok(isAbsolute(unset) && !unset.startsWith(cwd), unset)
  assert.equal(configDirectory({ HOME: "", XDG_CONFIG_HOME: "" }, cwd), unset)
})

test("a relative HOME is refused", () => {
  assert.throws(
    () => configDirectory({ HOME: "." }, cwd),
    (error) =>
      error instanceof HalfkeyError &&
      error.code === "missing_configuration" &&
      /HALFKEY_CONFIG_DIR/.test(error.hint ?? ""),
  )
})
