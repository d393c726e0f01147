/** Requests that hold a secret where none belongs. The server refuses each, and must not give it back or write it down. */

export interface OddRequest {
  readonly path: string
  readonly init: RequestInit
  /** The secret stands where a name belongs. Names are public, so a refusal may tell them; the log may not. */
  readonly isName?: true
}

export function oddRequests(secret: string, accessToken: string, apiKey: string): OddRequest[] {
  const encoded = encodeURIComponent(secret)
  const authorization = `Bearer ${accessToken}`
  const headers = { "content-type": "application/json", authorization }
  const post = (path: string, body: unknown): OddRequest => ({
    path,
    init: { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) },
  })
  const form = (body: Readonly<Record<string, string>>): OddRequest => ({
    path: "/oauth/token",
    init: { method: "POST", body: new URLSearchParams(body) },
  })
  const write = { name: "A", previousVersion: 0, version: 1, deleted: false, record: secret }
  const commit = { environment: "production", writes: [write] }
  const credentials = { grant_type: "client_credentials", api_key: apiKey }
  const assertion = { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }
  return [
    { path: `/${encoded}`, init: {} },
    { path: `/v1/secrets?environment=production&limit=${encoded}`, init: { headers } },
    { path: `/v1/secrets?environment=${encoded}`, init: { headers } },
    { path: `/v1/secrets/${encoded}/versions?environment=production`, init: { headers }, isName: true },
    { path: `/v1/keysets/${encoded}`, init: { headers } },
    { path: `/v1/clients/${encoded}`, init: { method: "DELETE", headers } },
    { path: "/v1/workspace", init: { headers: { authorization: `Bearer ${encoded}` } } },
    { path: "/v1/workspace", init: { headers: { authorization: `Basic ${btoa(secret)}` } } },
    { path: "/v1/workspace", init: { method: "PATCH", headers, body: secret } },
    {
      path: "/v1/workspaces",
      init: { method: "POST", headers: { ...headers, authorization: `Bearer hkst_${encoded}` }, body: "{}" },
    },
    post("/v1/secrets/commit", secret),
    post("/v1/secrets/commit", `{"environment":"${secret}`),
    post("/v1/secrets/commit", commit),
    post("/v1/secrets/commit", { ...commit, [secret]: secret }),
    post("/v1/secrets/commit", { ...commit, environment: [secret] }),
    post("/v1/secrets/read", { environment: secret }),
    { ...post("/v1/secrets/read", { environment: "production", secrets: [{ name: secret }] }), isName: true },
    post("/v1/clients", { client: { label: secret }, keysets: [] }),
    {
      path: "/v1/secrets/commit",
      init: { method: "POST", headers: { ...headers, "content-type": `text/${encoded}` }, body: secret },
    },
    form({ ...credentials, api_key: secret }),
    form({ ...credentials, grant_type: secret }),
    form({ ...credentials, scope: secret }),
    form({ ...credentials, ...assertion, client_assertion: secret }),
    form({ ...credentials, ...assertion, client_assertion: `e30.${encoded}.e30` }),
    form({ [secret]: secret }),
  ]
}
