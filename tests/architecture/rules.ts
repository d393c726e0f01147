// The rules that keep the trust zones apart. Each answers with a sentence when an import breaks it.
import type { Place, Target } from "./places.ts"

type Rule = (from: Place, to: Target) => string | undefined

const placeIn = (to: Target) => (to.kind === "file" || to.kind === "workspace" ? to.place : undefined)
const isCore = (to: Target, room: string) => placeIn(to)?.package === "core" && placeIn(to)?.room === room
const isScoped = (name: string, ...scopes: string[]) => scopes.some((scope) => name.startsWith(`${scope}/`))

/** What of the world outside each room of core may use; everything else it gets handed in. */
const outsideOfCore: Readonly<Record<string, (to: Target) => boolean>> = {
  primitives: (to) =>
    (to.kind === "builtin" && to.name === "node:crypto") ||
    (to.kind === "package" && isScoped(to.name, "@noble", "@hpke")),
  wire: (to) => to.kind === "package" && to.name === "typebox",
}

const coreRooms: Readonly<Record<string, readonly string[]>> = {
  primitives: ["primitives", ""],
  formats: ["formats", "primitives", ""],
  wire: ["wire", "formats", ""],
  client: ["client", "formats", "primitives", "wire", ""],
  "key-service": ["key-service", "formats", "primitives", "wire", ""],
  "": [""],
}

/** Bytes, hashes, randomness and the redacted key type: everybody needs them, and nothing is decided by them. */
const harmlessPrimitives = ["bytes", "hash", "key-bytes", "random"].map((name) => `core/src/primitives/${name}`)

export const productionRules: readonly Rule[] = [
  function coreIsPure(from, to) {
    if (from.package !== "core" || placeIn(to)?.package === "core") return undefined
    if (outsideOfCore[from.room]?.(to)) return undefined
    return "core does no I/O: only core/src/primitives may use node:crypto, @noble/* and @hpke/*, only core/src/wire typebox, and nothing else"
  },

  function coreRoomsKeepTheirOrder(from, to) {
    const room = placeIn(to)?.room
    if (from.package !== "core" || room === undefined || placeIn(to)?.package !== "core") return undefined
    const allowed = coreRooms[from.room]
    if (allowed === undefined) return `core has no room "${from.room}": add it to the architecture test with its rules`
    if (allowed.includes(room)) return undefined
    if ([from.room, room].sort().join() === "client,key-service") {
      return "core/src/client and core/src/key-service are two trust zones and must not import each other"
    }
    if (from.room === "primitives")
      return "core/src/primitives may import nothing of core but itself and files directly in core/src"
    return `core/src/${from.room} may import only ${allowed.filter(Boolean).join(", ")} of core, not ${room}`
  },

  function clientStaysOutOfTheServer(from, to) {
    if (from.package !== "server" || !isCore(to, "client")) return undefined
    return "the server must never hold code that opens what clients sealed (core/client)"
  },

  function keyServiceStaysOnTheServer(from, to) {
    if (!["sdk", "cli", "dashboard"].includes(from.package) || !isCore(to, "key-service")) return undefined
    return `${from.package} must never hold the authority's code (core/key-service)`
  },

  function cryptographyStaysInCore(from, to) {
    if (from.package === "core" || !isCore(to, "primitives")) return undefined
    if (harmlessPrimitives.includes(placeIn(to)?.path.replace(/\.ts$/, "") ?? "")) return undefined
    return "only core may encrypt, sign and open; use what core/client, core/key-service or core/formats offers"
  },

  function domainKnowsNobody(from, to) {
    if (from.package !== "server" || from.room !== "domain") return undefined
    const place = placeIn(to)
    if (place?.package === "server" && place.room === "domain") return undefined
    if (isCore(to, "formats") || isCore(to, "wire")) return undefined
    return "server/src/domain may import only itself, core/formats and core/wire"
  },

  function storeKnowsNoRules(from, to) {
    if (from.package !== "server" || from.room !== "store" || placeIn(to)?.package !== "server") return undefined
    if (!["services", "http"].includes(placeIn(to)?.room ?? "")) return undefined
    return "server/src/store must not import services or http"
  },

  function servicesKnowNoTransport(from, to) {
    if (from.package !== "server" || from.room !== "services" || placeIn(to)?.package !== "server") return undefined
    if (!["store", "http"].includes(placeIn(to)?.room ?? "")) return undefined
    return "server/src/services must not import http or store; the store's interface is in server/src/domain"
  },
]

/** These hold for tests as well. */
export const everywhereRules: readonly Rule[] = [
  function packagesMeetByName(from, to) {
    if (to.kind !== "file" || to.place.package === from.package) return undefined
    return "a relative path leads out of the package; import the other package by its name"
  },

  function builtinsAreMarked(_from, to) {
    if (to.kind !== "builtin" || to.name.startsWith("node:")) return undefined
    return `write node:${to.name}, so that it cannot be mistaken for a package`
  },
]

/** What a package.json must not depend on, whatever its sources import today. */
export const forbiddenDependencies: Readonly<Record<string, (name: string) => boolean>> = {
  core: (name) => !(isScoped(name, "@noble", "@hpke") || name === "typebox"),
  sdk: (name) => ["@halfkey/server", "@halfkey/cli"].includes(name),
  server: (name) => ["halfkey", "@halfkey/cli"].includes(name),
}
