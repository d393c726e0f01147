/** Calls of administration: what people sign, seal, rotate and recover while a server lies. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { createWorkspace, recoverWorkspace, unwrap } from "halfkey/admin"
import type { Result } from "halfkey/secrets"
import { asAdmin, type Call, is, type SdkClients } from "./call.ts"
import { type Scene, secretValue } from "./scene.ts"

const keyset = ["GET /v1/keysets/"]
const production = ["-e", "production"]

/** Everything was checked, and the caller said no. */
function wasStopped({ failure }: Result<unknown>): void {
  assert.equal(failure?.code, "aborted")
}

export const adminCalls: Readonly<Record<string, Call>> = {
  whoami: {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.workspace(),
    cli: () => ({ args: ["whoami"] }),
  },
  "update audit key": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.auditKey.compare(),
    cli: () => ({ args: ["audit-key", "update", "-y"] }),
  },
  "list clients": {
    about: ["GET /v1/clients"],
    sdk: ({ admin }) => admin.clients.list(),
    cli: () => ({ args: ["clients", "list"] }),
  },
  "list keys": {
    about: ["GET /v1/api-keys"],
    sdk: ({ admin }) => admin.apiKeys.list(),
    cli: () => ({ args: ["keys", "list"] }),
  },
  "list environments": {
    about: ["GET /v1/keysets"],
    sdk: ({ admin }) => admin.environments.list(),
    cli: () => ({ args: ["environments", "list"] }),
  },
  grant: {
    about: keyset,
    sdk: ({ admin }, { member, otherMode }) => admin.clients.grant(member.clientId, ["development"], otherMode),
    cli: ({ member, otherMode }) => ({
      args: ["clients", "grant", member.clientId, "-e", "development", "--mode", otherMode],
    }),
    after: (scene) => {
      scene.otherMode = scene.otherMode === "read" ? "read-write" : "read"
    },
  },
  revoke: {
    about: ["GET /v1/keysets", "GET /v1/clients"],
    // Two for each environment, and there are many by then.
    requestsMax: 100,
    before: (scene) =>
      asAdmin(scene, async ({ admin }) => {
        const environments = [{ name: "development" }, { name: "staging" }]
        const { client } = unwrap(await admin.clients.create({ label: "leaving", environments }))
        scene.leaving = client.clientId
      }),
    sdk: async ({ admin }, { leaving }) => {
      const { data, failure } = await admin.clients.revoke(leaving)
      return failure ? { failure } : { data: { ...data, environments: data.environments.toSorted() } }
    },
    cli: ({ leaving }) => ({ args: ["clients", "revoke", leaving, "-y"] }),
    truth: is({ environments: ["development", "staging"], notSigned: [] }),
    tells: /signed again without it: (?:development, staging|staging, development)\n/,
  },
  rotate: {
    about: keyset,
    requestsMax: 30,
    before: (scene) => asAdmin(scene, (clients) => prepareRotating(scene, clients)),
    sdk: ({ admin }) => admin.environments.rotate("rotating"),
    cli: () => ({ args: ["rotate", "-e", "rotating"] }),
    tells: /rotating has new keys/,
  },
  "rotate to the end": {
    about: ["POST /v1/secrets/stale"],
    requestsMax: 30,
    learns: true,
    before: (scene) =>
      asAdmin(scene, async (clients) => {
        const clientId = await newRotatingClient(scene, clients)
        unwrap(await clients.admin.grants.revoke(clientId, ["rotating"], { rotate: true }))
      }),
    sdk: ({ admin }) => admin.environments.rotate("rotating"),
    cli: () => ({ args: ["rotate", "-e", "rotating"] }),
    tells: /rotating has new keys/,
  },
  "revoke and rotate": {
    about: keyset,
    requestsMax: 100,
    sends: ["DELETE /v1/clients/"],
    before: async (scene) => {
      scene.leaving = await asAdmin(scene, (clients) => newRotatingClient(scene, clients))
    },
    sdk: async ({ admin }, { leaving }) => admin.clients.revoke(leaving, { rotate: true }),
    cli: ({ leaving }) => ({ args: ["clients", "revoke", leaving, "--rotate", "-y"] }),
    tells: /new keys, and nothing left under the old ones: rotating\n/,
  },
  "revoke grant and rotate": {
    about: keyset,
    before: async (scene) => {
      scene.leaver = await asAdmin(scene, (clients) => newRotatingClient(scene, clients))
    },
    sdk: ({ admin }, { leaver }) => admin.grants.revoke(leaver, ["rotating"], { rotate: true }),
    cli: ({ leaver }) => ({ args: ["grants", "revoke", leaver, "-e", "rotating", "--rotate", "-y"] }),
    // Whether somebody is left is looked up, verified, before the new keys are made.
    learns: true,
  },
  "disable environment": {
    about: keyset,
    before: (scene) => asAdmin(scene, (clients) => prepareRotating(scene, clients)),
    sdk: ({ admin }) => admin.environments.disable("rotating"),
    cli: () => ({ args: ["environments", "disable", "rotating", "-y"] }),
  },
  "destroy environment": {
    about: keyset,
    before: (scene) => asAdmin(scene, (clients) => prepareRotating(scene, clients)),
    sdk: ({ admin }) => admin.environments.destroy("rotating"),
    cli: () => ({ args: ["environments", "destroy", "rotating", "-y"] }),
  },
  reconcile: {
    about: keyset,
    sdk: ({ admin }) => admin.restore.compare(["production"]),
    cli: () => ({ args: ["reconcile", "-e", "production"] }),
  },
  // Stops where it would sign, so that production stays as the other attacks know it.
  "accept a restore": {
    about: keyset,
    sdk: ({ admin }) => admin.restore.accept(["production"], { anyway: true, beforeSigning: () => false }),
    cli: () => ({ args: ["restore", "accept", ...production, "--anyway"] }),
    // It looks at every environment, also at those that earlier attacks made.
    requestsMax: 100,
    truth: wasStopped,
    exit: 2,
    tells: /nothing was accepted: nobody can be asked here/,
  },
  "create client": {
    about: keyset,
    sdk: ({ admin }) => admin.clients.create({ label: "service", environments: [{ name: "development" }], apiKey: {} }),
    cli: () => ({ args: ["clients", "create", "service", "-e", "development"] }),
  },
  "rotate key": {
    about: ["POST /v1/api-keys/"],
    before: async (scene) => {
      const made = await asAdmin(scene, ({ admin }) => admin.apiKeys.create({ label: "rotated", role: "member" }))
      scene.apiKeyId = unwrap(made).apiKey.id
    },
    sdk: ({ admin }, { apiKeyId }) => admin.apiKeys.rotate(apiKeyId),
    cli: ({ apiKeyId }) => ({ args: ["keys", "rotate", apiKeyId] }),
  },
  "list grants": {
    about: keyset,
    sdk: ({ admin }) => admin.grants.list(["production"]),
    cli: () => ({ args: ["grants", "list", ...production] }),
  },
  "revoke grant": {
    about: keyset,
    before: async (scene) => {
      const leaver = { label: "leaver", environments: [{ name: "development" }] }
      scene.leaver = await asAdmin(
        scene,
        async ({ admin }) => unwrap(await admin.clients.create(leaver)).client.clientId,
      )
    },
    sdk: ({ admin }, { leaver }) => admin.grants.revoke(leaver, ["development"]),
    cli: ({ leaver }) => ({ args: ["grants", "revoke", leaver, "-e", "development", "-y"] }),
  },
  "list granters": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }) => admin.granters.list(),
    cli: () => ({ args: ["granters", "list"] }),
  },
  "add granter": {
    about: ["GET /v1/workspace"],
    // Stops where it would sign, so that the roster stays as the other attacks know it.
    sdk: ({ admin }, { member }) => admin.granters.add(member.clientId, { beforeSigning: () => false }),
    truth: wasStopped,
  },
  // It is one already, so that the roster stays as it is.
  "add granter again": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }, scene) => admin.granters.add(scene.admin.clientId),
    cli: ({ admin }) => ({ args: ["granters", "add", admin.clientId, "-y"] }),
  },
  // It is none.
  "remove granter": {
    about: ["GET /v1/workspace"],
    sdk: ({ admin }, { member }) => admin.granters.remove(member.clientId),
    cli: ({ member }) => ({ args: ["granters", "remove", member.clientId, "-y"] }),
  },
  recover: {
    about: ["POST /v1/recovery/read"],
    cli: ({ directory, proxy }) => ({
      args: ["recover", "--endpoint", proxy.url, "--kit-file", join(directory, "kit.txt"), "-y"],
    }),
    notHonestly: true,
    sdk: (_, { proxy, recoveryKit }) =>
      recoverWorkspace({ endpoint: proxy.url, recoveryKit, label: "rescuer", beforeRecovery: () => false }),
    truth: wasStopped,
  },
  "create workspace": {
    about: ["GET /.well-known/halfkey"],
    before: async (scene) => {
      scene.count += 1
      scene.token = await scene.setupToken()
    },
    sdk: (_, { proxy, token }) =>
      createWorkspace({ endpoint: proxy.url, setupToken: token, label: "admin", environments: ["production"] }),
    cli: ({ count, proxy, token }) => ({
      args: ["init", "--endpoint", proxy.url, "--setup-token-file", "-", "--save-profile", `other-${count}`],
      stdin: token,
    }),
  },
  "create environment": {
    about: ["GET /v1/workspace"],
    before: async (scene) => {
      scene.count += 1
    },
    sdk: ({ admin }, { count }) => admin.environments.create(`extra-${count}`),
    cli: ({ count }) => ({ args: ["environments", "create", `extra-${count}`] }),
  },
}

/** Makes an environment for attacks on rotations, once: the others stay as the other attacks know them. */
async function prepareRotating(scene: Scene, { admin, secrets }: SdkClients): Promise<void> {
  if (scene.hasRotating) {
    // Whatever the call before has done to it.
    unwrap(
      await admin.environments
        .undoDestroy("rotating")
        .then((undone) => (undone.failure ? admin.environments.enable("rotating") : undone)),
    )
    return
  }
  const to = { environment: "rotating" }
  unwrap(await admin.environments.create("rotating"))
  unwrap(await secrets.setMany({ R1: secretValue("one"), R2: secretValue("two") }, to))
  unwrap(await secrets.set("R1", secretValue("newer"), to))
  scene.hasRotating = true
}

async function newRotatingClient(scene: Scene, clients: SdkClients): Promise<string> {
  await prepareRotating(scene, clients)
  const leaver = { label: "leaver", environments: [{ name: "rotating" }] }
  return unwrap(await clients.admin.clients.create(leaver)).client.clientId
}
