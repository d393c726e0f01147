import { manifestFormat } from "@halfkey/core/formats/manifest"
import { type Attack, aboutDocuments, type Json, type Lie } from "../attack.ts"
import type { Insider } from "../insider.ts"

/** Pushes a successor that a granter signed, though no successor may look like this. */
const successor = (changes: (previous: Json, insider: Insider) => object): Lie =>
  aboutDocuments(({ manifests }, { insider }) => {
    const previous = manifestFormat.parse(manifests.at(-1))
    manifests.push(insider.nextManifest(manifests.at(-1), changes(previous, insider)))
  })
const other = new Uint8Array(32)

export const attack: Attack = {
  tries: "serve a manifest chain with a hole or with a successor that no chain may have",
  calls: ["get", "set"],
  clients: ["fresh", "remembering"],
  lies: {
    none: aboutDocuments((bundle) => {
      bundle.manifests = []
    }),
    "the newest twice": aboutDocuments(({ manifests }) => manifests.push(manifests.at(-1))),
    "a hole": aboutDocuments(({ manifests }, { insider }) => {
      manifests.push(insider.nextManifest(insider.nextManifest(manifests.at(-1), {}), {}))
    }),
    backwards: aboutDocuments((bundle, { insider }) => {
      bundle.manifests = [insider.nextManifest(bundle.manifests.at(-1), {}), bundle.manifests.at(-1)]
    }),
    "a successor with another name": successor(() => ({ name: "other" })),
    "a successor of another kind": successor(() => ({ kind: "tenant" })),
    "a successor of another key set": successor((_, insider) => ({ keysetId: insider.keyset("staging").keysetId })),
    "a successor of another workspace": successor((_, insider) => ({ workspaceId: insider.otherRoot.workspaceId })),
    "another commitment to the same epoch": successor(({ epochs: [epoch] }) => ({
      epochs: [{ ...epoch, clientHalfCommitment: other }],
    })),
    "another recovery grant of the same epoch": successor(({ epochs: [epoch] }) => ({
      epochs: [{ ...epoch, recoveryHash: other }],
    })),
    "no epoch in a live one": successor(() => ({ epochs: [] })),
    "a link to another past": successor(() => ({ previousHash: other })),
    "without a link": successor(() => ({ previousHash: undefined })),
  },
  refused: { code: "keyset_verification_failed", check: "manifest" },
}
