/** Where a server on this machine is reached. */

/** The endpoint of a server that is told to listen at `host` and `port`. */
export function listeningEndpoint(host: string, port: string, tls: boolean): string {
  const address = host.includes(":") ? `[${host}]` : host
  return reachable(`${tls ? "https" : "http"}://${address}:${port}`)
}

/** A server that listens everywhere is reached at the loopback address. */
export function reachable(endpoint: string): string {
  return endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:").replace(/\/$/, "")
}
