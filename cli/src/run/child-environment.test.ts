import assert from "node:assert/strict"
import { test } from "node:test"
import { utf8 } from "@halfkey/core/primitives/bytes"
import { childEnvironment } from "./child-environment.ts"
import { dangerOf } from "./dangerous-names.ts"

const nothing = new Set<string>()
const secret = (name: string, value = "v") => ({ name, value: utf8(value) })

test("credentials are taken out, everything else is inherited", () => {
  const inherited = {
    CS_WORKSPACE_CRN: "x",
    CS_CLIENT_ID: "x",
    CS_CLIENT_KEY: "x",
    CS_CLIENT_ACCESS_KEY: "x",
    CS_ENDPOINT: "x",
    HALFKEY_ROOT_KEY: "x",
    HALFKEY_NEW_ROOT_KEY: "x",
    HALFKEY_DATABASE_URL: "x",
    HALFKEY_PROFILE: "local",
    PATH: "/bin",
    LD_PRELOAD: "inherited is the person's own choice",
  }
  const { variables } = childEnvironment(inherited, [], nothing)
  assert.deepEqual(Object.keys(variables).sort(), ["HALFKEY_PROFILE", "LD_PRELOAD", "PATH"])
})

test("a secret wins over an inherited variable, even over a credential", () => {
  const { variables } = childEnvironment(
    { A: "old", CS_CLIENT_KEY: "ours" },
    [secret("A"), secret("CS_CLIENT_KEY", "theirs")],
    nothing,
  )
  assert.deepEqual(variables, { A: "v", CS_CLIENT_KEY: "theirs" })
})

test("names that no variable can have are left out and named", () => {
  const { variables, leftOut } = childEnvironment(
    {},
    [secret("payments/stripe.key"), secret("A"), secret("a-b")],
    nothing,
  )
  assert.deepEqual(variables, { A: "v" })
  assert.deepEqual(leftOut, ["payments/stripe.key", "a-b"])
})

test("dangerous names are refused together, and allowed one by one", () => {
  const secrets = [secret("LD_PRELOAD"), secret("NODE_OPTIONS"), secret("A")]
  assert.throws(() => childEnvironment({}, secrets, nothing), {
    code: "invalid_argument",
    message:
      "nothing was started: a secret's name changes how programs load (LD_PRELOAD makes the dynamic linker load other libraries; NODE_OPTIONS makes Node or Bun load other code)",
    hint: "if that is meant: --allow-name LD_PRELOAD --allow-name NODE_OPTIONS",
  })
  assert.throws(() => childEnvironment({}, secrets, new Set(["LD_PRELOAD"])), {
    hint: "if that is meant: --allow-name NODE_OPTIONS",
  })
  const { variables } = childEnvironment({}, secrets, new Set(["LD_PRELOAD", "NODE_OPTIONS"]))
  assert.deepEqual(Object.keys(variables), ["LD_PRELOAD", "NODE_OPTIONS", "A"])
})

test("the names of the product page and their kin are dangerous, ordinary names are not", () => {
  const dangerous =
    "LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES NODE_OPTIONS BASH_ENV ENV PATH Path PYTHONPATH PERL5LIB RUBYOPT IFS JAVA_TOOL_OPTIONS npm_config_script_shell GIT_SSH_COMMAND LUA_INIT_5_4 HOME OPENSSL_CONF Npm_Config_script_shell CS_ENDPOINT HALFKEY_CONFIG_DIR MAVEN_OPTS GOFLAGS PYTEST_ADDOPTS VIMINIT TAR_OPTIONS NODE_COMPILE_CACHE PYTHONPYCACHEPREFIX DENO_DIR GIT_DIR"
  for (const name of dangerous.split(" ")) assert.ok(dangerOf(name), name)
  const ordinary =
    "DATABASE_URL API_TOKEN PORT NODE_ENV GIT_TOKEN ENVIRONMENT PATH_PREFIX MY_PATH AWS_SECRET_ACCESS_KEY HOMEPAGE PYTHON_VERSION LDAP_URL RAILS_MASTER_KEY CS_CLIENT_KEY JAVA_HOME"
  for (const name of ordinary.split(" ")) assert.equal(dangerOf(name), undefined, name)
})

test("values that no variable can hold are refused with the name and without the value", () => {
  assert.throws(() => childEnvironment({}, [{ name: "BIN", value: Uint8Array.of(1, 0, 2) }], nothing), {
    code: "lossy_format",
    message: "a variable cannot hold the value of BIN: it holds a NUL byte",
  })
  assert.throws(() => childEnvironment({}, [{ name: "BIN", value: Uint8Array.of(0xff) }], nothing), {
    message: "a variable cannot hold the value of BIN: it is no UTF-8 text",
  })
})

test("a name like __proto__ is a variable like others", () => {
  const { variables } = childEnvironment({}, [secret("__proto__")], nothing)
  assert.deepEqual(Object.entries(variables), [["__proto__", "v"]])
})
