import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { ASKS_FOR_REPLY, ASKS_TO_WAIT } from "./events.ts";
import { now } from "./now.ts";
import type { Ask, Tell } from "./stand-in.ts";

/** The process behind {@link ./stand-in.ts}: answers at once or when it is told to, keeps no more than counts and times. */

let events = 0;
let calls: [text: string, at: number][] = [];
let asked: Ask | undefined;
let watched = 0;
let isTelling = false;

const bot = createServer(async (request, response) => {
  const { data } = JSON.parse(await bodyOf(request));
  const texts: string[] = data.events.map(
    (event: { raw: { message: { text: string } } }) => event.raw.message.text,
  );
  const messages = texts.filter((text) => text.startsWith(ASKS_FOR_REPLY)).map((text) => ({ text }));
  const wait = ASKS_TO_WAIT.exec(texts[0] ?? "")?.[1];
  if (wait !== undefined) await pause(Number(wait));
  if (messages.length === 0) response.writeHead(204).end();
  else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ messages }));
  events += texts.length;
  answerIfSo();
});

const graph = createServer(async (request, response) => {
  const at = now();
  response.setHeader("content-type", "application/json");
  if (request.method === "GET") {
    // A user's profile: asked for once.
    response.end(JSON.stringify({ first_name: "Ada", last_name: "Bench", id: "7" }));
    return;
  }
  const { recipient, message, sender_action } = JSON.parse(await bodyOf(request));
  if (sender_action !== undefined) {
    response.end(JSON.stringify({ recipient_id: recipient.id }));
    return;
  }
  calls.push([message.text, at]);
  response.end(JSON.stringify({ recipient_id: recipient.id, message_id: `m_${calls.length}` }));
  answerIfSo();
});

process.on("message", (ask: Ask) => {
  asked = ask;
  answerIfSo();
});
// Never outlives the one who started it.
process.on("disconnect", () => process.exit());

tell({ kind: "listening", botPort: await listen(bot), graphPort: await listen(graph) });

function answerIfSo(): void {
  if (asked?.kind === "delivered" && events >= asked.events) {
    tell({ kind: "delivered", events });
    asked = undefined;
  } else if (asked?.kind === "watch") {
    // Not a word per call: telling costs both processes more than the call.
    if (isTelling) return;
    isTelling = true;
    setTimeout(() => {
      isTelling = false;
      tell({ kind: "called", texts: calls.slice(watched).map(([text]) => text) });
      watched = calls.length;
    }, 1);
  } else if (asked?.kind === "sent" && calls.length >= asked.count) {
    tell({ kind: "sent", calls });
    calls = [];
    watched = 0;
    asked = undefined;
  }
}

function tell(message: Tell): void {
  process.send?.(message);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const chunk of request) text += chunk;
  return text;
}

async function listen(server: Server): Promise<number> {
  // A connection that Node closes as idle just when workerd uses it again would look like a fault of the gateway.
  server.keepAliveTimeout = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}
