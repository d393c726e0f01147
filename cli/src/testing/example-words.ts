/** The words behind the first `halfkey` of a line of shell, as a simple shell would cut them. */
export function exampleWords(line: string): string[] {
  const [, rest = ""] =
    /\bhalfkey (.*)$/.exec(line.replace(/ [|>].*$|\)"?$/, (end) => (end.includes("halfkey") ? end : ""))) ?? []
  return [...rest.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")
}
