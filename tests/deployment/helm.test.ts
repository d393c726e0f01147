/** The chart, rendered by what little of Helm's language it uses, and read as Kubernetes would. */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parseYaml } from "../../cli/src/testing/parse-yaml.ts"

const chart = join(import.meta.dirname, "../../deploy/helm/halfkey")
const read = (name: string) => readFileSync(join(chart, name), "utf8")

type Values = { [name: string]: unknown }

function lookUp(path: string, values: Values): unknown {
  const context: Values = { Values: values, Release: { Name: "halfkey" } }
  const found = path
    .slice(1)
    .split(".")
    .reduce<unknown>((at, name) => (at as Values | undefined)?.[name], context)
  assert.notEqual(found, undefined, `${path} is no value`)
  return found
}

/** `if`, `else` and `end` alone on their lines; values, also with `quote`. Anything else is no part of this chart. */
function render(template: string, values: Values): string {
  const shown: boolean[] = []
  const lines: string[] = []
  for (const line of template.split("\n")) {
    const control = /^\s*\{\{- (if (\.[\w.]+)|else|end) \}\}$/.exec(line)
    if (control?.[2] !== undefined) shown.push(Boolean(lookUp(control[2], values)))
    else if (control?.[1] === "else") shown.push(!shown.pop())
    else if (control?.[1] === "end") shown.pop()
    else if (shown.every(Boolean)) {
      lines.push(
        line.replaceAll(/\{\{ (\.[\w.]+)( \| quote)? \}\}/g, (_, path: string, quote?: string) => {
          const value = String(lookUp(path, values))
          return quote === undefined ? value : JSON.stringify(value)
        }),
      )
    }
  }
  assert.equal(shown.length, 0)
  const text = lines.join("\n")
  assert.ok(!text.includes("{{"), text)
  return text
}

interface Container {
  readonly image: string
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly securityContext: object
  readonly volumeMounts: readonly { readonly name: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe: {
    readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string }
  }
}

interface Deployment {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: {
    readonly replicas: number
    readonly selector: { readonly matchLabels: object }
    readonly template: {
      readonly metadata: { readonly labels: object }
      readonly spec: {
        readonly securityContext: { readonly runAsNonRoot: boolean }
        readonly containers: readonly [Container]
        readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[]
      }
    }
  }
}

const usual = parseYaml<Values>(read("values.yaml"))

test("the chart says what it is", () => {
  const { apiVersion, name, version, type } = parseYaml<Values>(read("Chart.yaml"))
  assert.deepEqual([apiVersion, name, type], ["v2", "halfkey", "application"])
  assert.match(String(version), /^\d+\.\d+\.\d+$/)
  assert.deepEqual(readdirSync(join(chart, "templates")).sort(), ["deployment.yaml", "service.yaml"])
})

for (const tlsSecret of ["", "certificate"]) {
  test(`servers ${tlsSecret === "" ? "behind a proxy" : "with TLS"}: unprivileged, with all that they mount, and found by the service`, () => {
    const values = { ...usual, tlsSecret }
    const deployment = parseYaml<Deployment>(render(read("templates/deployment.yaml"), values))
    const { containers, securityContext, volumes } = deployment.spec.template.spec
    const [container] = containers
    assert.deepEqual([deployment.apiVersion, deployment.kind, deployment.spec.replicas], ["apps/v1", "Deployment", 2])
    assert.equal(securityContext.runAsNonRoot, true)
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    })
    assert.deepEqual(container.volumeMounts.map(({ name }) => name).sort(), volumes.map(({ name }) => name).sort())
    for (const { name, value } of container.env) assert.equal(typeof value, "string", name)
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))
    assert.equal(env["HALFKEY_ALLOW_INSECURE_LISTEN"], tlsSecret === "" ? "1" : undefined)
    assert.equal(env["HALFKEY_TLS_CERT"], tlsSecret === "" ? undefined : "/run/tls/tls.crt")
    assert.equal(container.readinessProbe.httpGet.scheme, tlsSecret === "" ? undefined : "HTTPS")
    assert.equal(volumes.find(({ name }) => name === "keys")?.secret?.secretName, "halfkey")

    const service = parseYaml<{
      readonly spec: { readonly selector: object; readonly ports: readonly [{ readonly targetPort: string }] }
    }>(render(read("templates/service.yaml"), values))
    assert.deepEqual(service.spec.selector, deployment.spec.template.metadata.labels)
    assert.deepEqual(service.spec.selector, deployment.spec.selector.matchLabels)
    assert.equal(service.spec.ports[0].targetPort, container.ports[0]?.name)
  })
}

test("every setting that the chart makes is one of the server's", () => {
  const help = readFileSync(join(chart, "../../../server/src/help.ts"), "utf8")
  for (const [name] of read("templates/deployment.yaml").matchAll(/HALFKEY_[A-Z_]+/g))
    assert.ok(help.includes(name), name)
})
