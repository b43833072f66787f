import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

/** What the gateway says of a conversation, as far as docs/bot-protocol.md has it. */
interface ConversationFacts {
  id: string;
  page_id: string;
  user_id: string;
  platform: "messenger" | "instagram";
  window: { closes_at: string | null };
  owner: string;
  profile?: Record<string, unknown> | null;
}

export interface BotEvent {
  id: string;
  type: string;
  timestamp: number;
  standby?: true;
  /** Meta's item; not always an object. */
  raw: unknown;
}

export interface BotRequest {
  /** The `webhook-id`. */
  id: string;
  conversation: ConversationFacts;
  events: BotEvent[];
}

interface Reply {
  status?: number;
  body?: unknown;
}

export type Respond = (request: BotRequest) => Reply | Promise<Reply>;

const NOTHING: Respond = () => ({});

/** A bot as a real HTTP server. It checks every signature, and answers nothing until a test tells it otherwise. */
export class Bot {
  readonly requests: BotRequest[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #answers = new Map<string, Respond>();

  private constructor(server: Server, signingSecret: string) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const webhook = new Webhook(signingSecret);
    server.on("request", async (request, response) => {
      let text = "";
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
      const headers = request.headers as Record<string, string>;
      const { data } = webhook.verify(text, headers) as { data: Omit<BotRequest, "id"> };
      const asked: BotRequest = { id: headers["webhook-id"] ?? "", ...data };
      this.requests.push(asked);
      const { status = 200, body = {} } = await (this.#answers.get(asked.conversation.id) ?? NOTHING)(asked);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }

  static async listening(signingSecret: string): Promise<Bot> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Bot(server, signingSecret);
  }

  /** How it answers in a conversation from now on. */
  answers(conversation: string, respond: Respond): void {
    this.#answers.set(conversation, respond);
  }

  /** What it was told of a conversation, in the order in which it came; what came twice is there twice. */
  eventsOf(conversation: string): BotEvent[] {
    return this.requestsOf(conversation).flatMap(({ events }) => events);
  }

  requestsOf(conversation: string): BotRequest[] {
    return this.requests.filter((one) => one.conversation.id === conversation);
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
