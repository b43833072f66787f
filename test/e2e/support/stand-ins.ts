import { createServer, type IncomingMessage, type Server } from "node:http";
import { Webhook } from "standardwebhooks";

/** The two ends a gateway talks to, as real HTTP servers whose behaviour a test sets. */

interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Cut the connection instead of answering. */
  cut?: boolean;
}

class StandIn<Request> {
  /** Those that matter to tests. */
  readonly requests: Request[] = [];
  #server: Server | undefined;
  #port = 0;
  readonly #read: (request: IncomingMessage, body: string) => Request;
  /** How it answers; may take its time. */
  respond: (request: Request) => Reply | Promise<Reply>;

  constructor(
    read: (request: IncomingMessage, body: string) => Request,
    respond: (request: Request) => Reply | Promise<Reply>,
  ) {
    this.#read = read;
    this.respond = respond;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; on the same port again when it was up before. */
  async up(): Promise<void> {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      if (request.method === "GET") {
        // What Meta tells of a user: asked for beside what a test is about.
        response.writeHead(200, { "content-type": "application/json" });
        return response.end(JSON.stringify({ first_name: "Ada", last_name: "Lovelace" }));
      }
      const read = this.#read(request, body);
      this.requests.push(read);
      const reply = await this.respond(read);
      if (reply.cut) return response.destroy();
      response.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
      return response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? {}));
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    const address = server.address();
    if (address && typeof address === "object") this.#port = address.port;
    this.#server = server;
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

interface BotRequest {
  id: string;
  conversation: { id: string; user_id: string; state: unknown; state_version: number };
  events: { id: string; type: string; timestamp: number; raw: { message?: { text?: string } } }[];
}

export type BotStandIn = StandIn<BotRequest>;

/** A bot that checks every signature and answers text with an echo, until told otherwise. */
export function botStandIn(signingSecret: string): BotStandIn {
  const webhook = new Webhook(signingSecret);
  const read = (request: IncomingMessage, body: string): BotRequest => {
    const payload = webhook.verify(body, request.headers as Record<string, string>) as {
      data: Omit<BotRequest, "id">;
    };
    return { id: String(request.headers["webhook-id"]), ...payload.data };
  };
  return new StandIn(read, ({ events }) => ({
    body: { messages: textsOf(events).map((text) => ({ text: `echo: ${text}` })) },
  }));
}

const textsOf = (events: BotRequest["events"]): string[] =>
  events.flatMap(({ type, raw }) =>
    type === "message" && raw.message?.text !== undefined ? [raw.message.text] : [],
  );

interface GraphRequest {
  url: string;
  authorization: string | undefined;
  recipient: string;
  message: { text?: string; metadata?: string } | undefined;
  action: string | undefined;
}

export type GraphStandIn = StandIn<GraphRequest>;

/** Meta's Send API: takes every message, until told otherwise. */
export function graphStandIn(): GraphStandIn {
  let count = 0;
  const read = (request: IncomingMessage, body: string): GraphRequest => {
    const { recipient, message, sender_action } = JSON.parse(body);
    return {
      url: request.url ?? "",
      authorization: request.headers.authorization,
      recipient: recipient.id,
      message,
      action: sender_action,
    };
  };
  return new StandIn(read, ({ recipient }) => ({
    body: { recipient_id: recipient, message_id: `m_out_${++count}` },
  }));
}
