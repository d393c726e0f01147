/** What people's devices and their admins do while they are lied to (S9). */
import assert from "node:assert/strict"
import { Admin, type DeviceKeys, type Failure, fileDevice, newDevice, unwrap } from "halfkey/admin"
import type { Call } from "./call.ts"
import type { Scene } from "./scene.ts"

/** A device as it is: with the code on its screen. */
export interface ShownDevice {
  readonly keys: DeviceKeys
  readonly code: string
}

const development = [{ name: "development", mode: "read" }] as const

/** Files a device directly at the server, unless one waits already: no more than a few may. */
async function oneThatWaits(scene: Scene): Promise<void> {
  await asAdmin(scene, async (admin) => {
    const { pending } = unwrap(await admin.devices.list())
    if (pending.some(({ clientId, status }) => clientId === scene.device?.keys.clientId && status === "pending")) return
    const keys = unwrap(await newDevice(scene.admin.workspaceCRN))
    const { code } = unwrap(await fileDevice({ endpoint: scene.server.url, device: keys, label: "laptop" }))
    scene.device = { keys, code }
  })
}

/** One that was let into development, to read. */
async function oneThatIsIn(scene: Scene): Promise<void> {
  await oneThatWaits(scene)
  await asAdmin(scene, async (admin) => {
    const approval = { code: shown(scene).code, environments: development }
    unwrap(await admin.devices.approve(approval, { compare: () => true }))
  })
}

async function asAdmin(scene: Scene, work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = new Admin(scene.options({ endpoint: scene.server.url }))
  await work(admin).finally(() => admin.close())
}

function shown({ device }: Scene): ShownDevice {
  if (device === undefined) throw new Error("no device was made")
  return device
}

/** As that device, through the proxy: what `halfkey login` does once it is approved. */
async function asDevice<T>(scene: Scene, work: (admin: Admin) => Promise<T>): Promise<T> {
  const { clientId, clientKey } = shown(scene).keys
  const admin = new Admin(scene.options({ apiKey: undefined, clientId, clientKey, device: true }))
  return await work(admin).finally(() => admin.close())
}

export const deviceCalls: Readonly<Record<string, Call>> = {
  "approve device": {
    about: ["GET /v1/devices"],
    before: oneThatWaits,
    sdk: ({ admin }, scene) =>
      admin.devices.approve({ code: shown(scene).code, environments: development }, { compare: () => true }),
    cli: (scene) => ({ args: ["devices", "approve", shown(scene).code, "-e", "development", "--mode", "read"] }),
  },
  "approve device by id": {
    about: ["GET /v1/devices"],
    before: oneThatWaits,
    // A person looks at both screens.
    sdk: ({ admin }, scene) => {
      const { code, keys } = shown(scene)
      const approval = { device: keys.clientId, environments: development }
      return admin.devices.approve(approval, { compare: (comparison) => comparison.code === code })
    },
  },
  "file device": {
    about: ["POST /v1/devices"],
    before: oneThatWaits,
    sdk: (_, scene) => fileDevice({ endpoint: scene.proxy.url, device: shown(scene).keys, label: "laptop" }),
  },
  "revoke device": {
    about: ["DELETE /v1/devices/"],
    requestsMax: 100,
    before: oneThatIsIn,
    sdk: async ({ admin }, scene) => {
      const { data, failure } = await admin.devices.revoke(shown(scene).keys.clientId)
      return failure ? { failure } : { data: data.environments }
    },
    cli: (scene) => ({ args: ["devices", "revoke", shown(scene).keys.clientId, "-y"] }),
    truth: (result) => assert.deepEqual(unwrap(result), ["development"]),
    tells: /signed again without it: development\n/,
  },
  "find out where a device is in": {
    about: ["GET /v1/keysets", "GET /v1/workspace"],
    before: oneThatIsIn,
    sdk: async (_, scene) =>
      await asDevice(scene, async (admin) => {
        const { failure } = await admin.workspace()
        return failure ? { failure: failure as Failure } : await admin.environments.own()
      }),
    truth: (result) => {
      const own = unwrap(result) as { name: string; mode: string }[]
      assert.deepEqual(
        own.map(({ mode, name }) => [name, mode]),
        [["development", "read"]],
      )
    },
  },
}
