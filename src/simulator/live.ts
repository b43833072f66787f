import * as z from "zod/mini";
import { type Conversation, userIdSchema } from "./ids.ts";

/** What a chat page tells us: which conversation it shows, and whether a person could see it. */
const viewSchema = z.object({ page_id: z.string(), user_id: userIdSchema, visible: z.boolean() });

type View = z.infer<typeof viewSchema>;

/**
 * The open chat pages. They are told only that something changed, and read it from the control API: what a page
 * shows can then never differ from what the API says.
 */
export class Live {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Answers a WebSocket upgrade. */
  connect(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** @returns The conversation now in front of a person, or null if the message says no such thing. */
  viewed(socket: WebSocket, message: string | ArrayBuffer): Conversation | null {
    const view = readView(message);
    if (!view) return null;
    socket.serializeAttachment(view);
    return view.visible ? { pageId: view.page_id, userId: view.user_id } : null;
  }

  /** @returns Whether a chat page shows this conversation to a person right now. */
  isShown({ pageId, userId }: Conversation): boolean {
    return this.#ctx.getWebSockets().some((socket) => {
      const view = viewSchema.safeParse(socket.deserializeAttachment());
      return (
        view.success && view.data.visible && view.data.page_id === pageId && view.data.user_id === userId
      );
    });
  }

  /** Something was said or done in this conversation. */
  changed({ pageId, userId }: Conversation): void {
    this.#tell({ type: "changed", page_id: pageId, user_id: userId });
  }

  /** Something changed that may concern any conversation. */
  statusChanged(): void {
    this.#tell({ type: "changed" });
  }

  #tell(news: object): void {
    const text = JSON.stringify(news);
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(text);
      } catch {
        // The page was closed this moment; its socket is about to go.
      }
    }
  }
}

function readView(message: string | ArrayBuffer): View | null {
  if (typeof message !== "string") return null;
  try {
    const view = viewSchema.safeParse(JSON.parse(message));
    return view.success ? view.data : null;
  } catch {
    return null;
  }
}
