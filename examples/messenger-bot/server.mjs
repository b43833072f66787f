/**
 * A Messenger bot as Meta's documentation shows one, written against that alone: Node 18.2 or newer, no dependencies.
 * It knows nothing of Messengate, and works with Meta and behind the gateway alike.
 *
 *   PAGE_ACCESS_TOKEN=… APP_SECRET=… VERIFY_TOKEN=… PORT=8789 node server.mjs
 *
 * Read it from the bottom: the server, the webhook, the Send API, what it says. `replyTo` is the part to replace.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

/** Up to 1000 updates come in one request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Meta refuses longer texts. */
const MAX_TEXT = 2000;
const SEND_TIMEOUT_MS = 30_000;

const settings = readSettings("PAGE_ACCESS_TOKEN", "APP_SECRET", "VERIFY_TOKEN");
const graphUrl = (process.env.GRAPH_URL ?? "https://graph.facebook.com").replace(/\/+$/, "");
const port = Number(process.env.PORT ?? 8789);

/** What the bot says to one event: a message of the Send API, or nothing. */
function replyTo({ message, postback }) {
  if (postback) return replyToPostback(postback);
  // Echoes are what the page itself wrote; receipts, reactions and the like have no message.
  if (!message || message.is_echo) return undefined;
  const { text, quick_reply, attachments } = message;
  // A tapped quick reply carries its title as text, too.
  if (quick_reply) return { text: `You picked ${quick_reply.payload}.` };
  if (text?.trim().toLowerCase() === "colors") return COLORS;
  if (text) return { text: [...`You sent the message: "${text}".`].slice(0, MAX_TEXT).join("") };
  const picture = attachments?.find(({ type, payload }) => type === "image" && payload?.url);
  if (picture) return isThisThePicture(picture.payload.url);
  if (attachments?.length > 0) return { text: `Thank you for the ${attachments[0].type}.` };
  return undefined;
}

function replyToPostback({ title, payload = title }) {
  if (payload === "GET_STARTED") return { text: "Hi! Send me a message, a picture, or the word “colors”." };
  if (payload === "yes") return { text: "Thanks!" };
  if (payload === "no") return { text: "Oops, try sending another image." };
  return { text: `You tapped ${payload}.` };
}

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies */
const COLORS = {
  text: "Pick a color:",
  quick_replies: ["Red", "Green"].map((title) => ({
    content_type: "text",
    title,
    payload: title.toUpperCase(),
  })),
};

/** @see https://developers.facebook.com/docs/messenger-platform/send-messages/template/generic */
const isThisThePicture = (url) => ({
  attachment: {
    type: "template",
    payload: {
      template_type: "generic",
      elements: [
        {
          title: "Is this the right picture?",
          subtitle: "Tap a button to answer.",
          image_url: url,
          buttons: [
            { type: "postback", title: "Yes!", payload: "yes" },
            { type: "postback", title: "No!", payload: "no" },
          ],
        },
      ],
    },
  },
});

/** person → what is still being said to them. Replies to one person go one after the other, or they would overtake. */
const talks = new Map();

function talk(person, event) {
  const talking = (talks.get(person) ?? Promise.resolve())
    .then(async () => {
      const message = replyTo(event);
      if (message) await send({ recipient: { id: person }, messaging_type: "RESPONSE", message });
    })
    .catch((error) => console.error(error.message))
    .finally(() => {
      if (talks.get(person) === talking) talks.delete(person);
    });
  talks.set(person, talking);
}

/** @see https://developers.facebook.com/docs/messenger-platform/reference/send-api */
async function send(body) {
  const token = encodeURIComponent(settings.PAGE_ACCESS_TOKEN);
  const response = await fetch(`${graphUrl}/v25.0/me/messages?access_token=${token}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  });
  const answer = await response.json();
  // Meta's sentence, without what was said and to whom.
  if (!response.ok) throw new Error(`not sent: ${response.status} ${answer.error?.message}`);
}

/** Meta asks once whether this is our webhook, and wants its challenge back. */
function verify(query) {
  const isOurs =
    query.get("hub.mode") === "subscribe" &&
    isSame(query.get("hub.verify_token") ?? "", settings.VERIFY_TOKEN);
  return isOurs ? [200, query.get("hub.challenge") ?? ""] : [403, "wrong verify token"];
}

/** `sha256=` and the HMAC of the bytes as they came: Meta escapes its JSON in its own way, and signs that. */
function isSigned(header, body) {
  const digest = createHmac("sha256", settings.APP_SECRET).update(body).digest("hex");
  return isSame(header ?? "", `sha256=${digest}`);
}

/** Takes the same time wherever the texts differ, so that a signature can't be found byte by byte. */
function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Meta wants its answer at once. So it gets that, and the people theirs after it. */
function receive(body) {
  const { object, entry } = JSON.parse(body);
  if (object !== "page") return [404, "not a page's event"];
  // Several entries with several events each; `standby` and `changes` entries have no `messaging`.
  for (const event of entry.flatMap(({ messaging }) => messaging ?? [])) {
    if (event.sender?.id) talk(event.sender.id, event);
  }
  return [200, "EVENT_RECEIVED"];
}

/** The raw bytes, since they are what is signed. `undefined` when there are too many. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

/** → [status, text] */
async function handle(request) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/healthz") return [200, "ok"];
  if (pathname !== "/webhook") return [404, "the webhook is at /webhook"];
  if (request.method === "GET") return verify(searchParams);
  if (request.method !== "POST") return [405, "GET or POST"];
  const body = await readBody(request);
  if (body === undefined) return [413, "the body is too large"];
  if (!isSigned(request.headers["x-hub-signature-256"], body)) return [401, "wrong signature"];
  return receive(body);
}

/** Without its secrets the bot must not run. */
function readSettings(...names) {
  const missing = names.filter((name) => !process.env[name]);
  if (missing.length === 0) return Object.fromEntries(names.map((name) => [name, process.env[name]]));
  console.error(
    `${missing.join(", ")} not set. They are in the app's dashboard; the verify token is your own.`,
  );
  process.exit(1);
}

const server = createServer(async (request, response) => {
  const [status, text] = await handle(request).catch((error) => {
    console.error(error.message);
    return [500, "the bot failed"];
  });
  response.writeHead(status, { "content-type": "text/plain" }).end(text);
});
server.listen(port, "127.0.0.1", () => console.log(`messenger bot on http://127.0.0.1:${port}/webhook`));

// No new events; what is still to be said is said. A second signal ends it at once.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
