/** Addresses as text, in one form for each: so that a network compares with what arrived, and an audit entry is searchable. */
import { BlockList, isIP, SocketAddress } from "node:net"

/** Stands where nobody knows the address. It is in no network. */
const unknownAddress = "unknown"

/** Longer text is no address, with a port and a zone as well: 45 characters, `[]:65535`, and 15 of an interface's name. */
const addressMaxLength = 80

/**
 * An address in its one form, at most 39 characters: IPv4 with dots, also where it came in an IPv6 form; IPv6 as RFC 5952,
 * without its zone. Takes what proxies write too: a port behind it, and brackets. `unknown` for anything else, so that text
 * of a header never goes further.
 */
export function plainAddress(text: string | undefined): string {
  if (text === undefined || text.length > addressMaxLength) return unknownAddress
  const family = isIP(text)
  if (family === 4) return text
  if (family === 6) return shortened(text)
  const [, inBrackets, withPort] = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(text) ?? []
  if (inBrackets !== undefined && isIP(inBrackets) === 6) return shortened(inBrackets)
  if (withPort !== undefined && isIP(withPort) === 4) return withPort
  return unknownAddress
}

function shortened(text: string): string {
  const [address = ""] = text.split("%", 1)
  const short = new SocketAddress({ address, family: "ipv6" }).address
  return mappedIPv4(short) ?? short
}

/** An IPv4 address that arrived on an IPv6 socket is the IPv4 address. */
function mappedIPv4(short: string): string | undefined {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(short)?.[1]
}

export interface Network {
  readonly address: string
  /** Bits. */
  readonly prefix: number
  readonly family: "ipv4" | "ipv6"
}

/** Reads CIDR, as 10.0.0.0/8 or 2001:db8::/32; a bare address stands for itself. `undefined` when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [written = "", prefixText, ...rest] = text.split("/")
  const version = isIP(written)
  if (version === 0 || rest.length > 0 || written.includes("%")) return undefined
  const bits = version === 4 ? 32 : 128
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if (prefix > bits) return undefined
  if (version === 4) return { address: written, prefix, family: "ipv4" }
  const short = shortened(written)
  // IPv4 networks in their IPv6 form: the addresses in them arrive as IPv4.
  if (isIP(short) === 4 && prefix >= 96) return { address: short, prefix: prefix - 96, family: "ipv4" }
  return { address: written, prefix, family: "ipv6" }
}

const families = ["ipv4", "ipv6"] as const
const lists = new WeakMap<readonly string[], Record<Network["family"], BlockList>>()

/** Whether an address, as of `plainAddress`, is inside one of these networks. IPv4 is in no IPv6 network, `::/0` included. */
export function isInside(networks: readonly string[], address: string): boolean {
  let known = lists.get(networks)
  if (known === undefined) {
    known = { ipv4: new BlockList(), ipv6: new BlockList() }
    for (const text of networks) {
      const network = parseNetwork(text)
      if (network !== undefined) known[network.family].addSubnet(network.address, network.prefix, network.family)
    }
    lists.set(networks, known)
  }
  const family = families[[4, 6].indexOf(isIP(address))]
  return family !== undefined && known[family].check(address, family)
}

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8, "ipv4")
loopback.addAddress("::1", "ipv6")

/** Whether a host is this machine itself. */
export function isLoopback(host: string): boolean {
  const family = isIP(host)
  return host === "localhost" || (family !== 0 && loopback.check(host, family === 6 ? "ipv6" : "ipv4"))
}
