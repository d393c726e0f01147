/** Which versions the repository demands, and which ones there are. Files of this machine only: no registry is asked. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { findHalfkeyFile } from "../settings/halfkey-file.ts"
import { version } from "../version.ts"
import { isInRange } from "./version-range.ts"

export type DemandState = "ok" | "does not fit" | "not installed" | "cannot be compared"

export interface Demand {
  readonly part: "cli" | "sdk"
  /** `undefined`: it is demanded, and not there. */
  readonly found: string | undefined
  /** As npm writes ranges. */
  readonly range: string
  /** The file that says so. */
  readonly by: string
  readonly state: DemandState
}

/** Of `requires` in halfkey.json, and of the dependencies in the nearest package.json that names Halfkey. */
export function findDemands(cwd: string): Demand[] {
  const demands: Demand[] = []
  const file = findHalfkeyFile(cwd)
  if (file?.requires !== undefined) {
    demands.push(demand("cli", version, file.requires, file.path))
    const sdk = installedSdk(dirname(file.path))
    if (sdk !== undefined) demands.push(demand("sdk", sdk, file.requires, file.path))
  }
  const manifest = nearestManifest(cwd)
  if (manifest === undefined) return demands
  const { cli, path, sdk } = manifest
  if (cli !== undefined) demands.push(demand("cli", version, cli, path))
  if (sdk !== undefined) demands.push(demand("sdk", installedSdk(dirname(path)), sdk, path))
  return demands
}

function demand(part: Demand["part"], found: string | undefined, range: string, by: string): Demand {
  if (found === undefined) return { part, found, range, by, state: "not installed" }
  const fits = isInRange(found, range)
  return { part, found, range, by, state: fits === undefined ? "cannot be compared" : fits ? "ok" : "does not fit" }
}

interface Manifest {
  readonly path: string
  readonly cli: string | undefined
  readonly sdk: string | undefined
}

/** Up to the root of the repository, as for halfkey.json. */
function nearestManifest(cwd: string): Manifest | undefined {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const path = join(directory, "package.json")
    const { dependencies, devDependencies } = readObject(path) ?? {}
    const named = { ...objectOf(dependencies), ...objectOf(devDependencies) }
    const [cli, sdk] = [named["@halfkey/cli"], named["halfkey"]].map((range) =>
      typeof range === "string" ? range : undefined,
    )
    if (cli !== undefined || sdk !== undefined) return { path, cli, sdk }
    if (dirname(directory) === directory || existsSync(join(directory, ".git"))) return undefined
  }
}

/** As Node would find it from there. */
function installedSdk(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const found = readObject(join(directory, "node_modules", "halfkey", "package.json"))?.["version"]
    if (typeof found === "string" && /^\d+\.\d+\.\d+/.test(found)) return found
    if (dirname(directory) === directory) return undefined
  }
}

/** What is not there, or no JSON object, demands nothing: npm itself tells what is wrong with it. */
function readObject(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(readFileSync(path, "utf8")))
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}
