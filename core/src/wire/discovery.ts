/** `GET /.well-known/halfkey` and `GET /.well-known/jwks.json`. */
import { type Static, Type } from "typebox"
import { Bytes } from "./encodings.ts"

export const Discovery = Type.Object({
  version: Type.String({ description: "The server's version" }),
  protocols: Type.Array(Type.String(), { description: "halfkey/v1" }),
  region: Type.String(),
  auditKey: Bytes(32, "Ed25519 key that signs audit checkpoints"),
  tokenEndpoint: Type.String(),
  jwksUri: Type.String(),
  valueMaxLength: Type.Integer({ description: "Most bytes of a secret's value" }),
  needsSetup: Type.Boolean({ description: "No workspace exists yet" }),
})
export type Discovery = Static<typeof Discovery>

export const JsonWebKeySet = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.Literal("OKP"),
      crv: Type.Literal("Ed25519"),
      alg: Type.Literal("Ed25519"),
      use: Type.Literal("sig"),
      kid: Type.String(),
      x: Bytes(32),
    }),
  ),
})
export type JsonWebKeySet = Static<typeof JsonWebKeySet>
