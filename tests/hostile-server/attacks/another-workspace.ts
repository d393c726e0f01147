import type { Attack } from "../attack.ts"

export const attack: Attack = {
  tries: "answer about another workspace",
  calls: ["whoami", "create environment"],
  clients: ["fresh", "cli"],
  lies: {
    "of another region": {
      json: (answer) => {
        answer.workspaceCRN = answer.workspaceCRN.replace("local.self", "eu.other")
      },
    },
    "of another id": {
      json: (answer, { insider }) => {
        answer.workspaceCRN = `crn:local.self:${insider.otherRoot.workspaceId}`
      },
    },
  },
  refused: { code: "invalid_response", says: /another workspace/ },
}
