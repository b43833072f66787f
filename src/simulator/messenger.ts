import { DurableObject } from "cloudflare:workers";
import { controlDoor } from "./control/door.ts";
import { readEnvironment } from "./environment.ts";
import { graphDoor, isGraphCall } from "./graph/door.ts";
import { threadShown } from "./receipts.ts";
import { openRooms, type Rooms } from "./rooms.ts";

/**
 * The simulated Messenger: one object holds all users, threads and undelivered webhooks. A product would have one
 * object per conversation; here everything fits into one, can be reset at a stroke, and has one order of events.
 */
export class Messenger extends DurableObject<unknown> {
  readonly #rooms: Rooms;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    const reading = readEnvironment(env);
    if (!reading.ok) throw new Error(reading.problems.join(" "));
    this.#rooms = openRooms(ctx, reading.environment);
  }

  override async fetch(request: Request): Promise<Response> {
    const isGraph = isGraphCall(request, new URL(request.url).pathname);
    return await (isGraph ? graphDoor(this.#rooms, request) : controlDoor(this.#rooms, request));
  }

  override alarm(): void {
    this.#rooms.sender.wakeAll();
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const conversation = this.#rooms.live.viewed(socket, message);
    if (conversation) threadShown(this.#rooms, conversation);
  }
}
