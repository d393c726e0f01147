/** Every command of these guides is typed as it stands there, on two machines and a real server; only ids and codes are others. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { fileURLToPath } from "node:url"
import { Installation, type Up } from "../../cli/src/testing/installation.ts"

const guides = fileURLToPath(new URL("../../docs/guides", import.meta.url))

/** Lines of the blocks that begin with the command's name. */
function commandsOf(guide: string): string[] {
  const markdown = readFileSync(join(guides, guide), "utf8")
  const blocks = [...markdown.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block)
  const lines = blocks.flatMap((block) => block.split("\n")).filter((line) => line.startsWith("halfkey "))
  return lines.map((line) => line.replace(/\s+#.*$/, ""))
}

/** What the guides' examples stand for at this moment. */
interface Names {
  client: string
  otherClient: string
  apiKey: string
}

class Machines {
  readonly admin = new Installation()
  #laptops: Installation[] = []
  #login: { readonly code: string; readonly ended: Promise<unknown> } | undefined
  #up: Up | undefined

  async start(): Promise<void> {
    this.#up = await this.admin.up()
  }

  async stop(): Promise<void> {
    for (const laptop of this.#laptops) await laptop.dispose()
    await this.admin.dispose()
  }

  /** Types a line of a guide on the machine where it belongs. */
  async type(line: string, names: Names): Promise<string> {
    const words = line.split(" ").slice(1)
    if (words[0] === "login") return await this.login(words.slice(2))
    const replaced = words.map((word) => {
      if (word.startsWith("6b0c0a52-")) return names.client
      if (word.startsWith("0d4f8f1e-")) return names.otherClient
      if (word === "3k5v6w2o4ab7cdqz") return names.apiKey
      return word === "7K2QX-01M4A" ? (this.#login?.code ?? word) : word
    })
    const asks = /^(?:devices revoke|clients revoke|keys revoke|granters add|environments (?:disable|destroy))/.test(
      replaced.join(" "),
    )
    const said = await this.admin.ok([...replaced, ...(asks ? ["-y"] : [])], { stdin: "a value" })
    if (replaced[1] === "approve") await this.#login?.ended
    return said
  }

  /** On a machine of its own; the address is that of this server. Resolves when it shows its code. */
  async login(options: readonly string[]): Promise<string> {
    const laptop = new Installation()
    this.#laptops.push(laptop)
    const { workspaceCRN = "" } = this.admin.profile()
    const more = options.map((word) => (word.startsWith("https://") ? (this.#up?.endpoint ?? "") : word))
    const child = laptop.spawn(["login", workspaceCRN, ...more])
    let stderr = ""
    const ended = new Promise<void>((resolve, reject) => {
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`login ended with ${code}: ${stderr}`))))
    })
    const [id, code] = await new Promise<[string, string]>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text) => {
        stderr += text
        const [, shownId, shownCode] = /^ {2}id +(\S+)\n {2}code +(\S+)\n/m.exec(stderr) ?? []
        if (shownId !== undefined && shownCode !== undefined) resolve([shownId, shownCode])
      })
      ended.catch(reject)
    })
    this.#login = { code, ended }
    return id
  }
}

const machines = new Machines()
before(() => machines.start())
after(() => machines.stop())

const idOf = (variables: string) => JSON.parse(variables).CS_CLIENT_ID as string

describe("somebody joins", () => {
  test("its commands let devices, programs and a second granter in", async () => {
    const names = { client: "", otherClient: "", apiKey: "" }
    const lines = commandsOf("onboarding.md")
    assert.ok(lines.length >= 8 && lines.some((line) => line.startsWith("halfkey login ")), lines.join("\n"))
    for (const line of lines) {
      const said = await machines.type(line, names)
      if (line.startsWith("halfkey clients create ")) names.client = idOf(said)
    }
    const devices = JSON.parse(await machines.admin.ok(["devices", "list", "-o", "json"]))
    assert.deepEqual(
      devices.map(({ environments, status }: { environments: string[]; status: string }) => [status, environments]),
      [["approved", ["development", "staging"]]],
    )
    assert.match(await machines.admin.ok(["granters", "list"]), new RegExp(`^deputy\t${names.client}$`, "m"))
  })
})

describe("a laptop is lost", () => {
  test("its commands take out the device and what else was on it, and let the next one in", async () => {
    const { admin } = machines
    const client = await machines.login(["--endpoint", "https://halfkey.example.com", "--label", "lost"])
    await machines.type("halfkey devices approve 7K2QX-01M4A -e production", { client, otherClient: "", apiKey: "" })
    const otherClient = idOf(await admin.ok(["clients", "create", "on the laptop", "-e", "staging"]))
    const [key] = JSON.parse(await admin.ok(["keys", "create", "forgotten", "-o", "json"])).CS_CLIENT_ACCESS_KEY.match(
      /(?<=hkak_)\w{16}/,
    )
    const names = { client, otherClient, apiKey: key }
    const lines = commandsOf("losing-a-laptop.md")
    assert.ok(lines.length >= 10, lines.join("\n"))
    const said = new Map<string, string>()
    for (const line of lines) said.set(line, await machines.type(line, names))
    assert.ok(said.get("halfkey devices list")?.includes(client))
    assert.ok(!said.get("halfkey grants list")?.includes(client))
    assert.ok(!(await admin.ok(["grants", "list"])).includes(otherClient))
    const devices = JSON.parse(await admin.ok(["devices", "list", "--all", "-o", "json"]))
    const lost = devices.find(({ clientId }: { clientId: string }) => clientId === client)
    assert.equal(lost.status, "revoked")
    assert.deepEqual(devices.at(-1).environments, ["production", "staging"])
  })
})

describe("an environment goes", () => {
  test("its commands stop one and start it again, and give up another and bring it back", async () => {
    const { admin } = machines
    await admin.ok(["environments", "create", "preview"])
    const lines = commandsOf("destroying-an-environment.md")
    assert.ok(lines.length >= 5, lines.join("\n"))
    const names = { client: "", otherClient: "", apiKey: "" }
    const states: string[] = []
    for (const line of lines) {
      await machines.type(line, names)
      const listed: { name: string; state: string }[] = JSON.parse(
        await admin.ok(["environments", "list", "-o", "json"]),
      )
      const found = listed.filter(({ name }) => name === "production" || name === "preview")
      states.push(found.map(({ name, state }) => `${name} ${state}`).join(", "))
    }
    assert.deepEqual(states, [
      "preview enabled, production disabled",
      "preview enabled, production enabled",
      "preview destroyed, production enabled",
      "preview destroyed, production enabled",
      "preview enabled, production enabled",
    ])
  })
})
