import { type IRequest, Router } from "itty-router";
import { uploadAttachment } from "./api/attachments.ts";
import { identify, type Role } from "./api/auth.ts";
import type { ApiCall, CallContext } from "./api/call.ts";
import { channelInfo, listChannels, resealChannels, updateChannel } from "./api/channels.ts";
import { connectFacebook, connectInstagram, disconnectOf, exploreFacebook } from "./api/channels-connect.ts";
import { checkChannels } from "./api/checks.ts";
import { forgetComparisons, listComparisons } from "./api/comparisons.ts";
import {
  conversationInfo,
  ownerByMeta,
  passThread,
  receivers,
  setOwner,
  takeThread,
  threadControl,
} from "./api/conversations.ts";
import { deliveryInfo, listDeliveries, replayDeliveries } from "./api/deliveries.ts";
import { listMessages, sendMessages } from "./api/messages.ts";
import { personaCreate, personaDelete, personaList } from "./api/personas.ts";
import { deleteConversation, exportConversation } from "./api/privacy.ts";
import { applyWanted, compareWithWanted, getProfile, setMenuOfUser } from "./api/profile.ts";
import { answerState } from "./api/state.ts";
import { run } from "./dispatch/run.ts";
import { openDoor } from "./door/door.ts";
import { type App, type Config, configOf } from "./env.ts";
import { answerHealth, notConfigured } from "./health.ts";
import { serveMedia } from "./media/serve.ts";
import { comeBack } from "./oauth/callback.ts";
import { connectPages, showPages } from "./oauth/picker.ts";
import { CALLBACK, makeStartLink, start } from "./oauth/start.ts";
import { dataDeletion, deauthorize } from "./privacy/callbacks.ts";
import { deletionStatus } from "./privacy/status-page.ts";
import { problem } from "./problem.ts";
import { selfCheck } from "./self-check/round.ts";
import { answerHandshake } from "./webhook/handshake.ts";
import { takeIn } from "./webhook/intake.ts";

type Args = [env: Cloudflare.Env, ctx: ExecutionContext];

/** Every path the gateway answers, but for the one that {@link answer} takes ahead of it. */
const router = Router<IRequest & Request, Args>();

const WEBHOOK = "/webhook";
/** The same for a whole URL: parsing every one would cost more than the rest of the routing. */
const IS_WEBHOOK = /^https?:\/\/[^/]+\/webhook(?:[?#]|$)/;

router.get(WEBHOOK, (request, env) => configured(env, ({ apps }) => handshake(request, apps)));
router.post(WEBHOOK, webhook);

/** One app's own callback URL, where several are served: what another app says there doesn't count. */
const WEBHOOK_OF_APP = `${WEBHOOK}/:app`;
router.get(WEBHOOK_OF_APP, (request, env) =>
  configured(env, (config) => ofApp(request, config, (apps) => handshake(request, apps))),
);
router.post(WEBHOOK_OF_APP, (request, env, ctx) =>
  configured(env, (config) =>
    ofApp(request, config, (apps) => takeIn(request, config, apps, env, starter(config, env, ctx))),
  ),
);

function webhook(request: Request, env: Cloudflare.Env, ctx: ExecutionContext): Response | Promise<Response> {
  return configured(env, (config) => takeIn(request, config, config.apps, env, starter(config, env, ctx)));
}

const handshake = (request: Request, apps: readonly App[]) =>
  answerHandshake(
    new URL(request.url).searchParams,
    apps.map(({ verifyToken }) => verifyToken),
  );

function ofApp(
  request: IRequest,
  { apps }: Config,
  handle: (apps: readonly App[]) => Promise<Response>,
): Response | Promise<Response> {
  const app = apps.find(({ id }) => id !== undefined && id === request.params["app"]);
  return app
    ? handle([app])
    : problem({ status: 404, code: "no_such_app", detail: "No such app is served here." });
}

/** Does work after the request is answered. */
function starter(config: Config, env: Cloudflare.Env, ctx: ExecutionContext): CallContext["start"] {
  const context = { config, pages: env.PAGE, startedAt: Date.now() };
  return (conversation, work, onSent) =>
    ctx.waitUntil(run({ ...context, ...(onSent ? { onSent } : {}) }, conversation, work, "ordinary"));
}

/** What is called like Meta's Graph API is answered like it (src/door). */
const IS_GRAPH_CALL = /^https?:\/\/[^/]+\/v\d+\.\d+(?:[/?#]|$)/;
const isGraphBatch = ({ method, url }: Request): boolean =>
  method === "POST" && /^https?:\/\/[^/]+\/?(?:[?#]|$)/.test(url);

/** The HTTP API: each call with the role it needs. */
const calls: [path: string, role: Role, handle: ApiCall][] = [
  ["/channels.list", "operator", listChannels],
  ["/channels.info", "operator", channelInfo],
  ["/channels.update", "admin", updateChannel],
  ["/channels.reseal", "admin", resealChannels],
  ["/channels.facebook.connect", "admin", connectFacebook],
  ["/channels.facebook.explore", "admin", exploreFacebook],
  ["/channels.facebook.disconnect", "admin", disconnectOf("facebook")],
  ["/channels.instagram.connect", "admin", connectInstagram],
  ["/channels.instagram.disconnect", "admin", disconnectOf("instagram")],
  ["/channels.check", "admin", checkChannels],
  ["/oauth.start", "admin", makeStartLink],
  ["/deliveries.list", "operator", listDeliveries],
  ["/deliveries.info", "operator", deliveryInfo],
  ["/deliveries.replay", "operator", replayDeliveries],
  ["/conversations.info", "operator", conversationInfo],
  ["/conversations.set-owner", "bot", setOwner],
  ["/conversations.pass-thread", "bot", passThread],
  ["/conversations.take-thread", "bot", takeThread],
  ["/conversations.request-thread", "bot", threadControl("request_thread_control")],
  ["/conversations.release-thread", "bot", threadControl("release_thread_control")],
  ["/conversations.thread-owner", "bot", ownerByMeta],
  ["/conversations.receivers", "operator", receivers],
  ["/deliveries.comparisons", "operator", listComparisons],
  ["/deliveries.forget-comparisons", "operator", forgetComparisons],
  ["/conversations.delete", "admin", deleteConversation],
  ["/conversations.export", "admin", exportConversation],
  ["/messages.list", "operator", listMessages],
  ["/messages.send", "bot", sendMessages],
  ["/profile.get", "operator", getProfile],
  ["/profile.diff", "operator", compareWithWanted],
  ["/profile.apply", "admin", applyWanted],
  ["/profile.user-menu", "bot", setMenuOfUser],
  ["/personas.list", "operator", personaList],
  ["/personas.create", "admin", personaCreate],
  ["/personas.delete", "admin", personaDelete],
  ["/attachments.upload", "bot", uploadAttachment],
];
for (const [path, role, handle] of calls) {
  router.post(path, (request, env, ctx) =>
    configured(env, async (config) => {
      const who = await identify(request, config.apiKeys, role);
      if (!who.ok) return who.response;
      return handle(request, config, env, { caller: who.caller, start: starter(config, env, ctx) });
    }),
  );
}

for (const method of ["get", "put", "patch"] as const) {
  router[method]("/conversations/:conversation/state", (request, env) =>
    configured(env, async (config) => {
      const who = await identify(request, config.apiKeys, "bot");
      return who.ok ? answerState(request, config, env, who.caller) : who.response;
    }),
  );
}

router.get("/oauth/start", (request, env) => configured(env, (config) => start(request, config, env)));
router.get(CALLBACK, (request, env) => configured(env, (config) => comeBack(request, config, env)));
router.get("/oauth/pages", (request, env) => configured(env, (config) => showPages(request, config, env)));
router.post("/oauth/pages", (request, env) =>
  configured(env, (config) => connectPages(request, config, env)),
);

router.get("/media/:conversation/:event/:index", (request, env) =>
  configured(env, (config) => serveMedia(request, config, env.CONVERSATION)),
);

router.post("/data-deletion", (request, env) =>
  configured(env, (config) => dataDeletion(request, config, env)),
);
router.get("/data-deletion/:code", (request, env) =>
  configured(env, (config) => deletionStatus(request, config, env)),
);
router.post("/deauthorize", (request, env, ctx) =>
  configured(env, (config) =>
    deauthorize(request, config, env, () => ctx.waitUntil(selfCheck(env, Date.now()))),
  ),
);

router.get("/healthz", answerHealth);

/** Without settings the webhook answers 503: Meta keeps the events and sends them again. */
function configured(
  env: Cloudflare.Env,
  handle: (config: Config) => Response | Promise<Response>,
): Response | Promise<Response> {
  const settings = configOf(env);
  return settings.ok ? handle(settings.config) : notConfigured(settings.problems);
}

export async function answer(
  request: Request,
  env: Cloudflare.Env,
  ctx: ExecutionContext,
): Promise<Response> {
  try {
    // Nearly every request is this one; matching routes would cost it a tenth of its time.
    if (request.method === "POST" && IS_WEBHOOK.test(request.url)) {
      return await webhook(request, env, ctx);
    }
    if (IS_GRAPH_CALL.test(request.url) || isGraphBatch(request)) {
      return await configured(env, (config) =>
        openDoor(request, config, env, { start: starter(config, env, ctx) }),
      );
    }
    const response: Response | undefined = await router.fetch(request, env, ctx);
    return response ?? noRoute(request);
  } catch (error) {
    // What went wrong inside is for the log: the caller learns only that it did.
    console.error({ event: "unhandled", error: error instanceof Error ? error.stack : String(error) });
    return problem({
      status: 500,
      code: "internal",
      detail: "The gateway failed; the request can be repeated.",
    });
  }
}

function noRoute(request: Request): Response {
  const { pathname } = new URL(request.url);
  const methods = router.routes.filter(([, path]) => path.test(pathname)).map(([method]) => method);
  if (methods.length === 0) {
    return problem({ status: 404, code: "not_found", detail: "There is nothing at this path." });
  }
  return problem({
    status: 405,
    code: "method_not_allowed",
    detail: `${pathname} answers ${methods.join(", ")}.`,
    headers: { allow: methods.join(", ") },
  });
}
