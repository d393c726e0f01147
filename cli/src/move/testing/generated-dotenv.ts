/** Dotenv files for tests, always the same for a number: from pieces that readers of such files trip over. */

const pieces = [
  ..."AB_.-xy09 \t'\"`#=:$\\,{}",
  ..."\n\n\n\n\r",
  ...[
    "\r\n",
    "\\n",
    "\\r",
    "\\'",
    '\\"',
    "\\`",
    "''",
    '""',
    "``",
    " #",
    "# ",
    "=\n",
    "= ",
    ": ",
    "export ",
    "export\t",
  ],
  ...[
    "KEY=",
    "\nA=",
    "\nB=",
    "\nC = ",
    "\nexport D=",
    "\n# comment\n",
    "\nA='",
    '\nB="',
    "\nC=`",
    "'\n",
    '"\n',
    "`\n",
    "' #",
    '" #x',
  ],
  ...[
    "ü",
    "🔑",
    "\u00a0",
    "\u0085",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\u000b",
    "\u0000",
    `\${A}`,
    "$B",
    "value",
    "two words",
  ],
]

/** A file of up to 40 pieces. */
export function generatedDotenv(seed: number): string {
  const next = randomNumbers(seed)
  const length = next() % 40
  return Array.from({ length }, () => pieces[next() % pieces.length] ?? "").join("")
}

/** mulberry32: 32 bits a call, the same on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
