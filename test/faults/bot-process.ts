import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { type BotLine, Reader, write } from "./journal.ts";
import { connectionsFromKeeper } from "./keeper.ts";
import { numberOf, repliesTo } from "./replies.ts";
import { chanceOf } from "./seed.ts";
import { type BotTrouble, type Odds, QUICK_BOT_TROUBLES, troubleOf } from "./trouble.ts";

/**
 * The bot. It checks every signature, writes down every delivery before it answers, and answers the same events with
 * the same replies. Run by keeper.ts.
 */
export interface BotOrders {
  seed: number;
  journal: string;
  signingSecret: string;
  odds: Odds<BotTrouble>;
}

interface Payload {
  type: string;
  data: {
    conversation: { user_id: string; state: { last: number } | null; state_version: number };
    events: { id: string; type: string; raw: { message?: { mid?: string; text?: string } } }[];
  };
}

const orders: BotOrders = JSON.parse(process.env["ORDERS"] ?? "");
/** A delivery comes back so soon after its first failure, ms. */
const BACK_WITHIN_MS = 7_000;
const webhook = new Webhook(orders.signingSecret);
/** Delivery → how often it has come. */
const attempts = new Map<string, number>();
/** Deliveries without a good answer → when they came last, ms. */
const unanswered = new Map<string, number>();

for (const line of new Reader<BotLine>(orders.journal).lines()) remember(line);

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  const payload = read(request, body);
  if (!payload) {
    response.writeHead(401).end();
    return;
  }

  const { conversation, events } = payload.data;
  const id = String(request.headers["webhook-id"]);
  const numbers = events.map((event) => numberOf(event.id));
  const { user_id: user, state } = conversation;
  const trouble = nextTrouble(user, numbers[0] ?? 0, (attempts.get(id) ?? 0) + 1);
  writeDown({ kind: "delivery", at: Date.now(), id, user, numbers, state: state?.last ?? null, trouble });
  response.once("finish", () => {
    if (trouble === null || trouble === "slow") writeDown({ kind: "answered", id });
  });
  const answer = JSON.stringify({
    messages: numbers.flatMap((n) => repliesTo(n).map((text) => ({ text }))),
    ...(numbers.some((n) => n % 5 === 0) ? { actions: ["mark_seen"] } : {}),
    state: { last: numbers.at(-1) },
    state_version: conversation.state_version,
  });
  act(trouble, request, response, answer);
});
server.keepAliveTimeout = 60_000;
connectionsFromKeeper(server);

function writeDown(line: BotLine): void {
  write(orders.journal, line);
  remember(line);
}

function remember(line: BotLine): void {
  if (line.kind === "answered") unanswered.delete(line.id);
  if (line.kind !== "delivery") return;
  attempts.set(line.id, (attempts.get(line.id) ?? 0) + 1);
  unanswered.set(line.id, line.at);
}

function read(request: IncomingMessage, body: string): Payload | undefined {
  const violation = (what: string) => writeDown({ kind: "violation", what: `bot: ${what}` });
  try {
    const payload = webhook.verify(body, request.headers as Record<string, string>) as Payload;
    const odd = payload.data.events.find(
      ({ id, type, raw }) =>
        type !== "message" || raw.message?.mid !== id || raw.message?.text !== String(numberOf(id)),
    );
    if (!odd && payload.type === "conversation.events") return payload;
    violation(`got what no user wrote: ${JSON.stringify(odd)}`);
  } catch (error) {
    violation(`could not verify a request: ${error}`);
  }
  return undefined;
}

/**
 * The second failure of a delivery makes it wait for minutes, the third for half an hour (docs/bot-protocol.md,
 * "Attempts"): what has no Retry-After goes wrong once, and nobody dies while a failed delivery is on its way back.
 */
function nextTrouble(user: string, first: number, attempt: number): BotTrouble | null {
  const trouble = troubleOf(orders.odds, chanceOf(orders.seed, "bot", user, first, attempt));
  if (trouble === null || attempt > 3) return null;
  if (attempt > 1 && !QUICK_BOT_TROUBLES.has(trouble)) return null;
  const cameBack = Date.now() - BACK_WITHIN_MS;
  if (trouble === "die" && [...unanswered.values()].some((at) => at > cameBack)) return null;
  return trouble;
}

function act(
  trouble: BotTrouble | null,
  request: IncomingMessage,
  response: ServerResponse,
  answer: string,
): void {
  const json = { "content-type": "application/json" };
  switch (trouble) {
    case null:
      response.writeHead(200, json).end(answer);
      return;
    case "slow":
      setTimeout(() => response.writeHead(200, json).end(answer), 400);
      return;
    case "hang":
      return;
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "half":
      response.writeHead(200, { ...json, "content-length": answer.length });
      response.write(answer.slice(0, answer.length / 2), () => request.socket.destroy());
      return;
    case "garbage":
      response.writeHead(200, { "content-type": "text/html" }).end("<html><body>Welcome!</body></html>");
      return;
    case "500":
      response.writeHead(500).end("Internal Server Error");
      return;
    case "429":
      response.writeHead(429, { "retry-after": "1" }).end();
      return;
    case "die":
      process.kill(process.pid, "SIGKILL");
  }
}
