import * as z from "zod/mini";
import { faultsSchema } from "../faults.ts";
import { mannerChangeSchema } from "../logins.ts";
import { pageChangeSchema } from "../pages.ts";
import { settingsChangeSchema } from "../settings.ts";
import { verifyWebhook } from "../webhook/handshake.ts";
import { ok, Refusal, readBody } from "./answers.ts";
import { pageEventSchema, rawEventsSchema, sendRaw, tellPage } from "./page-events.ts";
import { picture } from "./picture.ts";
import { at, knownAccount, limitOf, type Route } from "./route.ts";
import { userRoutes } from "./user-routes.ts";

const tokenSchema = z.strictObject({ token: z.nullable(z.string().check(z.minLength(1))) });
const clockSchema = z.strictObject({ offset_ms: z.int() });

/** The control API: all its paths and methods. */
export const routes: readonly Route[] = [
  ...userRoutes,
  {
    path: at("/_sim/pages"),
    methods: {
      GET: ({ rooms }) =>
        ok({
          data: rooms.environment.pages.map(({ id, name }) => {
            const { instagram_id } = rooms.pages.settings(id);
            return { id, name, ...(instagram_id === null ? {} : { instagram_id }) };
          }),
        }),
    },
  },
  {
    path: at("/_sim/pages/:page"),
    methods: {
      GET: ({ rooms, pageId }) => ok(rooms.pages.settingsOfAccount(knownAccount(rooms, pageId))),
      PUT: async ({ rooms, request, pageId }) => {
        const change = await readBody(request, pageChangeSchema);
        const account = rooms.pages.accountOf(knownAccount(rooms, pageId));
        return ok(rooms.pages.change(account?.page.id ?? pageId, change));
      },
    },
  },
  {
    path: at("/_sim/pages/:page/picture"),
    methods: {
      GET: ({ rooms, pageId }) => {
        const account = rooms.pages.accountOf(knownAccount(rooms, pageId));
        return picture(pageId, ...(account?.page.name.split(" ").slice(0, 2) ?? []));
      },
    },
  },
  {
    path: at("/_sim/pages/:page/token"),
    methods: {
      PUT: async ({ rooms, request, pageId }) => {
        const { token } = await readBody(request, tokenSchema);
        const account = rooms.pages.accountOf(knownAccount(rooms, pageId));
        if (account) rooms.pages.setToken(account.page, token);
        return ok({ page_id: account?.page.id ?? pageId });
      },
    },
  },
  {
    path: at("/_sim/pages/:page/subscription"),
    methods: {
      DELETE: ({ rooms, pageId }) => {
        const account = rooms.pages.accountOf(knownAccount(rooms, pageId));
        rooms.subscriptions.setPage(account?.page.id ?? pageId, []);
        return ok({ dropped: true });
      },
    },
  },
  {
    path: at("/_sim/subscription"),
    methods: {
      DELETE: ({ rooms }) => {
        for (const object of ["page", "instagram"] as const) rooms.subscriptions.setApp(object, null);
        return ok({ dropped: true });
      },
    },
  },
  {
    path: at("/_sim/pages/:page/events"),
    methods: {
      POST: async ({ rooms, request, pageId }) => {
        const event = await readBody(request, pageEventSchema);
        return ok(tellPage(rooms, knownAccount(rooms, pageId), event));
      },
    },
  },
  {
    path: at("/_sim/events"),
    methods: {
      POST: async ({ rooms, request }) => ok(sendRaw(rooms, await readBody(request, rawEventsSchema))),
    },
  },
  { path: at("/_sim/fetches"), methods: { GET: ({ rooms }) => ok({ data: rooms.attachments.fetches() }) } },
  {
    path: at("/_sim/calls"),
    methods: { GET: (call) => ok({ data: call.rooms.calls.list(limitOf(call, 2000, 2000)) }) },
  },
  {
    path: at("/_sim/deliveries"),
    methods: { GET: (call) => ok({ data: call.rooms.attempts.list(limitOf(call, 2000, 2000)) }) },
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
    path: at("/_sim/login"),
    methods: {
      GET: ({ rooms }) => ok(rooms.logins.manner()),
      PUT: async ({ rooms, request }) => ok(rooms.logins.change(await readBody(request, mannerChangeSchema))),
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
    methods: {
      POST: async ({ rooms: { environment } }) =>
        ok(await verifyWebhook(environment.webhookUrl, environment.verifyToken)),
    },
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
