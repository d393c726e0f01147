/** What happened before what, in one process: each request is noted when it is sent, and whether the way out was answered by then. */
import type { Transport } from "halfkey/secrets"

export interface Sent {
  readonly path: string
  readonly authorization: string | undefined
  /** Sent after the answer arrived that puts the client out. */
  readonly afterwards: boolean
  /** `undefined` until it is answered. */
  status: number | undefined
}

export class Events {
  readonly sent: Sent[] = []
  /** Whether the answer has arrived. */
  isOut = false
  readonly #by: RegExp

  constructor(by: RegExp) {
    this.#by = by
  }

  /** Of the client that is put out. */
  readonly noting: Transport = async (request) => {
    const { pathname: path } = new URL(request.url)
    const { authorization } = request.headers
    const noted: Sent = { path, authorization, afterwards: this.isOut, status: undefined }
    this.sent.push(noted)
    const answer = await plain(request)
    noted.status = answer.status
    return answer
  }

  /** Of whoever puts it out. */
  readonly watching: Transport = async (request) => {
    const answer = await plain(request)
    const line = `${request.method} ${new URL(request.url).pathname}`
    if (this.#by.test(line) && answer.status < 300) this.isOut = true
    return answer
  }
}

const plain: Transport = async ({ body, headers, method, signal, url }) => {
  const response = await fetch(url, { method, headers, signal, ...(body !== undefined && { body }) })
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
}
