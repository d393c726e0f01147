/** Every route says who may use it; a route that does not keeps the server from starting. */
import type { FastifyInstance, RouteOptions } from "fastify"
import type { RecoveryAction } from "../services/auth/recovery.ts"
import type { RuledAction } from "../services/rules.ts"

export type RouteAccess =
  /** Anybody, and why that is right. */
  | { readonly kind: "public"; readonly reason: string }
  /** Proof in the request itself: API key and client assertion; of a device, the assertion alone. */
  | { readonly kind: "api-key" }
  /** Proof in the request itself: an assertion of the very key that it files. */
  | { readonly kind: "client-key" }
  /** The server's one-time setup token. */
  | { readonly kind: "setup-token" }
  /** Proof in the request itself: an assertion of the workspace's root, which only a recovery kit can sign. */
  | { readonly kind: "workspace-root"; readonly action: RecoveryAction }
  /** An access token; the row of `services/rules.ts` decides. */
  | { readonly kind: "access-token"; readonly action: RuledAction }

export interface DeclaredRoute {
  readonly method: string
  /** As declared: `/v1/keysets/:id`. */
  readonly path: string
  readonly access: RouteAccess
}

declare module "fastify" {
  interface FastifyContextConfig {
    access?: RouteAccess
  }
}

/** Collects the routes that are declared from now on. Throws for one without an access rule. */
export function collectRoutes(app: FastifyInstance): DeclaredRoute[] {
  const routes: DeclaredRoute[] = []
  app.addHook("onRoute", (route: RouteOptions) => {
    const access = route.config?.access
    if (access === undefined) throw new Error(`${route.method} ${route.url} does not say who may use it`)
    for (const method of [route.method].flat()) routes.push({ method, path: route.url, access })
  })
  return routes
}

/** The methods that a path has, for answering 405. */
export function methodsOf(routes: readonly DeclaredRoute[], path: string): string[] {
  return routes.filter((route) => patternOf(route.path).test(path)).map(({ method }) => method)
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/[.]/g, "\\.").replaceAll(/:[a-z]+/gi, "[^/]+")}$`)
}
