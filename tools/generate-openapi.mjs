// Writes spec/openapi.json from the schemas that the server checks requests with:
//
//   node tools/setup.mjs --no-build tools/generate-openapi.mjs
import { writeFileSync } from "node:fs"
import { openApiDocument, openApiText } from "../server/src/http/openapi.ts"

writeFileSync(new URL("../spec/openapi.json", import.meta.url), openApiText(await openApiDocument()))
