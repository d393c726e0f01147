/** Dotenv files for tests, from pieces that readers of such files trip over, and what the package `dotenv` makes of them. */
import { createRequire } from "node:module"
import { join } from "node:path"
import fc from "fast-check"

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

const piece = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("\nA=", "\nB: ", "\nexport C=", "\n_d.e-f =", "\n") },
  { weight: 6, arbitrary: fc.constantFrom(...pieces) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }) },
)

/** A file of up to 40 pieces. */
export const dotenvFile = fc.array(piece, { minLength: 5, maxLength: 40, size: "max" }).map((parts) => parts.join(""))

/** `parse` of the package `dotenv` 18, which is installed for tests only. */
export const parseAsDotenv: (text: string) => Record<string, string> = createRequire(
  join(import.meta.dirname, "../../../../tests/peers/package.json"),
)("dotenv").parse
