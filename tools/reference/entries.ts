/** The public entries of the package, and what their pages begin with. */
export interface Entry {
  /** As in `halfkey/<name>`. */
  readonly name: string
  /** Below sdk/src, without its ending. */
  readonly source: string
  readonly about: string
}

export const entries: readonly Entry[] = [
  {
    name: "secrets",
    source: "secrets",
    about: `Reading and writing secrets. Every method resolves to a [\`Result\`](#result): \`{ data }\` or \`{ failure }\`. In the examples
\`secrets\` is a \`Secrets\` of the environment production, with some secrets in it, and \`z\` is zod. Everything else is imported from
the entry that it is in.`,
  },
  {
    name: "admin",
    source: "admin",
    about: `Administration: environments, clients, API keys, devices, the audit log. Everything is made and signed on the machine that
calls. In the examples \`admin\` is an \`Admin\` of a workspace with the environments production, staging and development, and \`clientId\`
that of a member of staging.`,
  },
  {
    name: "encryption",
    source: "encryption",
    about: `Values of a program's own database, encrypted on this machine under a key set: one for each tenant keeps tenants apart. In the
examples \`encryption\` is what [\`Encryption\`](#encryption) gives for the key set production, and \`users\` a table with the encrypted columns
\`email\` (text) and \`age\` (number).`,
  },
  {
    name: "cache",
    source: "file-cache",
    about: "Keeps what was read for when the server is away: sealed under the client key, on this machine's disk.",
  },
  {
    name: "testing",
    source: "test-kit",
    about: "A real server for tests of your own. It needs `@halfkey/server` (Node 22 or newer) beside the package.",
  },
]
