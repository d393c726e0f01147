/** What a person does: makes a workspace, sets values in every way that there is, and reads them back. */
import assert from "node:assert/strict"
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseApiKey, parseClientKey, parseRecoveryKit, parseSetupToken } from "@halfkey/core/formats/text-keys"
import { noTerminal, Terminal } from "../../cli/src/testing/terminal.ts"
import { type Credentials, Insider } from "../hostile-server/insider.ts"
import { byteCanary, type Canary, textCanary } from "./canaries.ts"
import { type Ended, Household, type Invocation } from "./household.ts"

export const values = {
  STDIN: textCanary("value from stdin", `stdin 8c1/f+? "quoted" 'single' \\ $HOME ü€🔑 and its end`),
  FILE: byteCanary("value from a file", 900),
  PEM: textCanary("value of several lines", "-----BEGIN CANARY-----\nq83vEjRWeJCrze8SNFZ4kA==\n-----END CANARY-----\n"),
  PROMPTED: textCanary("value from a prompt", "prompted 55d0-49c2-b9f2-canary"),
  MOVED: textCanary("value of an imported file", `moved 4e0a-93d1 #"both" 'quotes' and \\ its end-canary`),
  RESTORED: textCanary("value that a restored backup lacks", "restored a2f3-11c9-7d40-canary"),
}

/** FILE is in an environment of its own, since no variable of `run` can hold its bytes. */
const environmentOf = (name: string) => ["-e", name === "FILE" ? "staging" : "production"]
export const production = environmentOf("STDIN")

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8")

/** The keys of the story, as text and as the bytes that they stand for. */
export interface Keys {
  readonly setupToken: readonly Canary[]
  readonly recoveryKit: readonly Canary[]
  readonly clientKey: readonly Canary[]
  readonly apiKey: readonly Canary[]
  /** Of keys that were shown once, by `keys create` and `keys rotate`, and stored nowhere. */
  readonly shownKeys: readonly Canary[]
  readonly accessToken: readonly Canary[]
  /** The client half of production, and private keys: what values could be opened with. */
  readonly halves: readonly Canary[]
}

export class Story {
  readonly household = new Household()
  /** What commands said, without what they are meant to show. */
  readonly said: Ended[] = []
  #admin: Credentials | undefined
  #keys: Keys | undefined
  readonly #shownKeys: string[] = []

  get admin(): Credentials {
    return this.#admin ?? assert.fail("the story has not begun")
  }

  get keys(): Keys {
    return this.#keys ?? assert.fail("the story has not begun")
  }

  get allKeys(): Canary[] {
    return Object.values(this.keys).flat()
  }

  async begin(): Promise<void> {
    await this.household.startServer()
    const { recoveryKit, setupToken } = await this.#createWorkspace()
    await this.#setValues()
    await this.#restoreABackup()
    await this.#readValues()
    await this.#readOffline()
    await this.#moveValues()
    await this.#rotateKeys()
    await this.#lookAround()
    this.#keys = await this.#learnKeys(setupToken, recoveryKit)
  }

  /** Runs a command whose output holds no secret, and remembers what it said. */
  async quietly(code: number, args: readonly string[], invocation: Invocation = {}): Promise<Ended> {
    const ended = await this.household.run(args, invocation)
    this.said.push(ended)
    assert.equal(ended.code, code, `halfkey ${args.join(" ")}: ${ended.stderr}`)
    return ended
  }

  /** The token that the command keeps, as the server gave it. */
  accessToken(): string {
    const { configDirectory } = this.household
    const [file = Buffer.alloc(0)] = this.household.files(join(configDirectory, "tokens")).values()
    return JSON.parse(text(file)).accessToken
  }

  /** Seeds as they went over the wire: the server's half of each value's key. */
  seeds(): Canary[] {
    const found = text(this.household.wire.recorded("server")).matchAll(/"keySeed":"([\w-]{43})"/g)
    const seeds = [...new Set([...found].map(([, seed = ""]) => seed))]
    assert.ok(seeds.length >= 4, "no seed was seen")
    return seeds.flatMap((seed) => [
      textCanary("key seed", seed),
      { name: "key seed's bytes", bytes: Buffer.from(seed, "base64url") },
    ])
  }

  async #createWorkspace(): Promise<{ readonly setupToken: string; readonly recoveryKit: string }> {
    const { configDirectory, dataDirectory, wire } = this.household
    const setupToken = readFileSync(join(dataDirectory, "setup-token"), "utf8").trim()
    const args = ["init", "--endpoint", wire.url, "--setup-token-file", "-", "--save-profile", "local"]
    const { code, stderr, stdout } = await this.household.run(args, { stdin: setupToken })
    assert.equal(code, 0, text(stderr))
    const recoveryKit = /hkrk_[\w-]+/.exec(text(stdout))?.[0] ?? assert.fail("no recovery kit was shown")
    // The kit is meant to be shown, once; everything else of the output is not.
    this.said.push({ args, code, stderr, stdout: Buffer.from(text(stdout).replace(recoveryKit, "")) })
    this.#admin = JSON.parse(readFileSync(join(configDirectory, "profiles", "local.json"), "utf8"))
    return { setupToken, recoveryKit }
  }

  async #setValues(): Promise<void> {
    await this.quietly(0, ["set", "STDIN", ...production], { stdin: values.STDIN.bytes })
    await this.quietly(0, ["set", "PEM", ...production, "--value-file", "-"], { stdin: values.PEM.bytes })
    const file = join(this.household.directory, "home", "value.bin")
    writeFileSync(file, values.FILE.bytes, { mode: 0o600 })
    await this.quietly(0, ["set", "FILE", ...environmentOf("FILE"), "--value-file", file])
    writeFileSync(file, "")
    if (!noTerminal) await this.#type()
  }

  /** The operator loses a value, and the command brings it back from what it has kept. */
  async #restoreABackup(): Promise<void> {
    const { dataDirectory, directory } = this.household
    const backup = join(directory, "backup")
    await this.household.endServer("SIGTERM")
    cpSync(dataDirectory, backup, { recursive: true })
    await this.household.startServer()
    await this.quietly(0, ["set", "RESTORED", ...production], { stdin: values.RESTORED.bytes })
    // As from another machine, so that the server has gone back on a signed document, too.
    await this.quietly(0, ["environments", "disable", "development", "-y"])
    await this.household.endServer("SIGTERM")
    rmSync(dataDirectory, { recursive: true })
    cpSync(backup, dataDirectory, { recursive: true })
    rmSync(backup, { recursive: true })
    await this.household.startServer()
    await this.quietly(7, ["get", "RESTORED", ...production])
    await this.quietly(8, ["reconcile"])
    await this.quietly(0, ["restore", "accept", "-y"])
    await this.quietly(0, ["reconcile", "--apply"])
  }

  /** Types a value at a terminal, hidden. */
  async #type(): Promise<void> {
    const args = ["set", "PROMPTED", ...production]
    const terminal = new Terminal(args, this.household.env())
    await terminal.shows("Value of PROMPTED")
    this.household.watch.look()
    terminal.type(`${text(values.PROMPTED.bytes)}\r`)
    const { code, shown } = await terminal.end()
    assert.equal(code, 0, shown)
    this.said.push({ args, code, stdout: Buffer.from(shown), stderr: Buffer.alloc(0) })
  }

  async #readValues(): Promise<void> {
    for (const [name, { bytes }] of Object.entries(values)) {
      // The one is imported later, the other typed at a terminal.
      if (name === "MOVED" || (name === "PROMPTED" && noTerminal)) continue
      const args = ["get", name, ...environmentOf(name)]
      const { code, stderr, stdout } = await this.household.run(args)
      assert.equal(code, 0, text(stderr))
      assert.ok(stdout.equals(bytes), `${name} came back as ${stdout.length} other bytes`)
      this.said.push({ args, code, stderr, stdout: Buffer.alloc(0) })
    }
    const many = await this.household.run(["get-many", "STDIN", "PEM", ...production, "-o", "json"])
    const template = await this.household.run(["inject", "-i", "-", ...production], { stdin: "{{ STDIN }}" })
    assert.ok(template.stdout.equals(values.STDIN.bytes))
    this.said.push({ ...template, args: ["inject"], stdout: Buffer.alloc(0) })
    assert.deepEqual(JSON.parse(text(many.stdout)), { STDIN: text(values.STDIN.bytes), PEM: text(values.PEM.bytes) })
  }

  /** Kept in the cache, and taken from there. */
  async #readOffline(): Promise<void> {
    const names = ["STDIN", "PEM", "FILE"] as const
    for (const options of [["--max-stale", "1h"], ["--offline"]]) {
      for (const name of names) {
        const args = ["get", name, ...environmentOf(name), ...options]
        const { code, stderr, stdout } = await this.household.run(args)
        assert.equal(code, 0, text(stderr))
        assert.ok(stdout.equals(values[name].bytes), name)
        this.said.push({ args, code, stderr, stdout: Buffer.alloc(0) })
      }
    }
  }

  /** Into an environment, out of it again, and between the two: what changes is told by name. */
  async #moveValues(): Promise<void> {
    const [source, target] = [environmentOf("MOVED"), environmentOf("FILE")]
    const json = JSON.stringify({ MOVED: text(values.MOVED.bytes) })
    const stdin = { stdin: json }
    await this.quietly(0, ["import", "--format", "json", ...source, "--dry-run"], stdin)
    await this.quietly(0, ["import", "--format", "json", ...source, "-y"], stdin)
    await this.quietly(8, ["diff", "production", "staging"])
    await this.quietly(8, ["diff", ...target, "--file", "-", "--format", "json"], stdin)
    await this.quietly(0, ["copy", "MOVED", "--from", "production", "--to", "staging", "-y"])
    await this.quietly(0, ["promote", "MOVED", "--from", "staging", "--to", "production", "--dry-run"])
    const { code, stderr, stdout } = await this.household.run(["export", "MOVED", ...target, "--format", "json"])
    assert.equal(code, 0, text(stderr))
    assert.deepEqual(JSON.parse(text(stdout)), JSON.parse(json))
    await this.quietly(0, ["delete", "MOVED", ...target, "-y"])
  }

  /** A key, its successor by an overlap, and the one after that without. */
  async #rotateKeys(): Promise<void> {
    for (const args of [["create", "ci"], ["rotate"], ["rotate", "--overlap", "0", "-y"]]) {
      const id = this.#shownKeys.at(-1)?.slice(5, 21)
      const command = ["keys", ...args, ...(args[0] === "rotate" && id !== undefined ? [id] : [])]
      const { code, stderr, stdout } = await this.household.run(command)
      assert.equal(code, 0, text(stderr))
      const { CS_CLIENT_ACCESS_KEY: key } = JSON.parse(text(stdout))
      this.#shownKeys.push(key)
      // The key is meant to be shown, once; everything else of the output is not.
      this.said.push({ args: command, code, stderr, stdout: Buffer.from(text(stdout).replace(key, "")) })
    }
  }

  async #lookAround(): Promise<void> {
    await this.quietly(0, ["get-many", "STDIN", "PEM", ...production, "-o", "table"])
    await this.quietly(0, ["delete", "PEM", ...production, "-y"])
    await this.quietly(0, ["history", "PEM", ...production])
    await this.quietly(0, ["rollback", "PEM", ...production])
    await this.quietly(0, ["restore", "--to", "1h", ...production, "--dry-run"])
    await this.quietly(2, ["restore", "--to", "1h", ...production, "STDIN"])
    for (const args of [
      ["edit", "STDIN", ...production],
      ["edit", ...production],
    ]) {
      await this.quietly(0, args, { env: { EDITOR: "cat >/dev/null" } })
      await this.quietly(1, args, { env: { EDITOR: "false" } })
    }
    await this.quietly(0, ["list", ...production])
    await this.quietly(0, ["completion", "suggest", "--", "get", ...production, ""])
    for (const args of [["whoami"], ["doctor"], ["config", "explain"], ["clients", "list"], ["keys", "list"]]) {
      await this.quietly(0, args)
    }
    for (const command of ["list", "export", "verify"]) await this.quietly(0, ["audit", command])
  }

  async #learnKeys(setupToken: string, recoveryKit: string): Promise<Keys> {
    const { apiKey, clientKey } = this.admin
    const token = this.accessToken()
    const answer = await fetch(`${this.household.serverUrl}/v1/keysets/production`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const insider = await Insider.create(this.admin, this.admin, recoveryKit, { production: await answer.json() })
    return {
      setupToken: [textCanary("setup token", setupToken), bytes("setup token", parseSetupToken(setupToken))],
      recoveryKit: [textCanary("recovery kit", recoveryKit), bytes("workspace root", parseRecoveryKit(recoveryKit))],
      clientKey: [textCanary("client key", clientKey), bytes("client key", parseClientKey(clientKey))],
      // Its id is public.
      apiKey: [textCanary("secret of the API key", apiKey.slice(22)), bytes("API key", parseApiKey(apiKey).secret)],
      shownKeys: this.#shownKeys.flatMap((key) => [
        textCanary("secret of a shown API key", key.slice(22)),
        bytes("shown API key", parseApiKey(key).secret),
      ]),
      // Its header and claims are no secret, its signature is.
      accessToken: [textCanary("access token", token.slice(token.lastIndexOf(".") + 1))],
      halves: [
        bytes("client half", insider.keyset("production").clientHalf(1)),
        bytes("client's X-Wing key", insider.admin.kemPrivateKey()),
        bytes("client's self-wrap key", insider.admin.selfWrapKey()),
        bytes("client's cache key", insider.admin.cacheKey()),
        bytes("root's X-Wing key", insider.root.kemPrivateKey()),
      ],
    }
  }
}

function bytes(name: string, key: Uint8Array): Canary {
  return { name: `bytes of the ${name}`, bytes: key }
}
