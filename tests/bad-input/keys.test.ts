/** Identifiers and keys that were mistyped: told before any request, by the name of the setting and never by its text. */
import assert from "node:assert/strict"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { formatRecoveryKit, parseRecoveryKit } from "@halfkey/core/formats/text-keys"
import { halfkeyServer } from "../crash/commands.ts"
import { Workplace } from "./workplace.ts"

let workplace: Workplace
before(async () => {
  workplace = await Workplace.open()
})
after(() => workplace.close())

const get = ["get", "KEPT", "-e", "development"]
type Variable = keyof Workplace["variables"]

/** One setting of the five is another than the client's. */
async function refusedWith(name: Variable, value: string, exit: number, stderr: string | RegExp, asks?: true) {
  const env = { ...workplace.variables, [name]: value }
  await workplace.refused(get, { exit, stderr, env, ...(asks && { asksServer: asks }) })
}

/** The text with one character replaced by another of the same alphabet. */
function mistyped(text: string, index: number): string {
  const replacement = text[index] === "a" ? "b" : "a"
  return text.slice(0, index) + replacement + text.slice(index + 1)
}

const crnHint = "  try: a CRN looks like crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ; `halfkey whoami` prints yours\n"
const otherWorkspace = "crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ"

for (const [crn, why] of [
  ["nonsense", "it must have three parts joined by colons"],
  ["crn:local.self:ABC", "the workspace id must be 26 characters of A-Z and 2-7, got 3 characters"],
  [otherWorkspace.toLowerCase(), "the workspace id must be 26 characters of A-Z and 2-7, got 26 characters"],
  [
    "crn:local:ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "the second part must be <region>.<provider>, as local.self or us-east-1.aws",
  ],
  [`${otherWorkspace}:more`, "it must have three parts joined by colons"],
] as const) {
  test(`the CRN ${crn}`, () =>
    refusedWith("CS_WORKSPACE_CRN", crn, 2, `halfkey: not a workspace CRN: ${why}\n${crnHint}`))
}

test("the CRN of another workspace", async () => {
  await refusedWith(
    "CS_WORKSPACE_CRN",
    otherWorkspace,
    2,
    "halfkey: CS_CLIENT_ID is not the client id of CS_CLIENT_KEY in the workspace of CS_WORKSPACE_CRN\n" +
      "  try: copy all three again from the same client: its id is made from its key and its workspace\n",
    true,
  )
})

test("the CRN of another region", async () => {
  const crn = workplace.variables.CS_WORKSPACE_CRN.replace("local.self", "us-east-1.aws")
  await refusedWith(
    "CS_WORKSPACE_CRN",
    crn,
    4,
    "halfkey: the client assertion is refused: its aud is not the CRN of the API key's workspace\n  try: check CS_WORKSPACE_CRN\n",
    true,
  )
})

const keyHint = (what: string) => `  try: copy the whole ${what} again, from its first to its last character\n`
const keys = [
  ["CS_CLIENT_KEY", "client key (CS_CLIENT_KEY)", "hkck_"],
  ["CS_CLIENT_ACCESS_KEY", "API key (CS_CLIENT_ACCESS_KEY)", "hkak_"],
] as const

for (const [variable, what, prefix] of keys) {
  const refusal = (why: string) => `halfkey: the ${what} is not usable: ${why}\n${keyHint(what)}`

  test(`a typing error anywhere in the ${what}`, async () => {
    const right = workplace.variables[variable]
    const first = variable === "CS_CLIENT_KEY" ? prefix.length : right.lastIndexOf("_") + 1
    // The last character also carries bits that no byte has: there a typing error is told by the form.
    for (const index of [first, first + 1, Math.floor((first + right.length) / 2), right.length - 2]) {
      await refusedWith(variable, mistyped(right, index), 2, refusal("its checksum does not fit"))
    }
  })

  test(`the ${what} cut, doubled and with a space`, async () => {
    const right = workplace.variables[variable]
    const why = refusal("it has too few, too many or foreign characters")
    for (const text of [right.slice(0, -1), right + right, `${right} `, `${right.slice(0, -3)} ${right.slice(-3)}`]) {
      await refusedWith(variable, text, 2, why)
    }
  })

  test(`another key in the place of the ${what}`, async () => {
    const others = ["hkrk_", "hkst_", variable === "CS_CLIENT_KEY" ? "hkak_" : "hkck_"]
    for (const other of others) {
      await refusedWith(
        variable,
        workplace.variables[variable].replace(prefix, other),
        2,
        /it must start with hk[ca]k_/,
      )
    }
  })
}

test("a typing error in the key id of the API key is under the checksum as well", async () => {
  const right = workplace.variables.CS_CLIENT_ACCESS_KEY
  const what = "API key (CS_CLIENT_ACCESS_KEY)"
  const stderr = `halfkey: the ${what} is not usable: its checksum does not fit\n${keyHint(what)}`
  for (const index of [5, 12, 20]) await refusedWith("CS_CLIENT_ACCESS_KEY", mistyped(right, index), 2, stderr)
})

test("a client id that is none, and one of another client", async () => {
  const form =
    "halfkey: the client id of CS_CLIENT_ID is not one\n  try: a client id is a UUID whose third group begins with 8; copy it whole\n"
  for (const id of ["abc", "6b085988-16f3-4682-b9a0-61737ef13063", workplace.variables.CS_CLIENT_ID.toUpperCase()]) {
    await refusedWith("CS_CLIENT_ID", id, 2, form)
  }
  const other = workplace.variables.CS_CLIENT_ID.replace(/.$/, (last) => (last === "0" ? "1" : "0"))
  await refusedWith("CS_CLIENT_ID", other, 2, /^halfkey: CS_CLIENT_ID is not the client id of CS_CLIENT_KEY/, true)
})

test("settings that are missing beside others", async () => {
  const without = (name: Variable) => ({ ...workplace.variables, [name]: "" })
  const missing = (name: string, beside: string) =>
    `halfkey: ${name} is not set, though ${beside} is\n  try: set ${name} as well, or use a profile: --profile NAME\n`
  for (const [name, beside] of [
    ["CS_CLIENT_ID", "CS_CLIENT_KEY"],
    ["CS_CLIENT_KEY", "CS_CLIENT_ID"],
    ["CS_CLIENT_ACCESS_KEY", "CS_CLIENT_ID"],
  ] as const) {
    await workplace.refused(get, { exit: 2, stderr: missing(name, beside), env: without(name) })
  }
})

test("a profile with a typing error in its key", async () => {
  const { CS_CLIENT_KEY: right } = workplace.variables
  const path = join(workplace.configDirectory, "profiles/typo.json")
  const { CS_CLIENT_ID: clientId, CS_WORKSPACE_CRN: workspaceCRN, CS_ENDPOINT: endpoint } = workplace.variables
  const apiKey = workplace.variables.CS_CLIENT_ACCESS_KEY
  const profile = { endpoint, workspaceCRN, clientId, clientKey: mistyped(right, 9), apiKey }
  writeFileSync(path, JSON.stringify(profile), { mode: 0o600 })
  await workplace.refused([...get, "--profile", "typo"], {
    exit: 2,
    stderr: `halfkey: the client key (CS_CLIENT_KEY) is not usable: its checksum does not fit\n${keyHint("client key (CS_CLIENT_KEY)")}`,
  })
  rmSync(path)
})

test("setup tokens that are mistyped, cut, something else, not there or used", async () => {
  const { server } = workplace
  const env = { HALFKEY_DATA_DIR: server.dataDirectory }
  const used = join(workplace.cwd, "used")
  const file = join(workplace.cwd, "token")
  const made = await halfkeyServer(["setup-token"], { env, cwd: workplace.cwd })
  const path = made.stdout.toString().trim()
  const token = readFileSync(path, "utf8").trim()
  const init = (tokenFile: string) => [
    ...["init", "--endpoint", workplace.endpoint],
    ...["--setup-token-file", tokenFile, "--save-profile", "another"],
  ]
  const hint = keyHint("setup token")
  for (const [text, stderr] of [
    [mistyped(token, 20), `halfkey: the setup token is not usable: its checksum does not fit\n${hint}`],
    [
      token.slice(0, 30),
      `halfkey: the setup token is not usable: it has too few, too many or foreign characters\n${hint}`,
    ],
  ] as const) {
    writeFileSync(file, text)
    await workplace.refused(init(file), { exit: 2, stderr })
    await workplace.refused(init("-"), { exit: 2, stderr, input: text })
  }
  writeFileSync(file, "hello\n")
  await workplace.refused(init(file), {
    exit: 4,
    stderr:
      "halfkey: the setup token is not usable: it must start with hkst_\n  try: the server wrote it to the file setup-token in its data directory\n",
  })
  await workplace.refused(init(join(workplace.cwd, "nowhere")), {
    exit: 2,
    stderr: `halfkey: the setup token could not be read from ${workplace.cwd}/nowhere: no such file (ENOENT)\n`,
  })
  await workplace.refused(init(path).slice(0, 3), {
    exit: 2,
    stderr: /^halfkey: (there is a profile|no setup token was given)/,
  })

  writeFileSync(used, token)
  await workplace.ok(init(path))
  await workplace.refused([...init(used).slice(0, -1), "third"], {
    exit: 4,
    stderr:
      /^halfkey: a workspace is created with the server's one-time setup token\n {2}try: the server writes it to the file setup-token in its data directory; `halfkey-server setup-token` makes another\n$/,
  })
  await workplace.refused(init(used), {
    exit: 5,
    stderr: "halfkey: there is a profile another already\n  try: choose another name\n",
  })
})

test("a recovery kit with a typing error", () => {
  // No command takes it yet; whoever will, reads it by this.
  const kit = formatRecoveryKit(new Uint8Array(32).fill(7))
  assert.deepEqual(parseRecoveryKit(kit), new Uint8Array(32).fill(7))
  const hint = "copy the whole recovery kit again, from its first to its last character"
  for (let index = 5; index < kit.length - 1; index++) {
    const message = "the recovery kit is not usable: its checksum does not fit"
    assert.throws(() => parseRecoveryKit(mistyped(kit, index)), { code: "invalid_key_text", message, hint })
  }
  const message = "the recovery kit is not usable: it has too few, too many or foreign characters"
  assert.throws(() => parseRecoveryKit(kit.slice(0, -1)), { code: "invalid_key_text", message, hint })
})
