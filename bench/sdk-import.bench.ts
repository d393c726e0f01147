// What importing the SDK costs a program: time in a fresh process beside one that imports nothing, and bytes to load.
import { pathToFileURL } from "node:url"
import { processMs } from "./fresh-process.ts"
import { compare } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { bundleSdk } from "./sdk-bundle.ts"

const options = readOptions()
const bundle = await bundleSdk()
const rounds = options.quick ? 7 : 41

const sdk = { parameters: ["-e", `import(${JSON.stringify(pathToFileURL(bundle.entry).href)})`] }
const nothing = { parameters: ["-e", "0"] }

const time = await compare({
  rounds,
  warmUp: 3,
  measured: () => processMs(sdk),
  baseline: () => processMs(nothing),
})

const [eager, lazy] = [bundle.eagerBytes / 1000, bundle.lazyBytes / 1000]
publish(options, [
  {
    row: "sdk-import",
    what: "SDK: import, fresh process",
    unit: "ms",
    baselineIs: "node -e 0",
    bar: { of: "difference", atMost: 10 },
    ...time,
  },
  {
    row: "sdk-import",
    what: "SDK: size, gzip, without the KEM",
    unit: "KB",
    baselineIs: "with the KEM",
    bar: { of: "measured", atMost: 60 },
    measured: eager,
    baseline: eager + lazy,
    difference: -lazy,
    ratio: eager / (eager + lazy),
    ratioRange: [eager / (eager + lazy), eager / (eager + lazy)],
  },
])
