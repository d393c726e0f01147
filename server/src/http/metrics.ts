/** Prometheus metrics: numbers only, no names, no ids. */
import { performance } from "node:perf_hooks"
import { Counter, Gauge, Histogram, Registry } from "prom-client"
import type { Counters } from "../domain/caller.ts"

export class Metrics implements Counters {
  readonly #registry = new Registry()
  readonly #requests: Histogram<"method" | "route" | "status">
  readonly #seeds: Counter
  readonly #records: Counter
  readonly #auditEntries: Counter<"outcome">
  readonly #unauthenticated: Counter<"code">

  constructor() {
    const registers = [this.#registry]
    processMetrics(registers)
    this.#requests = new Histogram({
      name: "halfkey_http_request_seconds",
      help: "Duration of requests by route and status",
      labelNames: ["method", "route", "status"],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    })
    this.#seeds = new Counter({ name: "halfkey_seeds_total", help: "Key seeds released", registers })
    this.#records = new Counter({ name: "halfkey_records_written_total", help: "Records written", registers })
    this.#auditEntries = new Counter({
      name: "halfkey_audit_entries_total",
      help: "Audit entries written",
      labelNames: ["outcome"],
      registers,
    })
    this.#unauthenticated = new Counter({
      name: "halfkey_unauthenticated_total",
      help: "Requests of callers who could not be authenticated",
      labelNames: ["code"],
      registers,
    })
  }

  request(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds)
  }

  seedsReleased(count: number): void {
    this.#seeds.inc(count)
  }

  recordsWritten(count: number): void {
    this.#records.inc(count)
  }

  auditEntry(outcome: "allowed" | "denied"): void {
    this.#auditEntries.inc({ outcome })
  }

  unauthenticated(code: string): void {
    this.#unauthenticated.inc({ code })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

/**
 * Looked at only when somebody asks. The library's own default metrics wake an idle process a hundred times a second and
 * are called at every garbage collection.
 */
function processMetrics(registers: Registry[]): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss())
  gauge("process_start_time_seconds", "Start of the process since 1970", () => performance.timeOrigin / 1000)
  gauge("nodejs_heap_used_bytes", "Heap in use, of the main thread", () => process.memoryUsage().heapUsed)
  let before = performance.eventLoopUtilization()
  gauge("nodejs_eventloop_utilization", "Share of time that the main thread was busy, since the last look", () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  })
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time of all threads",
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
}
