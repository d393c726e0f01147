/**
 * A command line of every command: the first example of its help, with ids, addresses and programs that there are. A new command is
 * tried under all conditions because it is in the command table, and needs nothing here.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { commandTable } from "../../cli/src/command-table.ts"
import { exampleWords } from "../../cli/src/testing/example-words.ts"
import { Installation, type Up } from "../../cli/src/testing/installation.ts"

export interface Sample {
  /** As in the command table. */
  readonly path: string
  readonly args: readonly string[]
  readonly onlyReads: boolean
  /** What it says when it has begun to wait: it ends by a signal only. */
  readonly waits?: RegExp | undefined
}

/** What runs until it is told to stop, by what stderr says when it does. */
const waiting: Readonly<Record<string, RegExp>> = {
  login: /[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}/,
  watch: /halfkey: watching \d+ secrets/,
}

/** One workspace with everything that the examples name, and another client. */
export class Scene {
  readonly halfkey = new Installation()
  clientId = ""
  apiKeyId = ""
  #up: Up | undefined

  static async open(): Promise<Scene> {
    const scene = new Scene()
    const { halfkey } = scene
    scene.#up = await halfkey.up()
    writeFileSync(join(halfkey.directory, ".env"), dotenv)
    writeFileSync(join(halfkey.directory, "app.yaml.template"), "url: {{ DATABASE_URL }}\n")
    for (const environment of ["development", "staging", "production"]) {
      await halfkey.ok(["import", ".env", "-e", environment, "-y", "-q"])
    }
    await halfkey.ok(["environments", "create", "preview", "-q"])
    const created = await halfkey.ok(["clients", "create", "other", "-e", "development", "-o", "json", "-q"])
    const { CS_CLIENT_ID = "", CS_CLIENT_ACCESS_KEY = "" } = JSON.parse(created) as Record<string, string>
    scene.clientId = CS_CLIENT_ID
    scene.apiKeyId = CS_CLIENT_ACCESS_KEY.split("_")[1] ?? ""
    return scene
  }

  get endpoint(): string {
    return this.#up?.endpoint ?? ""
  }

  /** All commands, aliases too. */
  async samples(): Promise<readonly Sample[]> {
    return Promise.all(commandTable.map(({ path }) => this.sample(path)))
  }

  async sample(path: string): Promise<Sample> {
    const entry = commandTable.find((each) => each.path === path)
    const { definition } = (await entry?.load()) ?? {}
    const { line = "" } = definition?.examples.find((each) => exampleWords(each.line).length > 0) ?? {}
    const words = exampleWords(line).map((word) => this.#there(word))
    const program = words.indexOf("--")
    // Its program would say when it waits: without one, it says so itself.
    const runs = program >= 0 && path !== "watch"
    // Aliases share the examples of what they are another word for.
    const own = path.split(" ")
    const depth = commandTable.some((each) => each.path === words.slice(0, 2).join(" ")) ? 2 : 1
    const args = [...own, ...words.slice(depth, program < 0 ? undefined : program)]
    const onlyReads = definition?.onlyReads === true
    return { path, args: runs ? [...args, "--", "true"] : args, onlyReads, waits: waiting[path] }
  }

  async close(): Promise<void> {
    await this.halfkey.dispose()
  }

  /** The help's ids and addresses are nobody's. */
  #there(word: string): string {
    if (/^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/.test(word)) return this.clientId
    if (/^[a-z2-7]{16}$/.test(word)) return this.apiKeyId
    if (/^https?:\/\//.test(word)) return this.endpoint
    return word.startsWith("crn:") ? (this.halfkey.profile()["workspaceCRN"] ?? "") : word
  }
}

const dotenv = ["DATABASE_URL", "API_TOKEN", "STRIPE_KEY", "OLD_TOKEN", "TLS_KEY", "PORT"]
  .map((name) => `${name}=${name.toLowerCase()}-1\n`)
  .join("")
