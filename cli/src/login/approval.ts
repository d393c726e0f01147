/** Waiting until an admin has approved the device, and looking at what was approved. */
import { HalfkeyError } from "@halfkey/core/formats/errors"
import { Admin, type Failure, type OwnEnvironment, unwrap, type WorkspaceInfo } from "halfkey/admin"
import { profileOptions } from "../connect.ts"
import type { Context } from "../context.ts"
import { ProgressLine } from "../output/progress.ts"
import type { Profile } from "../settings/profiles.ts"

/** Between two questions, as RFC 8628 has its devices ask. */
const everyMs = 2000

export interface Approved {
  readonly role: WorkspaceInfo["caller"]["role"]
  /** By their signed manifests: what the server says of them counts for nothing. */
  readonly environments: readonly OwnEnvironment[]
}

/** Throws what the server refuses with, and every check of S4 that what it serves does not pass. */
export async function awaitApproval(context: Context, name: string, device: Profile): Promise<Approved> {
  const admin = new Admin(profileOptions(context.configDirectory, name, device))
  const progress = new ProgressLine(context)
  const startedAt = context.now()
  try {
    for (;;) {
      const { data, failure } = await admin.workspace()
      if (data !== undefined) {
        progress.end()
        return { role: data.caller.role, environments: unwrap(await admin.environments.own()) }
      }
      if (!mayPass(failure)) throw notApproved(failure)
      progress.note(`waiting for an admin, ${Math.round((context.now() - startedAt) / 1000)} s`)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  } finally {
    progress.end()
    await admin.close()
  }
}

/** Whoever waits for a person does not give up because a network is gone for a moment. */
function mayPass({ code, retryable }: Failure): boolean {
  return code === "device_pending" || retryable
}

function notApproved(failure: Failure): Failure | HalfkeyError {
  if (failure.code === "client_revoked") {
    return new HalfkeyError("client_revoked", "this device was approved, and revoked again", {
      hint: "halfkey login once more, for another key",
    })
  }
  if (failure.code !== "invalid_client") return failure
  return new HalfkeyError("invalid_client", `nobody approved this device in time: ${failure.message}`, {
    hint: "halfkey login   (asks once more, with the same key)",
  })
}
