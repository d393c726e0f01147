/** The server, but what only reads leaves no entry: to see what an entry costs. Nobody could be told that it is right. */
import { SqliteWriter } from "../server/src/store/sqlite/writer.ts"

SqliteWriter.prototype.appendAudit = async () => {}
await import("../server/src/main.ts")
