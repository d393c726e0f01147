import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "hide a second value of a field behind the first, as parsers differ in which they take",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "the lie last": { text: (body) => body.replace(/"versionFloor":0/g, '"versionFloor":0,"versionFloor":9') },
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
