/** Calls about the states of environments: each turns one that is made for it, so that the others stay as they are. */
import assert from "node:assert/strict"
import { unwrap } from "halfkey/admin"
import { asAdmin, type Call } from "./call.ts"
import type { Scene } from "./scene.ts"

/** Those that no call turns, in order. */
const always = ["development", "production", "staging"]

const turned = ({ count }: Scene) => `turned-${count}`

/** Makes an environment, directly at the server. */
async function make(scene: Scene): Promise<void> {
  scene.count += 1
  await asAdmin(scene, async ({ admin }) => void unwrap(await admin.environments.create(turned(scene))))
}

export const stateCalls: Readonly<Record<string, Call>> = {
  "list states": {
    about: ["GET /v1/keysets"],
    // One more for each environment that is said to be disabled or destroyed.
    requestsMax: 100,
    sdk: async ({ admin }) => {
      const { data, failure } = await admin.environments.list()
      if (failure) return { failure }
      return {
        data: data
          .filter(({ name }) => always.includes(name))
          .map(({ name, purgedAt, state, undoUntil }) => ({ name, purgedAt, state, undoUntil })),
      }
    },
    truth: (result) =>
      assert.deepEqual(
        unwrap(result),
        always.map((name) => ({
          name,
          purgedAt: null,
          state: "enabled",
          undoUntil: null,
        })),
      ),
  },
  disable: {
    about: ["PUT /v1/keysets/"],
    before: make,
    sdk: ({ admin }, scene) => admin.environments.disable(turned(scene)),
    cli: (scene) => ({ args: ["environments", "disable", turned(scene), "-y"] }),
  },
  destroy: {
    about: ["PUT /v1/keysets/"],
    before: make,
    sdk: ({ admin }, scene) => admin.environments.destroy(turned(scene)),
    // The command shows first who loses it.
    learns: true,
    cli: (scene) => ({ args: ["environments", "destroy", turned(scene), "-y"] }),
  },
  "destroy and look": {
    about: ["PUT /v1/keysets/"],
    before: make,
    sdk: async ({ admin }, scene) => {
      const destroyed = await admin.environments.destroy(turned(scene))
      return destroyed.failure ? destroyed : await admin.grants.list([turned(scene)])
    },
    truth: (result) => assert.equal((unwrap(result) as { state: string }[])[0]?.state, "destroyed"),
  },
}
