/**
 * Other readers of dotenv files, written anew for tests from what they do: Docker Compose (compose-go `dotenv`) and
 * `docker run --env-file` (docker/cli `opts.ParseEnvFile`).
 */

/** Throws where Compose refuses the file. */
export function readAsCompose(source: string): Map<string, string> {
  const found = new Map<string, string>()
  let rest = source
  for (;;) {
    rest = rest.trimStart()
    if (rest === "") return found
    const key = /^([\p{L}\p{N}_.-]+)=/u.exec(rest)
    if (key === null) throw new Error("Compose refuses the name")
    rest = rest.slice(key[0].length).replace(/^[\t\v\f\r \u0085\u00a0]+/, "")
    const quote = rest[0]
    let value: string
    if (quote === "'" || quote === '"') {
      let end = 1
      while (rest[end] !== quote || rest[end - 1] === "\\") {
        if (++end >= rest.length) throw new Error("Compose finds no end of the quotes")
      }
      value = rest.slice(1, end)
      if (quote === '"') value = withoutVariables(withoutEscapes(value))
      rest = rest.slice(end + 1)
    } else {
      const line = rest.split("\n", 1)[0] ?? ""
      rest = rest.slice(line.length)
      value = withoutVariables((line.split("#")[0] ?? "").replace(/[\s\u0085]+$/, ""))
    }
    found.set(key[1] ?? "", value)
  }
}

function withoutEscapes(value: string): string {
  const known: Readonly<Record<string, string>> = { "\\n": "\n", "\\r": "\r" }
  return value.replace(/\\./gs, (escaped) => known[escaped] ?? escaped.slice(1))
}

function withoutVariables(value: string): string {
  if (value.includes("$")) throw new Error("Compose replaces what is behind $")
  return value
}

/** Line by line, everything behind `=`; white space before a name goes, and so does a carriage return at the end. */
export function readAsDocker(source: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of source
    .split("\n")
    .map((each) => each.replace(/\r$/, "").replace(/^[\t\v\f\r \u0085\u00a0]+/, ""))) {
    if (line === "" || line.startsWith("#")) continue
    const at = line.indexOf("=")
    if (at < 1 || /\s/.test(line.slice(0, at))) throw new Error("docker refuses the name")
    found.set(line.slice(0, at), line.slice(at + 1))
  }
  return found
}
