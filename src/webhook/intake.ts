import type { Conversation } from "../conversation/conversation.ts";
import { ConversationLine } from "../conversation/stub.ts";
import type { Work } from "../conversation/work.ts";
import type { App, Config } from "../env.ts";
import { type PageId, partsOf } from "../ids.ts";
import { forgetTakenBack } from "../media/taken-back.ts";
import { botEventsOf, type PageSetup, rulesOf, setupOf } from "../pages/setup.ts";
import { problem } from "../problem.ts";
import { noteWebhooks } from "../self-check/last-webhook.ts";
import { type Batch, type Envelope, type Policy, readBatch, readEnvelope } from "./batch.ts";
import { readLimited } from "./body.ts";
import { parseJson } from "./json.ts";
import { signerOf } from "./signature.ts";

/** Objects written to at the same time. More would not be faster: each commit waits on storage. */
const STORE_LANES = 32;
/**
 * Conversations whose events this invocation also takes to the bot; the rest are started by their objects' alarms, each
 * with an invocation of its own. Six is what a Worker may have waiting for response headers at once: a bot on trial takes
 * as much of that as the page's own, and mustn't have messages wait for it.
 */
const DISPATCH_HERE = 6;

/** Another app's word on a page is left out only by what was told of the page no longer ago, ms. */
const STRANGER_CHECK_MS = 1_000;

type Signer = Pick<App, "id">;
type Objects = Pick<Cloudflare.Env, "CONVERSATION" | "PAGE">;
type Setups = ReadonlyMap<PageId, PageSetup>;

/** Called with work as soon as it is stored, before the rest of its batch is. */
type OnReady = (conversation: ConversationLine, work: Work[]) => void;

/**
 * Meta's POST: checked, understood, stored. Only when everything is stored is the answer 200.
 * @param apps those whose word counts here
 * @param onReady starts what the stored events have made ready; must not be awaited here, Meta is waiting
 */
export async function takeIn(
  request: Request,
  config: Config,
  apps: readonly App[],
  objects: Objects,
  onReady: OnReady,
): Promise<Response> {
  const body = await readLimited(request, config.webhookMaxBytes);
  if (!body) {
    console.error({ event: "body_too_large", limit: config.webhookMaxBytes });
    const detail = `A webhook body is limited to ${config.webhookMaxBytes} bytes (WEBHOOK_MAX_BYTES).`;
    return problem({ status: 413, code: "body_too_large", detail });
  }
  const signer = await signerOf(request.headers.get("x-hub-signature-256"), body, apps);
  if (!signer) {
    const detail =
      "X-Hub-Signature-256 is missing or was not made with META_APP_SECRET (or one in META_APPS).";
    return problem({ status: 401, code: "signature_invalid", detail });
  }
  const json = parseJson(body);
  if (!json.ok) {
    return problem({
      status: 400,
      code: json.code,
      detail: "The body is not JSON that a webhook could carry.",
    });
  }
  const envelope = readEnvelope(json.value);
  if (!envelope) {
    return problem({
      status: 400,
      code: "not_an_envelope",
      detail: 'The body is not {"object","entry":[{"id",…}]}.',
    });
  }
  const setups = await setupsOf(envelope, signer, config, objects);
  const ours = withoutStrangers(envelope, setups, signer);
  const batch = await readBatch(ours, Date.now(), (page) => policyFrom(of(setups, page), config));
  const { failed, full } = await store(batch, setups, config, objects, onReady);
  const served = ours.entries.map(({ page }) => page).filter((page) => of(setups, page).token !== undefined);
  noteWebhooks(objects.PAGE, served, Date.now());
  if (full > 0) {
    const detail = "A conversation has too many events waiting for the bot; send them again later.";
    return problem({ status: 503, code: "conversation_full", detail, headers: { "retry-after": "60" } });
  }
  if (failed > 0) {
    // Meta redelivers the whole batch; what is stored already is recognised and stays single.
    console.error({ event: "store_failed", conversations: batch.size, failed });
    return problem({
      status: 500,
      code: "not_stored",
      detail: "Some events were not stored; send them again.",
    });
  }
  return new Response("EVENT_RECEIVED");
}

/** How each page of an envelope is served. */
async function setupsOf(
  { entries }: Envelope,
  signer: Signer,
  config: Config,
  { PAGE: pages }: Objects,
): Promise<Setups> {
  const source = { config, pages };
  const current = async (page: PageId) => {
    const setup = await setupOf(source, page);
    // It may have changed apps just now. What is left out for that is answered with 200: it doesn't come again.
    return isStranger(signer, setup) ? setupOf(source, page, STRANGER_CHECK_MS) : setup;
  };
  const all = [...new Set(entries.map(({ page }) => page))];
  return new Map(await Promise.all(all.map(async (page) => [page, await current(page)] as const)));
}

/** A page that was given to an app is that app's, and not another's. */
const isStranger = (signer: Signer, { isAppsOwn, app }: PageSetup): boolean =>
  isAppsOwn && app.id !== signer.id;

/**
 * What another app says of a page than its own doesn't count, lest who has one app's secret speaks for all pages. Its own
 * app brings the same events.
 */
function withoutStrangers(envelope: Envelope, setups: Setups, signer: Signer): Envelope {
  const entries = envelope.entries.filter(({ page }) => !isStranger(signer, of(setups, page)));
  if (entries.length < envelope.entries.length) {
    console.warn({
      event: "page_of_another_app",
      app: signer.id,
      entries: envelope.entries.length - entries.length,
    });
  }
  return { ...envelope, entries };
}

const policyFrom = (setup: PageSetup, config: Config): Policy => ({
  appId: setup.app.id,
  botEvents: botEventsOf(setup, config),
});

function of(setups: Setups, page: PageId): PageSetup {
  const setup = setups.get(page);
  if (!setup) throw new Error("a page of the envelope has no setup");
  return setup;
}

/** @returns how many conversations could not store their events, or have too many waiting to take more */
async function store(
  batch: Batch,
  setups: Setups,
  config: Config,
  { CONVERSATION: namespace }: Objects,
  onReady: OnReady,
): Promise<{ failed: number; full: number }> {
  let failed = 0;
  let full = 0;
  let at = 0;
  let room = DISPATCH_HERE;
  const conversations = [...batch];
  const lane = async () => {
    for (let mine = at++; mine < conversations.length; mine = at++) {
      const next = conversations[mine];
      if (!next) return;
      const [conversation, events] = next;
      try {
        const setup = of(setups, partsOf(conversation).page);
        const takes = setup.shadow ? 2 : 1;
        const isHere = takes <= room;
        if (isHere) room -= takes;
        const ingest = (stub: DurableObjectStub<Conversation>) => stub.ingest(events, isHere, rulesOf(setup));
        const line = new ConversationLine(namespace, conversation);
        const { isFull, work } = await line.call(ingest);
        if (isFull) full++;
        else {
          forgetTakenBack(config, conversation, events);
          if (work.length > 0) onReady(line, work);
        }
      } catch (error) {
        failed++;
        console.error({ event: "ingest_failed", conversation, error: String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(STORE_LANES, conversations.length) }, lane));
  return { failed, full };
}
