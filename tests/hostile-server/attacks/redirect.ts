import type { Attack, Lie } from "../attack.ts"

const redirect = (status: number, location: (path: string, elsewhere: string) => string): Lie => ({
  instead: (response, { elsewhere }, { path }) => {
    response.writeHead(status, { location: location(path, elsewhere.url), "content-length": 0 }).end()
  },
})
const away = (path: string, elsewhere: string) => elsewhere + path

export const attack: Attack = {
  tries: "send the client, with its credentials and its records, to another host",
  calls: ["get", "set", "list", "get without a token"],
  clients: ["fresh", "cli"],
  lies: {
    "307": redirect(307, away),
    "308": redirect(308, away),
    "301": redirect(301, away),
    "302": redirect(302, away),
    "303": redirect(303, away),
    "300": redirect(300, away),
    "305": redirect(305, away),
    "to the same host": redirect(307, (path) => `${path}${path.includes("?") ? "&" : "?"}again=1`),
    "to nowhere": redirect(302, () => "http://"),
    "304, as if something were kept": { instead: (response) => response.writeHead(304).end() },
  },
  refused: { code: "invalid_response", says: /redirect/ },
}
