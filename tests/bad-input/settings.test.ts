/** Profiles, halfkey.json and remembered state that are damaged, readable by others, or name somebody else's server. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, afterEach, before, test } from "node:test"
import { Workplace } from "./workplace.ts"

let workplace: Workplace
let saved: string
let profile: string
let profiles: string
before(async () => {
  workplace = await Workplace.open()
  profile = workplace.profilePath
  profiles = join(workplace.configDirectory, "profiles")
  saved = join(workplace.folder, "saved")
  cpSync(workplace.configDirectory, saved, { recursive: true })
})
after(() => workplace.close())
afterEach(() => {
  rmSync(workplace.configDirectory, { recursive: true })
  cpSync(saved, workplace.configDirectory, { recursive: true })
})

const here = ["-e", "development"]
const get = ["get", "KEPT", ...here]
const set = ["set", "KEPT", ...here]

for (const [what, content, why] of [
  ["cut", '{ "endpoint": "http', "it is no JSON"],
  ["empty", "", "it is no JSON"],
  ["no text", new Uint8Array([0xff, 0xfe, 0x00]), "it is no JSON"],
  ["a list", "[]", "endpoint is missing"],
  ["null", "null", "it is no JSON object"],
  ["without its fields", "{}", "endpoint is missing"],
] as const) {
  test(`a profile that is damaged: ${what}`, async () => {
    writeFileSync(profile, content)
    const stderr = `halfkey: ${profile} is no profile: ${why}\n  try: correct it, or rm ${profile} and make it again\n`
    await workplace.refused(get, { exit: 2, stderr })
    await workplace.refused(set, { exit: 2, stderr, input: "other" })
    await workplace.refused(["run", ...here, "--", "true"], { exit: 125, stderr })
  })
}

/** The stored profile with other fields. */
function changeProfile(fields: Readonly<Record<string, unknown>>): void {
  writeFileSync(profile, JSON.stringify({ ...JSON.parse(readFileSync(profile, "utf8")), ...fields }))
}

test("a profile with fields of a wrong type", async () => {
  const refusal = (why: string) => ({
    exit: 2,
    stderr: `halfkey: ${profile} is no profile: ${why}\n  try: correct it, or rm ${profile} and make it again\n`,
  })
  changeProfile({ environment: 5 })
  await workplace.refused(["get", "KEPT"], refusal("environment must be a text"))
  changeProfile({ environment: undefined, clientKey: null })
  await workplace.refused(get, refusal("clientKey is missing"))
})

test("a profile that others may read, and a directory that others may write to", async () => {
  chmodSync(profile, 0o644)
  await workplace.refused(get, {
    exit: 2,
    stderr:
      `halfkey: other users of this machine may read ${profile} (mode 0644)\n` +
      `  try: chmod 600 ${profile}\n  try: replace the client, if somebody may have read it\n`,
  })
  chmodSync(profile, 0o600)
  chmodSync(profiles, 0o777)
  await workplace.refused(["init", "--endpoint", workplace.endpoint, "--save-profile", "x"], {
    exit: 2,
    stderr: `halfkey: other users may write to ${profiles}, so its files cannot be trusted\n  try: chmod 700 ${profiles}\n`,
  })
  chmodSync(profiles, 0o700)
})

test("a profile that cannot be read at all", async () => {
  rmSync(profile)
  mkdirSync(profile, { mode: 0o700 })
  await workplace.refused(get, {
    exit: 2,
    stderr: `halfkey: ${profile} could not be read: EISDIR\n  try: ls -ld ${profile}\n`,
  })
})

test("a profile that is not there", async () => {
  await workplace.refused([...get, "--profile", "lokal"], {
    exit: 2,
    stderr: "halfkey: there is no profile lokal on this machine\n  try: --profile local (did you mean local?)\n",
  })
  await workplace.refused(get, {
    exit: 2,
    stderr: "halfkey: there is no profile nothing-like-it on this machine\n  try: one of local\n",
    env: { HALFKEY_PROFILE: "nothing-like-it" },
  })
  await workplace.refused([...get, "--profile", "../../etc/passwd"], {
    exit: 2,
    stderr:
      "halfkey: not a profile name: 1 to 63 of letters, digits and . _ -\n  try: use a name such as local or work\n",
  })
  await workplace.refused(get, {
    exit: 2,
    stderr:
      /^halfkey: no workspace is configured on this machine\n {2}try: halfkey up {3}\(a server and a workspace on this machine\)\n/,
    env: { HALFKEY_CONFIG_DIR: join(workplace.folder, "nowhere") },
  })
})

test("a profile with an endpoint or a CRN that is none", async () => {
  changeProfile({ endpoint: "ftp://x" })
  await workplace.refused(get, {
    exit: 2,
    stderr:
      "halfkey: the endpoint of profile local is not usable: it must start with https:// or http://\n  try: an endpoint looks like https://halfkey.example.com or http://127.0.0.1:4253\n",
  })
  changeProfile({ endpoint: workplace.endpoint, workspaceCRN: "crn:" })
  await workplace.refused(get, { exit: 2, stderr: /^halfkey: not a workspace CRN: / })
})

test("what this machine remembers is damaged: nothing is believed, and nothing is forgotten silently", async () => {
  const { CS_WORKSPACE_CRN: crn } = workplace.variables
  const state = join(workplace.configDirectory, "state", `${crn.split(":")[2]}.json`)
  for (const content of ["{", "[]", ""]) {
    writeFileSync(state, content)
    const stderr = `halfkey: ${state} is damaged: it is no JSON object\n  try: rm ${state}   (this machine then forgets which versions it has seen)\n`
    await workplace.refused(get, { exit: 2, stderr })
    await workplace.refused(set, { exit: 2, stderr, input: "other" })
  }
  for (const content of ['{"roster":"x"}', '{"keysets":5}', '{"secrets":{"a":[]}}']) {
    writeFileSync(state, content)
    await workplace.refused(get, {
      exit: 2,
      stderr: /^halfkey: what this machine remembers of the workspace is damaged\n {2}try: /,
    })
  }
})

test("a stored token that is damaged is only fetched anew", async () => {
  const tokens = join(workplace.configDirectory, "tokens")
  for (const name of readdirSync(tokens)) writeFileSync(join(tokens, name), "garbage")
  await workplace.ok(get)
})

/** A repository with this halfkey.json. */
function repository(content: string | Uint8Array): { path: string; cwd: string } {
  const cwd = join(workplace.folder, "repository")
  mkdirSync(join(cwd, ".git"), { recursive: true })
  const path = join(cwd, "halfkey.json")
  writeFileSync(path, content)
  return { path, cwd }
}

for (const [content, why, hint] of [
  ["{", "it is no JSON", undefined],
  ["", "it is no JSON", undefined],
  ["[1]", "it is no JSON object", undefined],
  ['"text"', "it is no JSON object", undefined],
  ['{"environment":5}', "environment must be a text", undefined],
  ['{"endpoint":""}', "endpoint must be a text", undefined],
  ['{"minimumRevision":"1"}', "minimumRevision must be a whole number from 1", undefined],
  ['{"environmnt":"x"}', 'it has the unknown field "environmnt"', "environment (did you mean environment?)"],
  [
    '{"clientKey":"hkck_x"}',
    "clientKey does not belong into a file that is committed",
    "remove it; profiles and CS_ variables hold it",
  ],
] as const) {
  test(`a halfkey.json that is damaged: ${content}`, async () => {
    const { cwd, path } = repository(content)
    const stderr = `halfkey: ${path} is not usable: ${why}\n  try: ${hint ?? `correct ${path}`}\n`
    await workplace.refused(get, { exit: 2, stderr, cwd })
    await workplace.refused(set, { exit: 2, stderr, cwd, input: "other" })
  })
}

test("a halfkey.json that names another endpoint gets no credentials", async () => {
  for (const endpoint of ["https://evil.example", "http://127.0.0.1:1", `${workplace.endpoint}/other`]) {
    const { cwd, path } = repository(JSON.stringify({ endpoint }))
    await workplace.refused(get, {
      exit: 2,
      stderr:
        `halfkey: ${path} names the endpoint ${endpoint}, which nothing of yours confirms; a committed file alone must not decide who gets your credentials\n` +
        "  try: the same at a terminal, which shows what would go there, and asks\n" +
        `  try: --endpoint ${endpoint}, or CS_ENDPOINT=${endpoint}, if you trust that server\n`,
      cwd,
    })
  }
})

test("a halfkey.json of another workspace, of no workspace, and one with a revision that is not there yet", async () => {
  for (const crn of ["crn:local.self:ABCDEFGHIJKLMNOPQRSTUVWXYZ", "nonsense"]) {
    const { cwd, path } = repository(JSON.stringify({ workspaceCRN: crn }))
    await workplace.refused(get, {
      exit: 2,
      stderr:
        `halfkey: ${path} belongs to the workspace ${crn}, profile local to another one\n` +
        "  try: --profile NAME with a profile of that workspace (halfkey config explain lists them)\n",
      cwd,
    })
  }
  const { cwd } = repository(JSON.stringify({ environment: "development", minimumRevision: 99 }))
  await workplace.refused(get, {
    exit: 7,
    stderr:
      /^halfkey: check "freshness" failed: revision 1 is below 99, pinned in halfkey\.json\n {2}try: do not go on/,
    cwd,
    asksServer: true,
  })
})
