/** What stands between this machine and the server, each by itself: its name, its port, its certificate. */
import { lookup } from "node:dns/promises"
import { connect, isIP, type Socket } from "node:net"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { isLocalHost, startServerHint } from "../http/local-host.ts"
import { type Finding, fail, ok, warn } from "./finding.ts"

const withinMs = 10_000
const certificateWarnsBelowMs = 14 * 86_400_000

/** Ends at the first one that fails. `from` says where the endpoint was set. */
export async function checkConnection(endpoint: string, from: string, now: number): Promise<Finding[]> {
  const { hostname, port, protocol } = new URL(endpoint)
  const secure = protocol === "https:"
  const place = {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (secure ? 443 : 80),
    isLocal: isLocalHost(hostname),
    from,
  }
  const findings: Finding[] = []
  for (const check of [checkName, checkPort, ...(secure ? [checkCertificate] : [])]) {
    const finding = await check(place, now)
    if (finding !== undefined) findings.push(finding)
    if (finding?.status === "fail") break
  }
  return findings
}

interface Place {
  readonly host: string
  readonly port: number
  readonly isLocal: boolean
  readonly from: string
}

async function checkName({ from, host }: Place): Promise<Finding | undefined> {
  if (isIP(host) !== 0) return undefined
  try {
    const addresses = await inTime(lookup(host, { all: true }))
    return ok("dns", `${host} is ${addresses.map(({ address }) => address).join(", ")}`)
  } catch (error) {
    const code = codeOf(error)
    const typed = `check the host name: it is of ${from}`
    const hint = code === "ENOTFOUND" ? typed : `check this machine's network and name server\n${typed}`
    return fail("dns", `${host} has no address here: ${code}`, hint, 6)
  }
}

async function checkPort({ from, host, isLocal, port }: Place): Promise<Finding> {
  const at = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
  let socket: Socket | undefined
  try {
    socket = connect({ host, port })
    await opened(socket, "connect")
    return ok("tcp", `${at} answers`)
  } catch (error) {
    const code = codeOf(error)
    const typed = `check the server and its port: it is of ${from}`
    const hint =
      code !== "ECONNREFUSED"
        ? `check the network between, and its firewalls\n${typed}`
        : isLocal
          ? `${startServerHint}\n${typed}`
          : typed
    return fail("tcp", `nobody can be reached at ${at}: ${code}`, hint, 6)
  } finally {
    socket?.destroy()
  }
}

const authority = "NODE_EXTRA_CA_CERTS=<file with the certificate of your authority>"
const certificateHints: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  CERT_HAS_EXPIRED: "tell your operator that the certificate has expired; or is this machine's clock wrong?",
  CERT_NOT_YET_VALID: "set the clock of this machine (NTP)",
  ERR_TLS_CERT_ALTNAME_INVALID: "check the host name: the certificate is for another one",
}

async function checkCertificate({ from, host, port }: Place, now: number): Promise<Finding> {
  let socket: TLSSocket | undefined
  try {
    socket = connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) })
    await opened(socket, "secureConnect")
    const until = new Date(socket.getPeerCertificate().valid_to)
    const text = `${socket.getProtocol() ?? "TLS"}, certificate valid until ${until.toISOString()}`
    if (until.getTime() - now > certificateWarnsBelowMs) return ok("tls", text)
    return warn("tls", text, "tell your operator that it ends soon")
  } catch (error) {
    const code = codeOf(error)
    const hint = certificateHints[code] ?? `does the server speak http:// there? its address is of ${from}`
    return fail("tls", `no secure connection to ${host}: ${code}`, hint, 6)
  } finally {
    socket?.destroy()
  }
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return inTime(
    new Promise((resolve, reject) => {
      socket.once(event, resolve).on("error", reject)
      socket.once("close", () => reject(new Error("closed")))
    }),
  )
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("too late"), { code: "ETIMEDOUT" })), withinMs)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Names the kind of failure and nothing else. */
function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === "string" ? code : "the connection broke"
}
