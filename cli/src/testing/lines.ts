/** The output of a program that goes on: a line at a time. All of it is taken at once, so that nothing waits or gets lost. */

export class Lines {
  #buffered = ""
  #isOver = false
  #more: (() => void) | undefined

  constructor(stream: NodeJS.ReadableStream) {
    stream.setEncoding("utf8")
    stream.on("data", (text: string) => {
      this.#buffered += text
      this.#more?.()
    })
    for (const event of ["end", "close"]) {
      stream.on(event, () => {
        this.#isOver = true
        this.#more?.()
      })
    }
  }

  /** The next one, without its newline. Throws when there is none any more. */
  async next(): Promise<string> {
    while (!this.#buffered.includes("\n")) {
      if (this.#isOver) throw new Error(`the output ended: ${JSON.stringify(this.#buffered)}`)
      await new Promise<void>((resolve) => {
        this.#more = resolve
      })
    }
    const end = this.#buffered.indexOf("\n")
    const line = this.#buffered.slice(0, end)
    this.#buffered = this.#buffered.slice(end + 1)
    return line
  }

  /** The next one that fits; those before it are gone. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.next()
      if (pattern.test(line)) return line
    }
  }
}
