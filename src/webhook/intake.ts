import { callConversation } from "../conversation/stub.ts";
import type { Work } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import type { ConversationId } from "../ids.ts";
import { problem } from "../problem.ts";
import { type Batch, readBatch } from "./batch.ts";
import { readLimited } from "./body.ts";
import { parseJson } from "./json.ts";
import { isSignedByMeta } from "./signature.ts";

/** Objects written to at the same time. More would not be faster: each commit waits on storage. */
const STORE_LANES = 32;
/**
 * Conversations whose events this invocation also takes to the bot; the rest are started by their objects' alarms, each
 * with an invocation of its own. Six is what a Worker may have waiting for response headers at once.
 */
const DISPATCH_HERE = 6;

export interface Started {
  conversation: ConversationId;
  work: Work[];
}

/**
 * Meta's POST: checked, understood, stored. Only when everything is stored does it answer 200.
 * @returns the answer for Meta, and the work the stored events have made ready.
 */
export async function takeIn(
  request: Request,
  config: Config,
  namespace: Cloudflare.Env["CONVERSATION"],
): Promise<{ response: Response; started: Started[] }> {
  const refuse = (status: number, code: string, detail: string) => ({
    response: problem({ status, code, detail }),
    started: [],
  });

  const body = await readLimited(request);
  if (!body) return refuse(413, "body_too_large", "A webhook body is limited to 1 MiB.");
  if (!(await isSignedByMeta(request.headers.get("x-hub-signature-256"), body, config.appSecrets))) {
    return refuse(
      401,
      "signature_invalid",
      "X-Hub-Signature-256 is missing or was not made with META_APP_SECRET.",
    );
  }
  const json = parseJson(body);
  if (!json.ok) return refuse(400, json.code, "The body is not JSON that a webhook could carry.");
  const batch = await readBatch(json.value, Date.now(), {
    appId: config.appId,
    botEvents: config.bot.events,
  });
  if (!batch) return refuse(400, "not_an_envelope", 'The body is not {"object","entry":[{"id",…}]}.');

  const { started, failed } = await store(batch, namespace);
  if (failed > 0) {
    // Meta redelivers the whole batch; what is stored already is recognised and stays single.
    console.error({ event: "store_failed", conversations: batch.size, failed });
    return {
      response: problem({
        status: 500,
        code: "not_stored",
        detail: "Some events were not stored; send them again.",
      }),
      started,
    };
  }
  return { response: new Response("EVENT_RECEIVED", { headers: { "content-type": "text/plain" } }), started };
}

async function store(
  batch: Batch,
  namespace: Cloudflare.Env["CONVERSATION"],
): Promise<{ started: Started[]; failed: number }> {
  const started: Started[] = [];
  let failed = 0;
  let at = 0;
  const conversations = [...batch];
  const lane = async () => {
    for (let mine = at++; mine < conversations.length; mine = at++) {
      const next = conversations[mine];
      if (!next) return;
      const [conversation, events] = next;
      try {
        const work = await callConversation(namespace, conversation, (stub) =>
          stub.ingest(events, mine < DISPATCH_HERE),
        );
        if (work.length > 0) started.push({ conversation, work });
      } catch (error) {
        failed++;
        console.error({ event: "ingest_failed", conversation, error: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(STORE_LANES, conversations.length) }, lane));
  return { started, failed };
}
