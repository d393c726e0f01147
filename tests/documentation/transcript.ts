/** Commands of the `console` blocks of a document, with what each is said to print. */
export interface Step {
  readonly command: string
  readonly output: string
}

export function transcript(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block)
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((entry) => {
        const [command = "", ...output] = entry.split("\n")
        return { command, output: output.join("\n") }
      }),
  )
}
