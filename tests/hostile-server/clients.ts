/** The clients that are lied to, each with the state that it keeps on disk. */
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { problemCodes } from "@halfkey/core/formats/problem-codes"
import { Admin } from "halfkey/admin"
import { type Result, Secrets, unwrap } from "halfkey/secrets"
import type { ClientKind, Verdict } from "./attack.ts"
import type { Call } from "./call.ts"
import { fileFreshness } from "./file-freshness.ts"
import { runHalfkey } from "./halfkey.ts"
import type { Scene } from "./scene.ts"

export interface Outcome {
  readonly succeeded: boolean
  /** Everything that was said, for a search for what must not be said. */
  readonly said: string
  /** Fails unless the call gave the truth. */
  requireTruth(): void
  /** Why this is not the refusal that the verdict asks for, or `undefined`. */
  mismatch(verdict: Verdict): string | undefined
}

/** Every file that a client keeps, by its path. */
export type State = Readonly<Record<string, { readonly mode: string; readonly text: string }>>

export interface Victim {
  run(call: Call): Promise<Outcome>
  /** Makes it ask for a new access token. */
  forgetToken(): void
  state(): State
  close(): Promise<void>
}

export async function victimOf(kind: ClientKind, scene: Scene, timeoutMs: number | undefined): Promise<Victim> {
  const directory = mkdtempSync(join(scene.directory, "victim-"))
  if (kind === "cli") return new CliVictim(scene, directory)
  const victim = new SdkVictim(scene, directory, kind === "remembering", timeoutMs)
  if (kind === "warm") await victim.warmUp()
  return victim
}

class SdkVictim implements Victim {
  readonly #scene: Scene
  readonly #directory: string
  readonly #secrets: Secrets
  readonly #admin: Admin

  constructor(scene: Scene, directory: string, remembers: boolean, timeoutMs: number | undefined) {
    this.#scene = scene
    this.#directory = directory
    if (remembers) cpSync(join(scene.directory, "seen"), directory, { recursive: true })
    const options = scene.options({
      ...(remembers && { freshness: fileFreshness(directory) }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    })
    this.#secrets = new Secrets(options)
    this.#admin = new Admin(options)
  }

  async warmUp(): Promise<void> {
    unwrap(await this.#secrets.getMany(["A", "B"]))
    await this.#secrets.get("DEAD")
    for (const environment of ["staging", "development"]) unwrap(await this.#secrets.readAll({ environment }))
    unwrap(await this.#admin.workspace())
  }

  async run(call: Call): Promise<Outcome> {
    const result = await call.sdk({ secrets: this.#secrets, admin: this.#admin }, this.#scene)
    return new SdkOutcome(result, call)
  }

  /** It has none yet, being new. */
  forgetToken(): void {}

  state() {
    return stateOf(this.#directory)
  }

  async close(): Promise<void> {
    await this.#secrets.close()
    await this.#admin.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

class SdkOutcome implements Outcome {
  readonly said: string
  readonly #result: Result<unknown>
  readonly #call: Call

  constructor(result: Result<unknown>, call: Call) {
    this.#result = result
    this.#call = call
    this.said = JSON.stringify(result.failure ?? {})
  }

  get succeeded(): boolean {
    return this.#result.failure === undefined
  }

  requireTruth(): void {
    if (this.#call.truth) this.#call.truth(this.#result)
    else unwrap(this.#result)
  }

  mismatch({ check, code, says }: Verdict): string | undefined {
    const { failure } = this.#result
    if (failure === undefined) return "the lie was believed"
    const fits =
      failure.code === code &&
      (check === "any" || failure.check === check) &&
      (says === undefined || says.test(failure.message))
    return fits ? undefined : `refused as ${failure.code}, check ${failure.check}: ${failure.message}`
  }
}

class CliVictim implements Victim {
  readonly #scene: Scene
  readonly #directory: string

  constructor(scene: Scene, directory: string) {
    this.#scene = scene
    this.#directory = directory
    cpSync(scene.seenConfigDirectory, join(directory, "config"), { recursive: true })
  }

  forgetToken(): void {
    rmSync(join(this.#directory, "config", "tokens"), { recursive: true })
  }

  async run(call: Call): Promise<Outcome> {
    const { args, stdin = "" } = call.cli?.(this.#scene) ?? { args: [] }
    const { code, stderr, stdout } = await runHalfkey(args, {
      configDirectory: join(this.#directory, "config"),
      stdin,
    })
    const isRun = args[0] === "run"
    return {
      succeeded: code === 0,
      // What is no value may be shown, but must not move the cursor.
      said: call.prints === undefined ? stderr + stdout : stderr,
      requireTruth: () => {
        if (code !== (call.exit ?? 0)) throw new Error(`halfkey ${args.join(" ")} ended with ${code}: ${stderr}`)
        if (call.tells !== undefined && !call.tells.test(stderr)) throw new Error(`it said ${stderr}`)
        if (call.prints !== undefined && stdout !== call.prints) throw new Error(`it printed ${JSON.stringify(stdout)}`)
      },
      mismatch: ({ check, code: problem, says }) => {
        const exit = isRun ? 125 : problemCodes[problem].exit
        if (code === 0) return "the lie was believed"
        if (code !== exit) return `exit code ${code} instead of ${exit}: ${stderr}`
        if (stdout !== "") return `it printed something all the same: ${stdout}`
        if (check !== undefined && check !== "any" && !stderr.includes(`check "${check}"`))
          return `it does not name ${check}: ${stderr}`
        return says === undefined || says.test(stderr) ? undefined : `it says something else: ${stderr}`
      },
    }
  }

  state() {
    return stateOf(this.#directory)
  }

  async close(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function stateOf(directory: string): State {
  const paths = globSync("**", { cwd: directory }).sort()
  return Object.fromEntries(
    paths.map((path) => {
      const stat = statSync(join(directory, path))
      const text = stat.isDirectory() ? "" : readFileSync(join(directory, path), "utf8")
      return [path, { mode: stat.mode.toString(8), text }]
    }),
  )
}
