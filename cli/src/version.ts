/** The CLI's version; a test compares it with package.json. */
export const version = "0.1.0"

/** What it speaks with servers. */
export const protocol = "halfkey/v1"
