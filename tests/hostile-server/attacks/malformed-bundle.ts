import { type Attack, aboutDocuments } from "../attack.ts"

export const attack: Attack = {
  tries: "send something else where documents belong",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "a root key of a wrong length": aboutDocuments(({ root }) => {
      root.signPk = "AAAA"
    }),
    "no root": aboutDocuments((bundle) => delete bundle.root),
    "rosters that are no list": aboutDocuments((bundle) => {
      bundle.rosters = {}
    }),
    "no manifests": aboutDocuments((bundle) => delete bundle.manifests),
    "grants that are text": aboutDocuments((bundle) => {
      bundle.grants = "none"
    }),
    "documents that are a list": {
      json: (answer) => {
        answer.keyset = [answer.keyset]
      },
    },
    "no documents at all": { json: (answer) => delete answer.keyset },
  },
  refused: { code: "invalid_response", says: /answer/ },
}
