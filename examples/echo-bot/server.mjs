/**
 * An echo bot for Messengate's native protocol (docs/bot-protocol.md): Node 18.2 or newer, no dependencies.
 *
 *   BOT_SIGNING_SECRET=whsec_… PORT=8789 node server.mjs
 *
 * Read it from the bottom: the server, then what it checks, then what it says. `replyTo` is the part to replace.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const MAX_BODY_BYTES = 1024 * 1024;
/** Standard Webhooks' tolerance: an older request may be a replay of one that somebody recorded. */
const TOLERANCE_SECONDS = 5 * 60;
const REMEMBERED_ANSWERS = 1000;
/** Meta refuses longer texts. */
const MAX_TEXT = 2000;

const keys = readKeys(process.env.BOT_SIGNING_SECRET);
const port = Number(process.env.PORT ?? 8789);

/** What the bot says to one event: a Send API message, or nothing. `raw` is the event as Meta sent it. */
function replyTo({ type, raw }) {
  if (type === "postback") return text(`payload: ${raw.postback.payload ?? raw.postback.title ?? ""}`);
  if (type !== "message") return undefined;
  const { quick_reply, text: said, attachments } = raw.message;
  // A tapped quick reply carries its title as text, too: the payload is what the bot once chose.
  if (quick_reply) return text(`payload: ${quick_reply.payload}`);
  if (said) return text(`echo: ${said}`);
  if (attachments?.length > 0) return text(`attachment: ${attachments.map((one) => one.type).join(", ")}`);
  return undefined;
}

const text = (content) => ({ text: [...content].slice(0, MAX_TEXT).join("") });

/** The answer to a whole delivery. One delivery may hold several events; their replies go out in this order. */
function answerTo({ conversation, events }) {
  const messages = events.map(replyTo).filter((message) => message !== undefined);
  if (messages.length === 0) return {};
  // The gateway keeps `state` for us and hands it back with the next delivery of this conversation.
  // Sending its version along makes it keep the stored one, should somebody else have changed it meanwhile.
  const count = (conversation.state?.count ?? 0) + messages.length;
  return { messages, state: { count }, state_version: conversation.state_version };
}

/** webhook-id → the answer given, oldest first. A real bot keeps these where they survive a restart. */
const answers = new Map();

/**
 * Deliveries come at least once: when our answer is lost, the same one comes again under the same webhook-id.
 * It must get the same answer, not be worked on twice.
 */
function answerOnce(id, body) {
  const known = answers.get(id);
  if (known !== undefined) return known;
  const answer = JSON.stringify(answerTo(JSON.parse(body).data));
  answers.set(id, answer);
  if (answers.size > REMEMBERED_ANSWERS) answers.delete(answers.keys().next().value);
  return answer;
}

/**
 * Whether the gateway signed exactly these bytes, lately. The HMAC covers id.timestamp.body, so that neither id nor
 * time can be exchanged. While secrets rotate there are several keys here and several signatures there: one pair is enough.
 */
function isSigned(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !/^\d{1,12}$/.test(timestamp ?? "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const given = signatures.split(" ").filter((one) => one.startsWith("v1,"));
  return keys.some((key) => {
    const digest = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
    return given.some((one) => isSame(one, `v1,${digest}`));
  });
}

/** Takes the same time wherever the texts differ, so that a signature can't be found byte by byte. */
function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A bot that can't check signatures must not run. */
function readKeys(setting = "") {
  const secrets = setting.split(/\s+/).filter((one) => one !== "");
  const decoded = secrets.map(decodeSecret);
  if (decoded.length > 0 && !decoded.includes(undefined)) return decoded;
  console.error(
    `BOT_SIGNING_SECRET is ${decoded.length === 0 ? "not set" : "malformed"}. Give it the gateway's value: whsec_ ` +
      "and 24 to 64 bytes in base64, several separated by spaces. " +
      'Make one: echo "whsec_$(openssl rand -base64 32)"',
  );
  process.exit(1);
}

/** `whsec_` and 24 to 64 bytes in base64 → the key. */
function decodeSecret(secret) {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) return undefined;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/** The raw bytes: what is signed is what was sent, not what a parser makes of it. `undefined` when there are too many. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // The rest is still read, and thrown away: a sender in mid-request would not see our answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** → [status, JSON text]. To the gateway, most 4xx are final; 5xx and silence mean "again later". */
async function handle(request) {
  if (request.method === "GET" && request.url === "/healthz") return [200, '{"status":"ok"}'];
  if (request.method !== "POST") return [405, '{"error":"POST deliveries here; GET /healthz"}'];
  const body = await readBody(request);
  if (body === undefined) return [413, '{"error":"the body is larger than 1 MiB"}'];
  if (!isSigned(request.headers, body)) return [401, '{"error":"the signature is wrong or too old"}'];
  return [200, answerOnce(request.headers["webhook-id"], body)];
}

const server = createServer(async (request, response) => {
  const [status, body] = await handle(request).catch((error) => {
    console.error(error);
    return [500, '{"error":"the bot failed"}'];
  });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
});
server.listen(port, "127.0.0.1", () => console.log(`echo bot on http://127.0.0.1:${port}`));

// What is being answered is still answered; then nothing is left to do. A second signal ends it at once.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
