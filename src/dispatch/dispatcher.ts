import { WorkerEntrypoint } from "cloudflare:workers";
import { ConversationLine } from "../conversation/stub.ts";
import type { Work } from "../conversation/work.ts";
import { configOf } from "../env.ts";
import type { ConversationId } from "../ids.ts";
import type { Way } from "../pages/gate.ts";
import { run } from "./run.ts";

/**
 * Where an object's alarm takes its work. It returns at once and works on in `waitUntil`: a Worker's waiting is free, an
 * object's is not.
 */
export class Dispatcher extends WorkerEntrypoint<Cloudflare.Env> {
  run(conversation: ConversationId, work: Work[], way: Way): void {
    const settings = configOf(this.env);
    // Without settings nothing can be done; the leases expire and are handed out again when there are.
    if (!settings.ok) return;
    const { CONVERSATION: conversations, PAGE: pages } = this.env;
    const context = { config: settings.config, pages, startedAt: Date.now() };
    this.ctx.waitUntil(run(context, new ConversationLine(conversations, conversation), work, way));
  }
}
