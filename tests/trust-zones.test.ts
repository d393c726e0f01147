// The architecture test reads imports; here the zones are held by what really ends up in a bundle.
import assert from "node:assert/strict"
import { globSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { build, type Plugin } from "esbuild"
import { labelRows } from "./vectors/specification.ts"

const root = join(import.meta.dirname, "..")

/** Labels of what only the key service computes, and of what only a client computes. Everything else is for both. */
const serverLabels = ["seed", "wrap", "root-key/id"]
const clientLabels = [
  ...["self-wrap", "data-key", "salt", "grant", "half", "cache"],
  ...["client/sign", "client/kem", "client/self-wrap", "client/cache", "workspace/sign", "workspace/kem"],
]

/** The project's own code is bundled, whatever comes from a registry stays outside. */
const ownCodeOnly: Plugin = {
  name: "own-code-only",
  setup({ onResolve }) {
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
      kind === "entry-point" || /^(?:@halfkey\/|halfkey(?:\/|$))/.test(path) ? undefined : { path, external: true },
    )
  },
}

interface Bundle {
  readonly text: string
  /** Sources of which something is left. */
  readonly sources: readonly string[]
}

/** Every source of some packages as an entry, so that workers and lazily loaded files are among them. */
async function bundle(...packages: readonly string[]): Promise<Bundle> {
  const entryPoints = globSync(
    packages.map((name) => `${name}/src/**/*.ts`),
    { cwd: root, exclude: ["**/testing/**", "**/*.test.ts"] },
  )
  assert.ok(entryPoints.length > 10, `no sources of ${packages}`)
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: "nowhere",
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    plugins: [ownCodeOnly],
  })
  const outputs = Object.values(metafile.outputs)
  return {
    text: outputFiles.map(({ text }) => text).join("\n"),
    sources: outputs.flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  }
}

/** Whether some call makes a `pae` or a derivation under this label; the bundler may have numbered the function's name. */
function usesLabel({ text }: Bundle, label: string): boolean {
  const literal = `"${label.replaceAll("/", "\\/")}"`
  return new RegExp(`\\bpae\\d*\\(\\s*${literal}|\\bderive\\d*\\([^;{}]*${literal}`).test(text)
}

const zones = [
  {
    who: "SDK and CLI",
    packages: ["sdk", "cli"],
    own: clientLabels,
    foreign: serverLabels,
    room: "core/src/key-service/",
  },
  { who: "server", packages: ["server"], own: serverLabels, foreign: clientLabels, room: "core/src/client/" },
] as const

for (const { who, packages, own, foreign, room } of zones) {
  test(`the bundle of the ${who} holds every label of its own zone and none of the other`, async () => {
    const bundled = await bundle(...packages)
    // Its own labels prove that the search finds what is there.
    for (const label of own) assert.ok(usesLabel(bundled, label), `${label} was not found`)
    for (const label of foreign) assert.ok(!usesLabel(bundled, label), `${label} belongs to the other zone`)
    assert.deepEqual(
      bundled.sources.filter((path) => path.includes(room)),
      [],
    )
  })
}

test("each label is one of the specification", () => {
  for (const label of [...serverLabels, ...clientLabels]) assert.ok(labelRows.has(label), label)
})
