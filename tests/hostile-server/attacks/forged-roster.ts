import { type Attack, aboutDocuments, type Json } from "../attack.ts"
import type { Scene } from "../scene.ts"

async function withAttacker(
  rosters: Json[],
  { insider }: Scene,
  by: "member" | "outsider",
  signerId?: "admin",
): Promise<void> {
  const keys = await insider.outsider.publicKeys()
  const { granters } = insider.keyset("production").roster
  const more = [...granters, { ...keys, label: "service" }].sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
  const signer = signerId && { signerId: insider[signerId].clientId }
  rosters.push(insider.nextRoster(rosters.at(-1), { granters: more, ...signer }, by))
}

export const attack: Attack = {
  tries: "make itself a granter by a roster of its own",
  calls: [
    "get",
    "set",
    "whoami",
    "create environment",
    "list grants",
    "list granters",
    "add granter",
    "add granter again",
    "remove granter",
    "rotate",
    "disable environment",
    "destroy environment",
    "reconcile",
  ],
  clients: ["fresh", "cli"],
  lies: {
    "signed by a member": aboutDocuments(({ rosters }, scene) => withAttacker(rosters, scene, "member")),
    "signed by itself, whom it lists": aboutDocuments(({ rosters }, scene) => withAttacker(rosters, scene, "outsider")),
    "signed in the granter's name": aboutDocuments(({ rosters }, scene) =>
      withAttacker(rosters, scene, "outsider", "admin"),
    ),
    "put into the first one": aboutDocuments(async ({ rosters }, { insider }) => {
      const { clientId, kemPk, signPk } = await insider.outsider.publicKeys()
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")
      rosters[0].granters = [{ clientId, signPk: text(signPk), kemPk: text(kemPk), label: "service" }]
    }),
    "the first one signed by the granter instead of the root": aboutDocuments(({ rosters }, { insider }) => {
      rosters[0] = insider.roster(rosters[0], {}, "admin")
    }),
    "with keys that are not the granter's": aboutDocuments(async ({ rosters }, { insider }) => {
      const { kemPk, signPk } = await insider.outsider.publicKeys()
      const granter = { clientId: insider.admin.clientId, kemPk, signPk, label: "admin" }
      rosters.push(insider.nextRoster(rosters[0], { granters: [granter] }, "admin"))
    }),
  },
  refused: { code: "keyset_verification_failed", check: "roster" },
}
