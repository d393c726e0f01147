/** The only place where the parts of the server are put together. Tests start the same server as `main.ts`. */
import type { AddressInfo } from "node:net"
import { HalfkeyError } from "@halfkey/core/formats/errors"
import type { WorkspaceId } from "@halfkey/core/formats/ids"
import type { RootKey } from "@halfkey/core/key-service/root-key"
import { toBase64Url } from "@halfkey/core/primitives/bytes"
import { type RandomSource, systemRandom } from "@halfkey/core/primitives/random"
import type { Discovery } from "@halfkey/core/wire/discovery"
import type { FastifyInstance } from "fastify"
import type { DestinationStream, Logger } from "pino"
import type { Config } from "./config.ts"
import { lockDataDirectory, prepareDataDirectory, removePartialFiles } from "./data-directory.ts"
import type { Store } from "./domain/store.ts"
import { buildHttpServer } from "./http/http-server.ts"
import { Metrics } from "./http/metrics.ts"
import type { DeclaredRoute } from "./http/route-access.ts"
import type { Services } from "./http/services.ts"
import { followKeys } from "./key-follower.ts"
import { createLogger, requestLog } from "./log.ts"
import { openStore } from "./open-store.ts"
import { pooledRandom } from "./pooled-random.ts"
import { Forgetting, followReplicas } from "./replica-follower.ts"
import { settleKeyFiles } from "./root-key/key-file.ts"
import { loadRootKey } from "./root-key/load.ts"
import { SequencedLogs } from "./sequenced-logs.ts"
import { initializeServer, ServerKeys } from "./server-keys.ts"
import { AuditLog } from "./services/audit/audit-log.ts"
import { Checkpoints } from "./services/audit/checkpoints.ts"
import { AuditEntries } from "./services/audit/entries.ts"
import { Refusals } from "./services/audit/refusals.ts"
import { AccessTokens } from "./services/auth/access-tokens.ts"
import { ApiKeys } from "./services/auth/api-keys.ts"
import { Clients } from "./services/auth/clients.ts"
import { Devices } from "./services/auth/devices.ts"
import { Gate } from "./services/auth/gate.ts"
import { LastUses } from "./services/auth/last-uses.ts"
import { RateLimits } from "./services/auth/rate-limits.ts"
import { Recovery } from "./services/auth/recovery.ts"
import { TokenService } from "./services/auth/token-service.ts"
import { WorkspaceStates } from "./services/auth/workspace-state.ts"
import { Workspaces } from "./services/auth/workspaces.ts"
import { KeysetChanges } from "./services/keys/keyset-changes.ts"
import { Keysets } from "./services/keys/keysets.ts"
import { Purges } from "./services/keys/purges.ts"
import { RosterChanges } from "./services/keys/roster-changes.ts"
import { Rosters } from "./services/keys/rosters.ts"
import { SeedMakers } from "./services/keys/seed-makers.ts"
import { Seeds } from "./services/keys/seeds.ts"
import { ReadRecords } from "./services/vault/read-records.ts"
import { Reads } from "./services/vault/reads.ts"
import { Reseals } from "./services/vault/reseals.ts"
import { Writes } from "./services/vault/writes.ts"
import { ensureSetupToken, removeSetupToken, removeUsedSetupToken, setupTokenPath } from "./setup-token.ts"
import { startStreams } from "./streams/streams.ts"
import { version } from "./version.ts"

export interface ServerOptions {
  readonly config: Config
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly random?: RandomSource
  /** Where log lines go, one JSON object each. */
  readonly logDestination: DestinationStream
  /** Called when what is on disk is not known any more: the process must end. */
  readonly onFatal: (error: Error) => void
  /** Called when all is loaded, before the first request can come. */
  readonly beforeListening?: () => void
}

export interface RunningServer {
  /** `http://127.0.0.1:4253`, with the port that was really taken. */
  readonly url: string
  readonly address: AddressInfo
  readonly routes: readonly DeclaredRoute[]
  /** Opens the file that audit entries are streamed to again: it was renamed. */
  reopenStreams(): void
  /** Finishes requests, makes every write durable, gives the data directory back. */
  close(): Promise<void>
}

/** Starts a server. Throws a `HalfkeyError` that says what is wrong; then nothing is left open. */
export async function createServer(options: ServerOptions): Promise<RunningServer> {
  const { config, now = Date.now, random = systemRandom } = options
  const opened: (() => void | Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    const warning = prepareDataDirectory(config.dataDirectory, config.allowSharedDataDirectory)
    // On PostgreSQL replicas of one machine may share the directory: what is written there, is written by one at a time.
    if (config.postgres === undefined) opened.push(lockDataDirectory(config.dataDirectory))
    const logger = createLogger(config.logLevel, options.logDestination)
    if (warning !== undefined) logger.warn(warning)
    const sequenced = new SequencedLogs(logger)
    const store = await openStore({ config, log: logger, onFatal: options.onFatal, sequencer: sequenced })
    opened.push(() => store.close())
    const tokenPath = setupTokenPath(config.dataDirectory)
    const rootKey = await store.alone(async () => {
      removePartialFiles(config.dataDirectory)
      const opened = await openRootKey(config, store, now, random)
      if (!(await store.hasWorkspace())) await offerSetupToken(config, store, logger, now(), random)
      return opened
    })
    const keys = await ServerKeys.load({ store, rootKey, now })

    opened.push(sequenced.follow(new Checkpoints({ store, keys, now, onForeignKey: sequenced.onForeignKey })))
    const streams = startStreams(config.streams, store, logger, now)
    sequenced.stream(streams.pumps)
    opened.push(() => streams.stop())
    const metrics = new Metrics()
    const onCreated = async () => removeSetupToken(tokenPath)
    const ids = pooledRandom(random)
    const uses = new LastUses(store, () => logger.warn("the times of last use could not be stored: trying again later"))
    const { purges, forget, ...services } = buildServices({
      config,
      store,
      rootKey,
      keys,
      metrics,
      logger,
      uses,
      now,
      random,
      ids,
      onCreated,
    })
    opened.push(() => services.refusals.close())
    uses.start()
    opened.push(
      () => uses.stop(),
      () => purges.stop(),
    )
    let stopping = false
    const { app, routes } = await buildHttpServer({
      services,
      metrics,
      logger,
      logRequest: requestLog(logger, options.logDestination),
      random: ids,
      trustedProxies: config.trustedProxies,
      tls: config.tls,
      operations: {
        metrics,
        jwks: () => keys.jwks,
        discovery: () => discovery(config, store, keys),
        requireReady: async () => {
          if (stopping) throw new HalfkeyError("unavailable", "the server is stopping")
          await store.ping()
        },
      },
    })
    opened.push(() => app.close())
    logger.info({ version, region: config.region, rootKey: rootKey.fingerprint }, "halfkey-server starting")
    opened.push(await followKeys(keys, logger))
    followReplicas(store, keys, forget, () => {
      purges.look()
      // What is not read now is looked at with the next change.
      void removeUsedSetupToken(tokenPath, store).catch(() => {})
    })
    await app.ready()
    options.beforeListening?.()
    const address = await listen(app, config)
    const url = urlOf(config, address)
    purges.look()
    const close = async () => {
      stopping = true
      await closeAll()
      logger.info("halfkey-server stopped")
    }
    return { url, address, routes, reopenStreams: streams.reopen, close }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function offerSetupToken(config: Config, store: Store, log: Logger, now: number, random: RandomSource) {
  const mayBeElsewhere = config.postgres !== undefined
  if (await ensureSetupToken(setupTokenPath(config.dataDirectory), store, { mayBeElsewhere, now, random })) return
  log.info("another replica keeps the setup token: halfkey-server setup-token makes a new one here")
}

async function openRootKey(config: Config, store: Store, now: () => number, random: RandomSource): Promise<RootKey> {
  const server = await store.server()
  if (config.rootKey.kind === "file" && config.rootKey.isDefault) settleKeyFiles(config.rootKey.path, server?.rootKeyId)
  const loaded = loadRootKey(config.rootKey, server, random)
  if (server === undefined) await initializeServer(store, loaded, now(), random)
  return loaded.rootKey
}

function buildServices(parts: {
  readonly config: Config
  readonly store: Store
  readonly rootKey: RootKey
  readonly keys: ServerKeys
  readonly metrics: Metrics
  readonly uses: LastUses
  readonly now: () => number
  readonly random: RandomSource
  readonly ids: RandomSource
  readonly onCreated: () => Promise<void>
  readonly logger: Logger
}): Services & { readonly purges: Purges; readonly forget: Forgetting } {
  const { config, store, rootKey, keys, logger: log, metrics: counters, uses, now, random } = parts
  const states = new WorkspaceStates(store)
  const limits = new RateLimits({
    perSecond: config.rateLimit,
    refusedPerSecond: config.refusedRateLimit,
    clock: () => performance.now(),
  })
  const tokens = new AccessTokens(`halfkey:${config.region}`, keys, now, random)
  const entries = new AuditEntries(now, parts.ids)
  const onFailure = (error: unknown) => log.error({ err: error }, "an audit entry of a refusal is lost")
  const refusals = new Refusals({ store, states, entries, counters, now, onFailure })
  const gate = new Gate({ store, states, tokens, entries, refusals, counters, uses, now })
  const makers = new SeedMakers(store, rootKey)
  const destroyAfterMs = config.destroyAfterDays * 24 * 60 * 60 * 1000
  const changes = new KeysetChanges({ store, rootKey, now, random, destroyAfterMs })
  const records = new ReadRecords(store, makers)
  const forget = new Forgetting(states, records)
  const onPurged = (workspaceId: WorkspaceId) => forget.workspace(workspaceId)
  const purges = new Purges({ store, entries, now, random: parts.ids, onPurged, log })
  const { region, valueMaxLength } = config
  const { onCreated } = parts
  const rosterChanges = new RosterChanges(store, changes, keys)
  return {
    purges,
    forget,
    gate,
    limits,
    refusals,
    tokens: new TokenService({ store, states, tokens, entries, refusals, counters, uses, limits, now }),
    workspaces: new Workspaces({ gate, store, changes, entries, counters, region, keys, now, random, onCreated }),
    rosters: new Rosters({ gate, store, changes: rosterChanges }),
    recovery: new Recovery({ store, states, changes: rosterChanges, entries, refusals, counters, now, random }),
    clients: new Clients({ gate, store, changes, uses, now, random }),
    devices: new Devices({ gate, store, states, entries, refusals, counters, uses, now }),
    apiKeys: new ApiKeys({ gate, store, uses, now, random }),
    keysets: new Keysets({ gate, store, changes, onDestroyed: () => purges.look() }),
    seeds: new Seeds({ gate, store, makers, counters, random }),
    reads: new Reads({ gate, store, records, counters }),
    reseals: new Reseals({ gate, store, makers, counters, random }),
    auditLog: new AuditLog({ gate, store }),
    writes: new Writes({ gate, store, makers, counters, now, random, valueMaxLength }),
  }
}

async function discovery(config: Config, store: Store, keys: ServerKeys): Promise<Discovery> {
  return {
    version,
    protocols: ["halfkey/v1"],
    region: config.region,
    auditKey: toBase64Url(keys.auditKey),
    tokenEndpoint: "/oauth/token",
    jwksUri: "/.well-known/jwks.json",
    valueMaxLength: config.valueMaxLength,
    needsSetup: !(await store.hasWorkspace()),
  }
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<AddressInfo> {
  try {
    await app.listen({ host, port, listenTextResolver: (at) => `halfkey-server listening on ${at}` })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    if (code === "EADDRINUSE") {
      throw new HalfkeyError("port_in_use", `port ${port} of ${host} is taken by another program`, {
        hint: "stop it, or set HALFKEY_PORT to a free port",
        cause,
      })
    }
    throw new HalfkeyError("invalid_configuration", `the server cannot listen on ${host}, port ${port} (${code})`, {
      hint: "check HALFKEY_HOST and HALFKEY_PORT",
      cause,
    })
  }
  return app.server.address() as AddressInfo
}

function urlOf({ host, tls }: Config, { port }: AddressInfo): string {
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`
}
