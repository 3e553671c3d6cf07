// Receives Holdout's webhooks with nothing but Node's standard library (18 or newer).
//
//     HOLDOUT_WEBHOOK_SECRET=whsec_… node receiver.mjs [PORT]
//
// Prints each event once, as one line of JSON. Serve it behind a reverse proxy that brings https.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_SECONDS = 300;
const MOST_BYTES = 64 * 1024;
const REMEMBERED = 10_000;

// Throws unless one of `secrets` signed `body`, a Buffer of the raw bytes, within five minutes of `now` (ms).
export function verify(secrets, headers, body, now = Date.now()) {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signatures } = headers;
  if (!id || !/^\d{1,15}$/.test(at ?? "") || !signatures) throw new Error("a header is missing or malformed");
  if (Math.abs(now / 1000 - Number(at)) > TOLERANCE_SECONDS) throw new Error("the timestamp is too old or too new");
  const expected = secrets.map((secret) => signature(secret, id, at, body));
  // The header is a list: while a secret is changed over, both sign.
  const offered = signatures.split(" ").map((part) => Buffer.from(part));
  if (!expected.some((mine) => offered.some((theirs) => same(mine, theirs)))) throw new Error("not signed by us");
}

function signature(secret, id, at, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return Buffer.from("v1," + createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64"));
}

function same(mine, theirs) {
  return mine.length === theirs.length && timingSafeEqual(mine, theirs);
}

function read(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let size = 0;
    request.on("data", (chunk) => {
      size += chunk.length;
      if (size > MOST_BYTES) reject(new Error("too large"));
      else chunks.push(chunk);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

// `take` gets each event once: a delivery that is tried again has the same id. Keep the ids in your database.
export function receiver(secrets, take) {
  const seen = new Set();
  return createServer(async (request, response) => {
    let status = 204;
    try {
      const body = await read(request);
      verify(secrets, request.headers, body);
      const id = request.headers["webhook-id"];
      if (!seen.has(id)) {
        // Only what was taken is remembered: if `take` throws, the delivery is tried again.
        try {
          await take(JSON.parse(body.toString("utf8")), id);
        } catch (error) {
          status = 500;
          throw error;
        }
        seen.add(id);
        if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
      }
    } catch (error) {
      if (status !== 500) status = 400;
      console.error(`refused: ${error.message}`);
    }
    response.writeHead(status).end();
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const secrets = (process.env.HOLDOUT_WEBHOOK_SECRET ?? "").split(" ").filter(Boolean);
  if (!secrets.length) throw new Error("set HOLDOUT_WEBHOOK_SECRET to the endpoint's secret");
  const server = receiver(secrets, (event, id) => console.log(JSON.stringify({ id, ...event })));
  server.listen(Number(process.argv[2] ?? 8090), "127.0.0.1", () => console.error(`listening on ${server.address().port}`));
}
