/**
 * A completion server that needs no account and no model: it speaks OpenAI's chat completions and says what it was
 * told. For trying the gateway's protocol `openai` on your machine. Node 18.2 or newer, no dependencies.
 *
 *   API_KEY=… PORT=8789 node server.mjs
 *
 * @see https://platform.openai.com/docs/api-reference/chat
 */
import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const MAX_BODY_BYTES = 1024 * 1024;

const apiKey = process.env.API_KEY;
if (!apiKey) {
  console.error('API_KEY is not set. Any will do: API_KEY="$(openssl rand -hex 24)"');
  process.exit(1);
}
const port = Number(process.env.PORT ?? 8789);

/** The same conversation always gets the same answer: what was said last, and how many turns there have been. */
function completionOf(messages) {
  const users = messages.filter(({ role }) => role === "user");
  const last = users.at(-1);
  if (last === undefined) return "Nobody has said anything yet.";
  const { text, images } = contentOf(last);
  const seen = images === 0 ? "" : `, with ${images === 1 ? "a picture" : `${images} pictures`}`;
  const told = messages.some(({ role }) => role === "system") ? " I was told how to behave." : "";
  return `You said: ${text}${seen}\n\nThat is turn **${users.length}** of yours.${told}`;
}

/** A text, or a list of parts. */
function contentOf({ content }) {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const texts = parts.filter(({ type }) => type === "text").map(({ text }) => text);
  return { text: texts.join(" "), images: parts.filter(({ type }) => type === "image_url").length };
}

const isMessage = (one) =>
  ["system", "developer", "user", "assistant"].includes(one?.role) &&
  (typeof one.content === "string" || Array.isArray(one.content));

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Errors in OpenAI's shape. */
function refuse(response, status, message, code = null) {
  answer(response, status, { error: { message, type: "invalid_request_error", param: null, code } });
}

function complete(response, { model, messages, stream, stream_options }) {
  const text = completionOf(messages);
  const about = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  // In characters: there are no tokens here.
  const [asked, said] = [JSON.stringify(messages).length, text.length];
  const usage = { prompt_tokens: asked, completion_tokens: said, total_tokens: asked + said };
  if (!stream) {
    const choice = { index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" };
    return answer(response, 200, { ...about, object: "chat.completion", choices: [choice], usage });
  }
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const say = (more) =>
    response.write(`data: ${JSON.stringify({ ...about, object: "chat.completion.chunk", ...more })}\n\n`);
  const part = (delta, finish_reason = null) => say({ choices: [{ index: 0, delta, finish_reason }] });
  part({ role: "assistant", content: "" });
  for (const content of text.match(/\s*\S+|\s+$/g) ?? []) part({ content });
  part({}, "stop");
  if (stream_options?.include_usage) say({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}

/** Takes the same time wherever the texts differ, so that a key can't be found byte by byte. */
function hasKey({ authorization = "" }) {
  const [given, expected] = [Buffer.from(authorization), Buffer.from(`Bearer ${apiKey}`)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The body as text; `undefined` when it is too large. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // The rest is still read, and thrown away: a sender in mid-request would not see our answer.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks).toString() : undefined;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function handle(request, response) {
  const { method, url, headers } = request;
  if (method === "GET" && url === "/healthz") return answer(response, 200, { status: "ok" });
  const text = await readBody(request);
  if (!hasKey(headers)) return refuse(response, 401, "Incorrect API key provided.", "invalid_api_key");
  if (method === "GET" && url === "/v1/models") {
    const model = { id: "parrot", object: "model", created: 0, owned_by: "you" };
    return answer(response, 200, { object: "list", data: [model] });
  }
  if (method !== "POST" || url !== "/v1/chat/completions") {
    return refuse(response, 404, `Unknown request URL: ${method} ${url}.`, "unknown_url");
  }
  if (text === undefined) return refuse(response, 413, "The body is larger than 1 MiB.");
  const body = parse(text);
  if (typeof body?.model !== "string") return refuse(response, 400, "you must provide a model parameter");
  if (!Array.isArray(body.messages) || body.messages.length === 0 || !body.messages.every(isMessage)) {
    return refuse(response, 400, "'messages' must be a list of {role, content}, with at least one");
  }
  return complete(response, body);
}

const server = createServer((request, response) =>
  handle(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  }),
);
server.listen(port, "127.0.0.1", () => console.log(`completions on http://127.0.0.1:${port}/v1`));

// What is being answered is still answered. A second signal ends it at once.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    server.close();
    server.closeIdleConnections();
  });
}
