import manifest from "../package.json" with { type: "json" }

/** Of this server, as in its package.json. */
export const version: string = manifest.version
