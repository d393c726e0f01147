import { type Attack, aboutDocuments, type Lie } from "../attack.ts"

const last = (text: string) => text.slice(0, -1)
const many = (count: number) => Array.from({ length: count })

const lies: Record<string, Lie> = {
  "an unknown field of the manifest": aboutDocuments(({ manifests }) => {
    manifests[0].extra = 1
  }),
  "an unknown field of a member": aboutDocuments(({ manifests }) => {
    manifests[0].members[0].signPk = ""
  }),
  "an unknown field of the roster": aboutDocuments(({ rosters }) => {
    rosters[0].extra = null
  }),
  "an unknown field of a grant": aboutDocuments(({ grants }) => {
    grants[0].half = "AAAA"
  }),
  "a field that is missing": aboutDocuments(({ manifests }) => delete manifests[0].versionFloor),
  "a field that is null": aboutDocuments(({ manifests }) => {
    manifests[0].members = null
  }),
  "an absent field that is missing": aboutDocuments(({ rosters }) => delete rosters[0].previousHash),
  "padded base64url": aboutDocuments(({ manifests }) => {
    manifests[0].rosterHash += "="
  }),
  "base64 with + and /": aboutDocuments(({ grants }) => {
    grants[0].enc = `+/${grants[0].enc.slice(2)}`
  }),
  "base64url with unused bits": aboutDocuments(({ manifests }) => {
    const hash: string = manifests[0].rosterHash
    manifests[0].rosterHash = last(hash) + String.fromCharCode(hash.charCodeAt(hash.length - 1) + 1)
  }),
  "base64url with white space": aboutDocuments(({ manifests }) => {
    manifests[0].signature += "\n"
  }),
  "bytes that are too short": aboutDocuments(({ manifests }) => {
    manifests[0].rosterHash = "AAAA"
  }),
  "bytes that are too long": aboutDocuments(({ grants }) => {
    grants[0].sealedHalf += "AAAA"
  }),
  "bytes as a list": aboutDocuments(({ manifests }) => {
    manifests[0].rosterHash = many(32).fill(0)
  }),
  "an upper-case UUID": aboutDocuments(({ manifests }) => {
    manifests[0].keysetId = manifests[0].keysetId.toUpperCase()
  }),
  "a UUID without hyphens": aboutDocuments(({ grants }) => {
    grants[0].keysetId = grants[0].keysetId.replaceAll("-", "")
  }),
  "a client id that is another kind of UUID": aboutDocuments(({ manifests }) => {
    manifests[0].members[0].clientId = "00000000-0000-4000-8000-000000000000"
  }),
  "a lower-case workspace id": aboutDocuments(({ rosters }) => {
    rosters[0].workspaceId = rosters[0].workspaceId.toLowerCase()
  }),
  "a time without milliseconds": aboutDocuments(({ manifests }) => {
    manifests[0].createdAt = manifests[0].createdAt.replace(/\.\d+Z/, "Z")
  }),
  "a time with an offset": aboutDocuments(({ manifests }) => {
    manifests[0].createdAt = manifests[0].createdAt.replace("Z", "+00:00")
  }),
  "a time as a number": aboutDocuments(({ manifests }) => {
    manifests[0].createdAt = Date.parse(manifests[0].createdAt)
  }),
  "the 30th of February": aboutDocuments(({ rosters }) => {
    rosters[0].createdAt = "2026-02-30T00:00:00.000Z"
  }),
  "a number as text": aboutDocuments(({ manifests }) => {
    manifests[0].revision = "2"
  }),
  "a fraction": aboutDocuments(({ manifests }) => {
    manifests[0].revision = 2.5
  }),
  "a number beyond what numbers hold": aboutDocuments(({ manifests }) => {
    manifests[0].versionFloor = 2 ** 53
  }),
  "a negative number": aboutDocuments(({ manifests }) => {
    manifests[0].versionFloor = -1
  }),
  "revision 0": aboutDocuments(({ manifests }) => {
    manifests[0].revision = 0
  }),
  "epoch 0": aboutDocuments(({ manifests }) => {
    manifests[0].epochs[0].epoch = 0
  }),
  "an epoch beyond u32": aboutDocuments(({ manifests }) => {
    manifests[0].epochs[0].epoch = 2 ** 32
  }),
  "unsorted members": aboutDocuments(({ manifests }) => manifests[0].members.reverse()),
  "a member twice": aboutDocuments(({ manifests: [{ members }] }) => members.push(members.at(-1))),
  "a granter twice": aboutDocuments(({ rosters: [{ granters }] }) => granters.push(granters[0])),
  "unsorted epochs": aboutDocuments(({ manifests: [{ epochs }] }) => epochs.unshift({ ...epochs[0], epoch: 2 })),
  "members as an object": aboutDocuments(({ manifests }) => {
    manifests[0].members = { ...manifests[0].members }
  }),
  "too many members": aboutDocuments(({ manifests }) => {
    manifests[0].members = many(10_001).fill(manifests[0].members[0])
  }),
  "a label that moves the cursor": aboutDocuments(({ manifests }) => {
    manifests[0].members[0].label = "a\u001b[2Jb"
  }),
  "a label that changes direction": aboutDocuments(({ rosters }) => {
    rosters[0].granters[0].label = "a\u202eb"
  }),
  "a label with half a character": aboutDocuments(({ manifests }) => {
    manifests[0].members[0].label = "\ud800"
  }),
  "a name that no environment has": aboutDocuments(({ manifests }) => {
    manifests[0].name = "../production"
  }),
  "an unknown mode": aboutDocuments(({ manifests }) => {
    manifests[0].members[0].mode = "admin"
  }),
  "an unknown state": aboutDocuments(({ manifests }) => {
    manifests[0].state = "open"
  }),
  "a manifest that is a list": aboutDocuments(({ manifests }) => {
    manifests[0] = [manifests[0]]
  }),
  "a manifest that is text": aboutDocuments(({ manifests }) => {
    manifests[0] = JSON.stringify(manifests[0])
  }),
  "a field named __proto__": {
    text: (body) => body.replace('"manifests":[{', '"manifests":[{"__proto__":{"state":"enabled"},'),
  },
  "-0 for a number": { text: (body) => body.replace('"versionFloor":0', '"versionFloor":-0') },
}

export const attack: Attack = {
  tries: "spell a document in a way that only some readers take for the signed one",
  calls: ["get"],
  clients: ["fresh"],
  lies,
  refused: { code: "keyset_verification_failed", check: "encoding" },
}
