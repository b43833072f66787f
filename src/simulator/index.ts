import { chatAsset } from "./chat/assets.ts";
import { Refusal, refused } from "./control/answers.ts";
import { messengerOf, readEnvironment } from "./environment.ts";

export { Messenger } from "./messenger.ts";

/** The simulator's entry: chat page and health here, Graph and control in the one object that is the Messenger. */
export default {
  async fetch(request: Request, env: unknown): Promise<Response> {
    const url = new URL(request.url);
    const asset = request.method === "GET" ? chatAsset(url) : null;
    if (asset) return asset;
    const reading = readEnvironment(env);
    if (url.pathname === "/_sim/health") {
      const health = reading.ok ? { status: "ok" } : { status: "misconfigured", problems: reading.problems };
      return Response.json(health, { status: reading.ok ? 200 : 503 });
    }
    if (!reading.ok) return refused(new Refusal(503, "misconfigured", reading.problems.join(" ")));
    if (comesFromElsewhere(request, url)) {
      return refused(new Refusal(403, "foreign_origin", "Another site's pages may not drive the simulator."));
    }
    return await messengerOf(env).fetch(request);
  },
};

/** A page of another site, open in the same browser, could otherwise act as our users. */
function comesFromElsewhere(request: Request, url: URL): boolean {
  const origin = request.headers.get("Origin");
  return origin !== null && origin !== url.origin;
}
