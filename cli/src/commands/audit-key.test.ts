/** A new checkpoint key: made by the operator beside a running server, taken up by a granter. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation } from "../testing/installation.ts"

const serverProgram = fileURLToPath(new URL("../../../server/bin/halfkey-server.js", import.meta.url))
const admin = new Installation()
before(() => admin.up())
after(() => admin.dispose())

/** Makes a key, and the running server look for it now. Its fingerprint. */
async function rotateCheckpointKey(): Promise<string> {
  const said = execFileSync(process.execPath, [serverProgram, "checkpoint-key", "rotate"], {
    env: { HALFKEY_DATA_DIR: admin.dataDirectory },
    encoding: "utf8",
  })
  const fingerprint = /^new checkpoint key ((?:[0-9a-f]{4} ){7}[0-9a-f]{4})\n/.exec(said)?.[1]
  assert.ok(fingerprint, said)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const unknown = `${part({ alg: "Ed25519", typ: "at+jwt", kid: fingerprint })}.${part({})}.${"A".repeat(86)}`
  // It looks once in a second at most.
  for (;;) {
    const headers = { authorization: `Bearer ${unknown}` }
    assert.equal((await fetch(`${admin.profile()["endpoint"]}/v1/workspace`, { headers })).status, 401)
    const { stderr } = await admin.run(["audit-key", "update"])
    if (stderr.includes(fingerprint)) return fingerprint
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

test("shows both fingerprints, asks, and signs", async () => {
  const same = await admin.run(["audit-key", "update"])
  const [, earlier = ""] = /^halfkey: the roster names the server's audit key already: (.*)\n/.exec(same.stderr) ?? []
  assert.match(earlier, /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
  const later = await rotateCheckpointKey()
  const shown = `halfkey: the audit key\n  by the roster: ${earlier}\n  of the server: ${later}\n`
  const doctor = await admin.run(["doctor"])
  assert.equal(doctor.code, 0, doctor.stderr)
  assert.match(doctor.stdout + doctor.stderr, new RegExp(`audit key.*the server has a new one: ${later}`))
  const unsure = await admin.run(["audit-key", "update"])
  assert.deepEqual(
    [unsure.code, unsure.stdout, unsure.stderr],
    [2, "", `${shown}halfkey: the audit key stays: nobody can be asked here\n  try: the same with -y\n`],
  )
  const updated = await admin.run(["audit-key", "update", "-y"])
  assert.deepEqual(
    [updated.code, updated.stdout, updated.stderr],
    [0, "", `${shown}halfkey: the audit key is ${later} from now on\n`],
  )
  assert.equal(
    (await admin.run(["audit-key", "update", "-y"])).stderr,
    `halfkey: the roster names the server's audit key already: ${later}
  a running server takes a new one up within 30 seconds: was it made just now, type this again then
`,
  )
  assert.doesNotMatch((await admin.run(["doctor"])).stdout, /audit key/)
  await admin.ok(["set", "A", "-e", "production"], { stdin: "under the next roster" })
  assert.equal(await admin.ok(["get", "A", "-e", "production"]), "under the next roster")
})

test("a typed fingerprint needs no question, and no other key is taken", async () => {
  const wrong = "0000 0000 0000 0000 0000 0000 0000 0000"
  const later = await rotateCheckpointKey()
  const refused = await admin.run(["audit-key", "update", wrong])
  assert.deepEqual(
    [refused.code, refused.stderr],
    [
      2,
      `halfkey: the server signs with the audit key ${later}, not with ${wrong}\n  try: ask the operator which is right: halfkey-server checkpoint-key rotate printed it\n`,
    ],
  )
  const taken = await admin.run(["audit-key", "update", ...later.split(" ")])
  assert.deepEqual([taken.code, taken.stderr], [0, `halfkey: the audit key is ${later} from now on\n`])
})
