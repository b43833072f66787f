import * as z from "zod/mini";
import { faultsSchema } from "../faults.ts";
import { type Conversation, userIdSchema } from "../ids.ts";
import type { Rooms } from "../rooms.ts";
import { settingsChangeSchema } from "../settings.ts";
import { verifyWebhook } from "../webhook/handshake.ts";
import { ok, Refusal, readBody } from "./answers.ts";
import { picture } from "./picture.ts";
import { say } from "./say.ts";
import { utteranceSchema } from "./utterance.ts";
import { findUser, threadView, userListView, userView } from "./views.ts";

/** One control call: the rooms it works on, its request and URL, and the user id its path holds, if any. */
interface Call {
  readonly rooms: Rooms;
  readonly request: Request;
  readonly url: URL;
  readonly userId: string;
}

export interface Route {
  readonly path: URLPattern;
  readonly methods: Readonly<Record<string, (call: Call) => Response | Promise<Response>>>;
}

const at = (pathname: string) => new URLPattern({ pathname });

const namesSchema = z.strictObject({
  first_name: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(60))),
  last_name: z.exactOptional(z.string().check(z.maxLength(60))),
});

const clockSchema = z.strictObject({ offset_ms: z.int() });

/** The control API: all its paths and methods. */
export const routes: readonly Route[] = [
  {
    path: at("/_sim/users"),
    methods: {
      GET: ({ rooms, url }) => ok(userListView(rooms, pageIdOf(rooms, url), limitOf(url, 200, 5000))),
    },
  },
  {
    path: at("/_sim/users/:user"),
    methods: {
      GET: ({ rooms, userId }) => ok(userView(findUser(rooms, userId))),
      PUT: async ({ rooms, request, userId }) => {
        const user = rooms.users.rename(userId, await readBody(request, namesSchema));
        rooms.live.statusChanged();
        return ok(userView(user));
      },
    },
  },
  {
    path: at("/_sim/users/:user/picture"),
    methods: { GET: ({ rooms, userId }) => picture(findUser(rooms, userId)) },
  },
  {
    path: at("/_sim/users/:user/thread"),
    methods: {
      GET: ({ rooms, url, userId }) => ok(threadView(rooms, { pageId: pageIdOf(rooms, url), userId })),
    },
  },
  {
    path: at("/_sim/users/:user/messages"),
    methods: {
      POST: async ({ rooms, request, userId }) => {
        const utterance = await readBody(request, utteranceSchema);
        const conversation: Conversation = { pageId: knownPage(rooms, utterance.page_id), userId };
        return ok(say(rooms, conversation, utterance));
      },
    },
  },
  {
    path: at("/_sim/pages"),
    methods: {
      GET: ({ rooms }) => ok({ data: rooms.environment.pages.map(({ id, name }) => ({ id, name })) }),
    },
  },
  {
    path: at("/_sim/deliveries"),
    methods: { GET: ({ rooms, url }) => ok({ data: rooms.attempts.list(limitOf(url, 2000, 2000)) }) },
  },
  {
    path: at("/_sim/faults"),
    methods: {
      GET: ({ rooms }) => ok(rooms.faults.read()),
      PUT: async ({ rooms, request }) => {
        rooms.faults.replace(await readBody(request, faultsSchema));
        rooms.sender.wakeAll();
        return ok(rooms.faults.read());
      },
      DELETE: ({ rooms }) => {
        rooms.faults.clear();
        rooms.sender.wakeAll();
        return ok(rooms.faults.read());
      },
    },
  },
  {
    path: at("/_sim/settings"),
    methods: {
      GET: ({ rooms }) => ok(rooms.settings.read()),
      PUT: async ({ rooms, request }) =>
        ok(rooms.settings.change(await readBody(request, settingsChangeSchema))),
    },
  },
  {
    path: at("/_sim/clock"),
    methods: {
      GET: ({ rooms }) => ok({ offset_ms: rooms.clock.offset(), now: rooms.clock.now() }),
      PUT: async ({ rooms, request }) => {
        rooms.clock.move((await readBody(request, clockSchema)).offset_ms);
        return ok({ offset_ms: rooms.clock.offset(), now: rooms.clock.now() });
      },
    },
  },
  {
    path: at("/_sim/reset"),
    methods: {
      POST: ({ rooms }) => {
        rooms.reset();
        return ok({ reset: true });
      },
    },
  },
  {
    path: at("/_sim/verify-webhook"),
    methods: { POST: async ({ rooms }) => ok(await verifyWebhook(rooms.environment)) },
  },
  {
    path: at("/_sim/live"),
    methods: {
      GET: ({ rooms, request }) => {
        if (request.headers.get("Upgrade") === "websocket") return rooms.live.connect();
        throw new Refusal(426, "websocket_only", "This path speaks WebSocket only.");
      },
    },
  },
];

/** @throws Refusal if the path's user id is not 1 to 32 digits. */
export function checkedUserId(text: string): string {
  const parsed = userIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, "invalid_user_id", "A user id has 1 to 32 digits.");
}

function pageIdOf(rooms: Rooms, url: URL): string {
  return knownPage(rooms, url.searchParams.get("page_id") ?? undefined);
}

function knownPage({ environment: { pages } }: Rooms, pageId: string | undefined): string {
  if (pageId === undefined) return pages[0].id;
  if (pages.some((page) => page.id === pageId)) return pageId;
  throw new Refusal(404, "no_such_page", `There is no page ${pageId}; SIM_PAGES lists the pages.`);
}

function limitOf(url: URL, usual: number, most: number): number {
  const text = url.searchParams.get("limit");
  if (text === null) return usual;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, most);
  throw new Refusal(400, "invalid_limit", "limit must be a whole number above 0.");
}
