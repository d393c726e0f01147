/** Addresses of servers. */
import { defaultRegion, parseCrn } from "@halfkey/core/formats/crn"
import { HalfkeyError } from "@halfkey/core/formats/errors"

/** Where a server on this machine listens, unless told otherwise. */
export const localEndpoint = "http://127.0.0.1:4253"

/** One spelling for each endpoint, without a slash at the end. Throws `invalid_configuration`. `from` says where it was set. */
export function normalizeEndpoint(text: string, from: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid(from, "it is no URL")
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw invalid(from, "it must start with https:// or http://")
  if (url.username !== "" || url.password !== "") throw invalid(from, "it must not hold a user name or password")
  if (url.search !== "" || url.hash !== "") throw invalid(from, "it must not hold ? or #")
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

/** What a profile is called unless somebody names it: as the server's host. */
export function profileNameOf(endpoint: string): string {
  return new URL(endpoint).hostname.replace(/^\[|\]$/g, "").replaceAll(":", "-")
}

/** The endpoint of a workspace on this machine, or `undefined` for any other region. */
export function defaultEndpointOf(workspaceCRN: string): string | undefined {
  return parseCrn(workspaceCRN).region === defaultRegion ? localEndpoint : undefined
}

function invalid(from: string, why: string): HalfkeyError {
  return new HalfkeyError("invalid_configuration", `the endpoint of ${from} is not usable: ${why}`, {
    hint: "an endpoint looks like https://halfkey.example.com or http://127.0.0.1:4253",
  })
}
