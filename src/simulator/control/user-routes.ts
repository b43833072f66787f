import type * as z from "zod/mini";
import type { Conversation } from "../ids.ts";
import { userChangeSchema } from "../users.ts";
import { ok, readBody } from "./answers.ts";
import { picture } from "./picture.ts";
import { reply, replySchema } from "./replies.ts";
import { accountIdOf, at, type Call, knownAccount, limitOf, type Route } from "./route.ts";
import { say } from "./say.ts";
import { ownerView, threadStep, threadStepSchema } from "./thread-steps.ts";
import { utteranceSchema } from "./utterance.ts";
import { findUser, threadView, userListView, wholeUserView } from "./views.ts";
import { movePast, windowSchema } from "./window.ts";

/** What people do, and what is to know of them. */
export const userRoutes: readonly Route[] = [
  {
    path: at("/_sim/users"),
    methods: { GET: (call) => ok(userListView(call.rooms, accountIdOf(call), limitOf(call, 200, 5000))) },
  },
  {
    path: at("/_sim/users/:user"),
    methods: {
      GET: ({ rooms, userId }) => ok(wholeUserView(rooms, findUser(rooms, userId))),
      PUT: async ({ rooms, request, userId }) => {
        const user = rooms.users.change(userId, await readBody(request, userChangeSchema));
        rooms.live.statusChanged();
        return ok(wholeUserView(rooms, user));
      },
    },
  },
  {
    path: at("/_sim/users/:user/picture"),
    methods: {
      GET: ({ rooms, userId }) => {
        const { id, first_name, last_name } = findUser(rooms, userId);
        return picture(id, first_name, last_name);
      },
    },
  },
  {
    path: at("/_sim/users/:user/thread"),
    methods: { GET: (call) => ok(threadView(call.rooms, conversationOf(call))) },
  },
  {
    path: at("/_sim/users/:user/messages"),
    methods: { POST: acting(utteranceSchema, ({ rooms }, where, body) => say(rooms, where, body)) },
  },
  {
    path: at("/_sim/users/:user/replies"),
    methods: { POST: acting(replySchema, ({ rooms }, where, body) => reply(rooms, where, body)) },
  },
  {
    path: at("/_sim/users/:user/thread-control"),
    methods: {
      GET: (call) => ok(ownerView(call.rooms, conversationOf(call))),
      POST: acting(threadStepSchema, ({ rooms }, where, body) => threadStep(rooms, where, body)),
    },
  },
  {
    path: at("/_sim/users/:user/window"),
    methods: { POST: acting(windowSchema, ({ rooms }, where, body) => movePast(rooms, where, body)) },
  },
];

function conversationOf(call: Call): Conversation {
  return { pageId: accountIdOf(call), userId: call.userId };
}

/** A call whose body is about this person and the page it names. */
function acting<Schema extends z.ZodMiniType<{ page_id?: string | undefined }>>(
  schema: Schema,
  does: (call: Call, conversation: Conversation, body: z.output<Schema>) => unknown,
) {
  return async (call: Call): Promise<Response> => {
    const body = await readBody(call.request, schema);
    const pageId = knownAccount(call.rooms, body.page_id);
    return ok(does(call, { pageId, userId: call.userId }, body));
  };
}
