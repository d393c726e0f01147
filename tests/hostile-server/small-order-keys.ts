/** Every encoding, canonical or not, of the Ed25519 points of order 1, 2, 4 and 8 (RFC 8032; "Taming the many EdDSAs"). */
export const smallOrderKeys: Readonly<Record<string, string>> = {
  "order 1": `01${"00".repeat(31)}`,
  "order 1 with the other sign": `01${"00".repeat(30)}80`,
  "order 1, above p": `ee${"ff".repeat(30)}7f`,
  "order 1, above p, with the other sign": `ee${"ff".repeat(31)}`,
  "order 2": `ec${"ff".repeat(30)}7f`,
  "order 2 with the other sign": `ec${"ff".repeat(31)}`,
  "order 4": "00".repeat(32),
  "order 4 with the other sign": `${"00".repeat(31)}80`,
  "order 4, above p": `ed${"ff".repeat(30)}7f`,
  "order 4, above p, with the other sign": `ed${"ff".repeat(31)}`,
  "order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "order 8 with the other sign": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "another of order 8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "another of order 8 with the other sign": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
}

/** R is the neutral element and S is 0: under a key of small order this signs everything, for a lax verifier. */
export const smallOrderForgery = Buffer.from(`${smallOrderKeys["order 1"]}${"00".repeat(32)}`, "hex").toString(
  "base64url",
)
