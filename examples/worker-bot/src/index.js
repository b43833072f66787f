/**
 * A bot for Messengate's native protocol (docs/bot-protocol.md) as a Cloudflare Worker, without dependencies.
 *
 *   npx wrangler dev      # with BOT_SIGNING_SECRET in .dev.vars
 *
 * This file takes deliveries and checks them. What the bot says is in dialog.js, the part to replace.
 */
import { answerTo } from "./dialog.js";

const MAX_BODY_BYTES = 1024 * 1024;
/** Standard Webhooks' tolerance: an older request may be a replay of one that somebody recorded. */
const TOLERANCE_SECONDS = 5 * 60;

export default {
  /** To the gateway, most 4xx are final; 5xx and silence mean "again later". */
  async fetch(request, env) {
    const keys = readKeys(env.BOT_SIGNING_SECRET);
    if (keys === undefined) return json(503, { error: HOW_TO_SET_THE_SECRET });
    const { pathname } = new URL(request.url);
    if (request.method === "GET" && pathname === "/healthz") return json(200, { status: "ok" });
    if (request.method !== "POST") return json(405, { error: "POST deliveries here; GET /healthz" });
    const body = await readBody(request);
    if (body === undefined) return json(413, { error: "the body is larger than 1 MiB" });
    if (!(await isSigned(request.headers, body, keys))) {
      return json(401, { error: "the signature is wrong or too old" });
    }
    try {
      const { data } = JSON.parse(new TextDecoder().decode(body));
      return json(200, answerTo(data));
    } catch (error) {
      console.error(error);
      return json(500, { error: "the bot failed" });
    }
  },
};

const json = (status, body) => Response.json(body, { status });

/** The raw bytes: what is signed is what was sent, not what a parser makes of it. `undefined` when there are too many. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    // The rest is still read, and thrown away: a sender in mid-request would not see our answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? new Uint8Array(await new Blob(chunks).arrayBuffer()) : undefined;
}

/**
 * Whether the gateway signed exactly these bytes, lately. The HMAC covers id.timestamp.body, so that neither id nor
 * time can be exchanged. While secrets rotate there are several keys here and several signatures there: one pair is enough.
 */
async function isSigned(headers, body, keys) {
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
    headers.get(`webhook-${name}`),
  );
  if (!id || !signatures || !/^\d{1,12}$/.test(timestamp ?? "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const content = await new Blob([`${id}.${timestamp}.`, body]).arrayBuffer();
  const given = signatures
    .split(" ")
    .filter((one) => one.startsWith("v1,"))
    .map((one) => bytesOf(one.slice(3)))
    .filter((one) => one !== undefined);
  for (const key of keys) {
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
      "verify",
    ]);
    for (const signature of given) {
      // Takes the same time wherever they differ, so that a signature can't be found byte by byte.
      if (await crypto.subtle.verify("HMAC", imported, signature, content)) return true;
    }
  }
  return false;
}

const HOW_TO_SET_THE_SECRET =
  "BOT_SIGNING_SECRET is not set or malformed. Give it the gateway's value, by `npx wrangler secret put " +
  "BOT_SIGNING_SECRET` or in .dev.vars: whsec_ and 24 to 64 bytes in base64, several separated by spaces";

/** `undefined` if there is no good one: a bot that can't check signatures must not answer. */
function readKeys(setting = "") {
  const secrets = setting.split(/\s+/).filter((one) => one !== "");
  const keys = secrets.map((one) => (one.startsWith("whsec_") ? bytesOf(one.slice(6)) : undefined));
  const isGood = (key) => key !== undefined && key.length >= 24 && key.length <= 64;
  return keys.length > 0 && keys.every(isGood) ? keys : undefined;
}

function bytesOf(base64) {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}
