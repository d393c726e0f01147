/** What a server says about itself to everybody. Unproven: it serves for limits and messages. */
import { isRegion } from "@halfkey/core/formats/crn"
import { malformedAnswer } from "./answer-reader.ts"
import type { CallScope } from "./call-scope.ts"
import type { HttpCaller } from "./http-caller.ts"

export interface ServerDiscovery {
  readonly version: string
  readonly protocols: readonly string[]
  readonly region: string
  /** 32 bytes. */
  readonly auditKey: Uint8Array
  /** Most bytes of a value. */
  readonly valueMaxLength: number
  readonly needsSetup: boolean
  /** As the server's clock had it. */
  readonly date: string | undefined
}

export async function readDiscovery(http: HttpCaller, scope: CallScope): Promise<ServerDiscovery> {
  const { headers, json } = await http.call(scope, {
    method: "GET",
    path: "/.well-known/halfkey",
    repetition: "repeatable",
  })
  const region = json.field("region").text(100)
  if (!isRegion(region)) throw malformedAnswer("answer.region", "<region>.<provider>")
  return {
    version: json.field("version").shown(100),
    protocols: json
      .field("protocols")
      .list()
      .map((protocol) => protocol.shown(100)),
    region,
    auditKey: json.field("auditKey").bytes(32),
    valueMaxLength: json.field("valueMaxLength").integer(1),
    needsSetup: json.field("needsSetup").flag(),
    date: headers["date"],
  }
}
