import { type Attack, aboutRead } from "../attack.ts"

export const attack: Attack = {
  tries: "answer a question for one version with another, honestly numbered",
  calls: ["get of version 1"],
  lies: {
    "the newest": aboutRead((answer, { truths }) => {
      answer.records = truths.now["production A"].records
    }),
  },
  refused: { code: "invalid_response", says: /another version/ },
}
