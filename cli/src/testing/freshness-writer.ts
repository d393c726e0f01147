/** A process that saves 25 floors, one after the other, as many commands at once would. Arguments: directory, number. */
import { fileFreshness } from "../storage/freshness-file.ts"

const [directory = "", number = ""] = process.argv.slice(2)
const hash = "A".repeat(43)
for (let count = 0; count < 25; count++) {
  const name = `S${number}_${count}`
  await fileFreshness(directory, "W").save({ secrets: { k: { [name]: { version: 1, epoch: 1, hash } } } })
}
