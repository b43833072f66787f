import { createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type GraphLine, Reader, write } from "./journal.ts";
import { connectionsFromKeeper } from "./keeper.ts";
import { chanceOf } from "./seed.ts";
import { accepts, type GraphTrouble, isUntold, type Odds, troubleOf } from "./trouble.ts";

/**
 * Meta's Send API, strict: whatever Meta would refuse, and whatever shows that the gateway confuses something, is a
 * violation. Writes down every message before it answers. Run by keeper.ts.
 */
export interface GraphOrders {
  seed: number;
  journal: string;
  page: string;
  token: string;
  appSecret: string;
  users: string[];
  /** Whether Meta echoes what is accepted (graph-process only needs to know what a lost answer costs). */
  echoes: boolean;
  odds: Odds<GraphTrouble>;
}

const orders: GraphOrders = JSON.parse(process.env["ORDERS"] ?? "");
/** The gateway waits 10 s for an answer (src/graph/client.ts). */
const LATE_MS = 11_000;
const ACTIONS: ReadonlySet<string> = new Set(["mark_seen", "typing_on", "typing_off"]);
const MARK = /^mg1\.\d+\.\d+\.[0-9a-f]{8}$/;
const proof = createHmac("sha256", orders.appSecret).update(orders.token).digest("hex");
/** User and text → how often it was tried. */
const tries = new Map<string, number>();
/** How many requests are being answered now. */
let answering = 0;
/** Users who have waited for a message whose outcome nobody knew. */
const patient = new Set<string>();

for (const line of new Reader<GraphLine>(orders.journal).lines()) {
  if (line.kind === "accepted" || line.kind === "refused") remember(line);
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  if (asksForProfile(request)) return say(response, 200, JSON.stringify({ first_name: "Ada" }));
  const asked = read(request, body);
  if (!asked) return refuse(response, 400, 100, "Invalid parameter");
  const { user, text, metadata } = asked;
  if (text === undefined) return say(response, 200, { recipient_id: user });

  const trouble = nextTrouble(user, text);
  answering++;
  response.once("close", () => answering--);
  if (!accepts(trouble)) {
    // The type knows that what is not accepted has a trouble's name.
    if (trouble !== null) remember(writeDown({ kind: "refused", user, text, trouble }));
    return act(trouble, request, response, "");
  }
  if (trouble === "accept-late") await new Promise((resolve) => setTimeout(resolve, LATE_MS));
  const mid = `m_out_${randomUUID()}`;
  remember(writeDown({ kind: "accepted", at: Date.now(), mid, user, text, metadata, trouble }));
  const answer = JSON.stringify({ recipient_id: user, message_id: mid });
  response.once("finish", () => {
    if (!isUntold(trouble)) writeDown({ kind: "answered", at: Date.now(), mid });
  });
  return act(trouble, request, response, answer);
});
server.keepAliveTimeout = 60_000;
connectionsFromKeeper(server);

function writeDown<Line extends GraphLine>(line: Line): Line {
  write(orders.journal, line);
  return line;
}

function remember({ user, text, trouble }: GraphLine & { kind: "accepted" | "refused" }): void {
  tries.set(`${user} ${text}`, (tries.get(`${user} ${text}`) ?? 0) + 1);
  if (costsAWait(trouble)) patient.add(user);
}

/** Without an echo, a message without a known outcome waits for 20 s or more. */
function costsAWait(trouble: GraphTrouble | null): boolean {
  return isUntold(trouble) && !(orders.echoes && accepts(trouble));
}

/** Of one of the users, with the right token. */
function asksForProfile({ method, url = "", headers }: IncomingMessage): boolean {
  const user = /^\/v25\.0\/([\w-]+)\?/.exec(url)?.[1];
  const isOurs = user !== undefined && orders.users.includes(user);
  return method === "GET" && isOurs && headers.authorization === `Bearer ${orders.token}`;
}

function read(
  request: IncomingMessage,
  body: string,
): { user: string; text: string | undefined; metadata: string } | undefined {
  const violation = (what: string) => {
    writeDown({ kind: "violation", what: `Graph: ${what}` });
    return undefined;
  };
  if (request.method !== "POST" || request.url !== `/v25.0/${orders.page}/messages`)
    return violation(`${request.method} ${request.url}`);
  if (request.headers.authorization !== `Bearer ${orders.token}`) return violation("wrong access token");
  if (request.headers["content-type"] !== "application/json") return violation("not application/json");
  let json: {
    recipient?: { id?: string };
    appsecret_proof?: string;
    messaging_type?: string;
    sender_action?: string;
    message?: { text?: string; metadata?: string };
  };
  try {
    json = JSON.parse(body);
  } catch {
    return violation(`not JSON: ${body}`);
  }
  if (json.appsecret_proof !== proof) return violation("wrong appsecret_proof");
  const user = json.recipient?.id;
  if (user === undefined || !orders.users.includes(user)) return violation(`no such user: ${user}`);
  if (json.sender_action !== undefined && ACTIONS.has(json.sender_action))
    return { user, text: undefined, metadata: "" };
  const { text, metadata } = json.message ?? {};
  if (json.messaging_type !== "RESPONSE" || text === undefined || metadata === undefined)
    return violation(`not a message: ${body}`);
  if (!MARK.test(metadata)) return violation(`not our mark: ${metadata}`);
  return { user, text, metadata };
}

/**
 * A message is in trouble at most three times, a user waits for an unknown outcome at most once, and nobody else's
 * request is under way at a death: runs have an end.
 */
function nextTrouble(user: string, text: string): GraphTrouble | null {
  const tried = tries.get(`${user} ${text}`) ?? 0;
  const trouble = troubleOf(orders.odds, chanceOf(orders.seed, "graph", user, text, tried));
  if (tried >= 3 || (costsAWait(trouble) && patient.has(user))) return null;
  if (trouble?.endsWith("die") && answering > 0) return null;
  return trouble;
}

function act(
  trouble: GraphTrouble | null,
  request: IncomingMessage,
  response: ServerResponse,
  answer: string,
): void {
  switch (trouble) {
    case null:
      say(response, 200, answer);
      return;
    case "slow":
      // Being slow is the fault that is played here; nothing waits by this clock.
      setTimeout(() => say(response, 200, answer), 300);
      return;
    case "500":
      refuse(response, 500, 2, "Service temporarily unavailable", true);
      return;
    case "429":
      response.setHeader("retry-after", "1");
      refuse(response, 429, 613, "Calls to this api have exceeded the rate limit.");
      return;
    case "502":
    case "accept-502":
      response.writeHead(502, { "content-type": "text/html" }).end("<html>Bad Gateway</html>");
      return;
    case "garbage":
    case "accept-garbage":
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Welcome</html>");
      return;
    case "reset":
    case "accept-cut":
      request.socket.resetAndDestroy();
      return;
    case "accept-half":
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
      response.write(answer.slice(0, answer.length / 2), () => request.socket.destroy());
      return;
    case "hang":
    case "accept-hang":
    case "accept-late":
      return;
    case "die":
    case "accept-die":
      process.kill(process.pid, "SIGKILL");
  }
}

function refuse(response: ServerResponse, status: number, code: number, message: string, passes = false) {
  return say(response, status, {
    error: { message, type: "OAuthException", code, is_transient: passes, fbtrace_id: "faults" },
  });
}

function say(response: ServerResponse, status: number, body: string | object) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return response.writeHead(status, { "content-type": "application/json" }).end(text);
}
