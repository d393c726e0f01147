import { type Attack, aboutManifest } from "../attack.ts"

export const attack: Attack = {
  tries: "change a field of the signed manifest and leave the signature",
  calls: ["get"],
  clients: ["fresh"],
  lies: {
    kind: aboutManifest((manifest) => {
      manifest.kind = "tenant"
    }),
    incarnation: aboutManifest((manifest) => {
      manifest.incarnation += 1
    }),
    versionFloor: aboutManifest((manifest) => {
      manifest.versionFloor = 5
    }),
    revision: aboutManifest((manifest) => {
      manifest.revision += 1
    }),
    previousHash: aboutManifest((manifest) => {
      manifest.previousHash = manifest.rosterHash
    }),
    state: aboutManifest((manifest) => {
      manifest.state = "disabled"
    }),
    createdAt: aboutManifest((manifest) => {
      manifest.createdAt = "2026-01-31T00:00:00.000Z"
    }),
    rosterHash: aboutManifest((manifest) => {
      manifest.rosterHash = manifest.previousHash
    }),
    "a recovery hash": aboutManifest(({ epochs, rosterHash }) => {
      epochs[0].recoveryHash = rosterHash
    }),
    "an epoch more": aboutManifest(({ epochs }) => epochs.push({ ...epochs[0], epoch: 2 })),
    "another epoch": aboutManifest(({ epochs }) => {
      epochs[0].epoch = 7
    }),
    "a mode": aboutManifest(({ members }) => {
      members[0].mode = "write"
    }),
    "a label": aboutManifest(({ members }) => {
      members[0].label = "somebody else"
    }),
    "a member less": aboutManifest(({ members }) => members.pop()),
    "a member's key": aboutManifest(({ members }) => {
      members[0].kemPk = members[1].kemPk
    }),
    "the signature": aboutManifest((manifest) => {
      const other = manifest.signature.startsWith("A") ? "B" : "A"
      manifest.signature = other + manifest.signature.slice(1)
    }),
    "the signer's name": aboutManifest((manifest, { insider }) => {
      manifest.signerId = insider.workspaceId
    }),
  },
  refused: { code: "keyset_verification_failed", check: "signature" },
}
