// Where a file or an import belongs: `core/src/formats/pae.ts` is in package `core`, room `formats`.
import { isBuiltin } from "node:module"
import { posix } from "node:path"

export interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Repository {
  /** Text by path from the root, `core/src/formats/pae.ts`. */
  readonly sources: ReadonlyMap<string, string>
  /** package.json by folder; the root's is under ".". */
  readonly manifests: ReadonlyMap<string, Manifest>
}

export interface Place {
  /** The workspace's folder. */
  readonly package: string
  /** The folder below `src`, or "" for files directly in it. */
  readonly room: string
  readonly path: string
}

export type Target =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "workspace"; readonly name: string; readonly place: Place }
  | { readonly kind: "file"; readonly place: Place }

export function placeOf(path: string): Place {
  const [folder = "", src, ...rest] = path.split("/")
  return { package: folder, room: src === "src" && rest.length > 1 ? (rest[0] ?? "") : "", path }
}

/** Tests may reach further than what is shipped; `testing/` holds what several tests share. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.split("/").includes("testing")
}

export function targetOf(from: string, specifier: string, repository: Repository): Target {
  if (specifier.startsWith(".")) {
    return { kind: "file", place: placeOf(posix.join(posix.dirname(from), specifier)) }
  }
  if (isBuiltin(specifier)) return { kind: "builtin", name: specifier }
  const parts = specifier.split("/")
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/")
  for (const [folder, manifest] of repository.manifests) {
    // Every subpath export of the workspaces leads to the same path below src.
    if (manifest.name === name) {
      const place = placeOf(posix.join(folder, "src", specifier.slice(name.length + 1)))
      return { kind: "workspace", name, place }
    }
  }
  return { kind: "package", name }
}

export function declares(manifest: Manifest | undefined, name: string, development: boolean): boolean {
  const lists = [manifest?.dependencies, manifest?.optionalDependencies, manifest?.peerDependencies]
  if (development) lists.push(manifest?.devDependencies)
  return lists.some((list) => list !== undefined && Object.hasOwn(list, name))
}
