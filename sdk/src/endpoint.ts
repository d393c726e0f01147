/** The server's address: where it comes from, and which addresses are refused. */
import { defaultRegion } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** Where a server listens unless told otherwise: the address for region `local.self`. */
const defaultEndpoint = "http://127.0.0.1:4253"

/** The endpoint for a region. Throws `missing_configuration` where there is no default. */
export function endpointOf(configured: string | undefined, region: string, allowInsecure: boolean): string {
  if (configured !== undefined) return checkedEndpoint(configured, allowInsecure)
  if (region === defaultRegion) return defaultEndpoint
  throw new HalfkeyError("missing_configuration", `no endpoint is set for region ${region}`, {
    hint: "set CS_ENDPOINT to the server's URL, or pass endpoint",
    facts: { missing: ["CS_ENDPOINT"] },
  })
}

/** The address without a slash at its end. Throws `invalid_configuration`; the text never is part of the error. */
export function checkedEndpoint(text: string, allowInsecure: boolean): string {
  if (!URL.canParse(text)) throw refused("it is not a URL", "use an address such as https://halfkey.example.com")
  const url = new URL(text)
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw refused("it holds a user, a query or a fragment", "use scheme, host, port and path only")
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refused("its scheme is neither https nor http", "use an address such as https://halfkey.example.com")
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecure) {
    throw refused(
      `http:// to ${url.hostname} would show the API key to everybody on the way`,
      "use https://; http:// is for this machine only",
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

function refused(why: string, hint: string): HalfkeyError {
  return new HalfkeyError("invalid_configuration", `the endpoint (CS_ENDPOINT) is refused: ${why}`, { hint })
}
