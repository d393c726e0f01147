/** Revoking by an admin who is no granter: the server refuses the client at once; who must sign what is said. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { Installation } from "../testing/installation.ts"

const admin = new Installation()
let deputy: Record<string, string>
before(async () => {
  await admin.up()
  const create = ["clients", "create", "deputy", "-e", "production", "-e", "staging", "--role", "admin", "-q"]
  const { CS_ENDPOINT = "" } = admin.variables()
  deputy = { ...JSON.parse(await admin.ok(create)), CS_ENDPOINT }
})
after(() => admin.dispose())

for (const more of [[], ["--rotate"]]) {
  test(`clients revoke ${more.join(" ")} says what holds already, what waits, and for whom`, async () => {
    const create = ["clients", "create", "leaver", "-e", "production", "-e", "staging", "-q"]
    const leaver = JSON.parse(await admin.ok(create))
    const { CS_CLIENT_ID: id } = leaver
    const env = { ...leaver, CS_ENDPOINT: deputy["CS_ENDPOINT"] }
    await admin.ok(["list", "-e", "staging"], { env })
    const [granter] = JSON.parse(await admin.ok(["granters", "list", "-o", "json"]))
    assert.deepEqual(await admin.run(["clients", "revoke", id, "-y", ...more], { env: deputy }), {
      code: 4,
      signal: null,
      stdout: "",
      stderr:
        `halfkey: ${id} has no access any more, but production, staging still list it, and only a granter can sign that away\n` +
        `  try: halfkey clients revoke ${id}   (as a granter: ${granter.label} (${granter.clientId}))\n`,
    })
    assert.equal((await admin.run(["list", "-e", "staging"], { env })).code, 4)
    assert.ok((await admin.ok(["grants", "list"])).includes(id))
    await admin.ok(["clients", "revoke", id, "-y"])
    assert.ok(!(await admin.ok(["grants", "list"])).includes(id))
  })
}
