/** One request to a server, as plainly as possible. */

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  /** Parsed when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

/** `token` goes into the Authorization header; `body` is sent as JSON unless it is a string. */
export async function apiCall(
  url: string,
  request: {
    readonly method?: string
    readonly path: string
    readonly token?: string | undefined
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
  },
): Promise<ApiAnswer> {
  const { method = "GET", path, token, body, headers = {} } = request
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && typeof body !== "string" && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get("content-type") ?? "")
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}
