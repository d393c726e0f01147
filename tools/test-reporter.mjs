// A reporter of node:test for logs: a line for each file, every failure in full, why a test was skipped, and the closing "# tests …" lines.
import { relative } from "node:path"
import { inspect } from "node:util"

/** @param {string | undefined} file */
const short = (file) => (file === undefined ? "" : relative(process.cwd(), file))

/** @param {AsyncIterable<import("node:test/reporters").TestEvent>} source */
export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type === "test:fail") {
      // A suite fails because of its tests, which have spoken already.
      const { error } = data.details
      if (/** @type {{ failureType?: string }} */ (error).failureType === "subtestsFailed") continue
      yield `\nFAILED ${data.name}\n  ${short(data.file)}:${data.line}\n`
      yield `${inspect(error.cause ?? error, { depth: 8 }).replaceAll(/^/gm, "  ")}\n\n`
    } else if (type === "test:pass" && typeof data.skip === "string") {
      yield `skipped ${data.name}: ${data.skip}\n`
    } else if (type === "test:stdout" || type === "test:stderr") {
      yield data.message
    } else if (type === "test:summary" && data.file !== undefined) {
      const { passed, tests, skipped } = data.counts
      const note = skipped > 0 ? `, ${skipped} skipped` : ""
      yield `${data.success ? "ok    " : "not ok"} ${short(data.file)} (${passed}/${tests}${note}, ${Math.round(data.duration_ms)} ms)\n`
    } else if (type === "test:diagnostic" && data.nesting === 0 && /^[a-z_]+ [\d.]+$/.test(data.message)) {
      yield `# ${data.message}\n`
    }
  }
}
