/** `halfkey completion`: what a shell loads, and what that asks at each press of the Tab key. */
import type { CommandDefinition } from "../command.ts"
import { localNames } from "../completion/local-names.ts"
import { type Shell, scripts, shells } from "../completion/scripts.ts"
import { suggestions } from "../completion/suggestions.ts"
import type { Context } from "../context.ts"
import { usageError } from "../failure.ts"

export interface CompletionOptions {
  /** Missing: `words` are to be completed. */
  readonly shell: Shell | undefined
  readonly words: readonly string[]
}

export const definition: CommandDefinition<CompletionOptions> = {
  environments: "none",
  about: `Prints what the shell has to load. It completes commands, options, names of profiles, and names of environments and
secrets that this machine has seen. No server is asked, and no value is known to it.`,
  examples: [
    { does: "bash: a line for ~/.bashrc", line: 'eval "$(halfkey completion bash)"' },
    { does: "zsh: a line for ~/.zshrc, behind compinit", line: 'eval "$(halfkey completion zsh)"' },
    { does: "fish: a line for ~/.config/fish/config.fish", line: "halfkey completion fish | source" },
  ],
  define: (command) => {
    command
      .argument("<shell>", "bash, zsh or fish")
      .argument("[words...]", "behind suggest --, as those scripts ask: the words so far")
  },
  read: ([first, rest]) => {
    const words = Array.isArray(rest) ? rest.map(String) : []
    if (first === "suggest") return { shell: undefined, words }
    const shell = shells.find((each) => each === first)
    if (shell === undefined || words.length > 0) {
      throw usageError(`completion is for one of ${shells.join(", ")}`, "halfkey completion bash")
    }
    return { shell, words }
  },
}

export async function run(context: Context, { shell, words }: CompletionOptions): Promise<undefined> {
  if (shell !== undefined) context.streams.out(scripts[shell])
  else {
    const found = await suggestions(words, localNames(context.env, context.cwd))
    context.streams.out(found.map((text) => `${text}\n`).join(""))
  }
  return undefined
}
