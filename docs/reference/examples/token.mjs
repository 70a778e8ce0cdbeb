// SPDX-License-Identifier: Apache-2.0
// A brand's own signed token for a contact whom it knows: PASETO v4.public with nothing but Node.
//   node token.mjs SIGNING_SECRET TENANT REFERENCE [NAME]     prints the token
import { createPrivateKey, sign } from "node:crypto";
import { pathToFileURL } from "node:url";

const length = (count) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(count));
    return bytes;
};

// Pre-authentication encoding: how many pieces, then each with its length.
const encode = (...pieces) =>
    Buffer.concat([length(pieces.length), ...pieces.flatMap((piece) => [length(piece.length), piece])]);

// secret: as the door gave it, base64url of 64 bytes: the Ed25519 seed, then the public key.
export function contactToken(secret, tenant, reference, name = "", lifetimeS = 300) {
    const bytes = Buffer.from(secret, "base64url");
    const key = createPrivateKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519",
        d: bytes.subarray(0, 32).toString("base64url"), x: bytes.subarray(32).toString("base64url") } });
    const now = Math.floor(Date.now() / 1000);
    const payload = Buffer.from(JSON.stringify(
        { t: tenant, r: "customer", s: "x:" + reference, n: name, iat: now, exp: now + lifetimeS }));
    const header = Buffer.from("v4.public."), footer = Buffer.from(tenant);
    const signature = sign(null, encode(header, payload, footer, Buffer.alloc(0)), key);
    return header + Buffer.concat([payload, signature]).toString("base64url") + "." + footer.toString("base64url");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
    console.log(contactToken(...process.argv.slice(2)));
