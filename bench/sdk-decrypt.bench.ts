// 100 secrets from the answer's text to plain values, as `Secrets.readMany` does it: CPU of this process. The baseline
// does the arithmetic that no client can leave out, and nothing else: three HMACs and one AES-256-GCM for each record.
import { createDecipheriv, createHmac, createSecretKey, randomBytes } from "node:crypto"
import { Secrets, unwrap } from "halfkey/secrets"
import { compare, cpuMs } from "./measure.ts"
import { publish, readOptions } from "./options.ts"
import { recordVault } from "./recorded-vault.ts"

const secretsPerCall = 100
/** A usual connection string. */
const valueBytes = 60
const callsPerRound = 50

const options = readOptions()
const vault = await recordVault(secretsPerCall, valueBytes)
const secrets = new Secrets(vault.options)
const names = [...vault.names]

async function sdk(): Promise<void> {
  for (let call = 0; call < callsPerRound; call++) {
    const opened = unwrap(await secrets.readMany(names))
    if (opened.length !== secretsPerCall) throw new Error("secrets are missing")
  }
}

const clientHalf = createSecretKey(randomBytes(32))
const info = randomBytes(220)
const nonce = new Uint8Array(12)

function bare(): void {
  for (let call = 0; call < callsPerRound; call++) {
    for (const { keySeed, record } of vault.records) {
      // Prepared key objects: the quickest way in Node 24.
      const prk = createSecretKey(createHmac("sha256", clientHalf).update(keySeed).digest())
      const dek = createHmac("sha256", prk).update(info).digest()
      createHmac("sha256", prk).update(dek).update(info).digest()
      const decipher = createDecipheriv("aes-256-gcm", createSecretKey(dek), nonce)
      // Not final(): the halves here are not the records', so the tag cannot fit; it is computed all the same.
      decipher.update(record.subarray(88, -16))
    }
  }
}

const perCall = (work: () => void | Promise<void>) => async () => (await cpuMs(work)) / callsPerRound
const comparison = await compare({
  rounds: options.quick ? 5 : 25,
  warmUp: 3,
  measured: perCall(sdk),
  baseline: perCall(bare),
})
await secrets.close()
publish(options, [
  {
    row: "sdk-decrypt",
    what: "SDK: decrypt 100 secrets, CPU",
    unit: "ms",
    baselineIs: "bare HMAC + AES-GCM",
    bar: { of: "measured", atMost: 3 },
    ...comparison,
  },
])
