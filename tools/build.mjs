// Builds what is not built yet. On the pinned runtime: the bundles take from Node's modules the names that they have there.
import { buildCli } from "./build-cli.mjs"
import { buildServer } from "./build-server.mjs"

await Promise.all([buildCli(), buildServer()])
