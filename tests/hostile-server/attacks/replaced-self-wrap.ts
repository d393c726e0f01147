import { randomBytes } from "node:crypto"
import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "replace only the self-wrap, which a client ignores in favour of its grant",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "one of another half": aboutDocuments(async ({ grants }, { insider }) => {
      grants[0].selfWrap = (await insider.grantOf("production", randomBytes(32))).selfWrap
    }),
    "random bytes": aboutDocuments(({ grants }) => {
      grants[0].selfWrap = randomBytes(60).toString("base64url")
    }),
    none: aboutDocuments(({ grants }) => {
      grants[0].selfWrap = null
    }),
  },
  refused: "harmless",
}
