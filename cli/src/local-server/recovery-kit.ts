/** The recovery kit on paper: shown once, kept by nobody else. */

/** A box for the terminal or the printer, in plain ASCII. */
export function recoveryKitBox(workspaceCRN: string, recoveryKit: string): string {
  return boxed([
    `Recovery kit of ${workspaceCRN}`,
    "",
    `  ${recoveryKit}`,
    "",
    "Print it or write it down, and keep it in a safe. It is shown this once",
    "and stored nowhere: when every admin's key is lost, only this kit can let",
    "a new admin in. Whoever holds it and the server can open everything.",
  ])
}

function boxed(lines: readonly string[]): string {
  const width = Math.max(...lines.map((line) => line.length))
  const edge = `+${"-".repeat(width + 2)}+`
  return `${[edge, ...lines.map((line) => `| ${line.padEnd(width)} |`), edge].join("\n")}\n`
}
