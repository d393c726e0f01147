import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "the same with the truth behind the lie: whatever is taken must fit the signature, and does",
  calls: ["get", "set"],
  clients: ["fresh", "cli"],
  lies: {
    "the truth last": { text: (body) => body.replace(/"versionFloor":0/g, '"versionFloor":9,"versionFloor":0') },
    "other white space and spelling": {
      text: (body) => body.replace(/"versionFloor":0/g, '"version\\u0046loor" : 0.0e0').replaceAll(',"', ' ,\n\t"'),
    },
    "unknown members around the documents": {
      json: (answer) => {
        answer.more = [1]
        answer.keyset.more = {}
      },
    },
  },
  refused: "harmless",
}
