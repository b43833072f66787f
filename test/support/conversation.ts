import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Conversation } from "../../src/conversation/conversation.ts";
import type { IncomingEvent } from "../../src/conversation/incoming.ts";
import type { MessageState } from "../../src/conversation/position.ts";
import type {
  BotAnswer,
  DeliverWork,
  DeliveryReport,
  PageRules,
  SendOutcome,
  SendWork,
  Work,
} from "../../src/conversation/work.ts";

/** Drives a conversation's object as the webhook and the dispatcher do, without a network between. */

const ALL = { deliver: true, send: true, tell: true };
export const NONE = { deliver: false, send: false, tell: false };

/** The built-in settings, as far as conversations know them. */
export const RULES: PageRules = {
  forwardStandby: false,
  pauseOnInboxReply: true,
  handBackMs: 12 * 3_600_000,
  gatherMs: 0,
  stateTtlMs: null,
  callbacks: [],
};

export type Stub = DurableObjectStub<Conversation>;

/** A conversation nobody else uses. Events of the user's, from it. */
export function freshConversation(): Stub {
  return env.CONVERSATION.getByName(`100200300400500_${crypto.randomUUID()}`);
}

export const says = (words: string, more: Partial<IncomingEvent> = {}): IncomingEvent => ({
  key: `message:m_${words}`,
  id: `m_${words}`,
  type: "message",
  at: Date.now(),
  platform: "messenger",
  forward: true,
  opensWindow: true,
  raw: JSON.stringify({ message: { mid: `m_${words}`, text: words } }),
  ...more,
});

/** The echo of what someone else wrote to the user: a person in Meta's inbox, or another app. */
export const echoFrom = (by: "person" | "app", words: string, more: Partial<IncomingEvent> = {}) =>
  says(words, {
    key: `echo:m_${words}`,
    type: "echo",
    opensWindow: false,
    echo: { mid: `m_${words}`, metadata: undefined },
    effects: [{ kind: "written", by, app: by === "app" ? "555" : null, mid: `m_${words}` }],
    raw: JSON.stringify({
      message: { mid: `m_${words}`, text: words, is_echo: true, ...(by === "app" ? { app_id: 555 } : {}) },
    }),
    ...more,
  });

/** Meta's word on whose the thread is. */
export const threadGoesTo = (owner: string | null, words: string, at = Date.now()): IncomingEvent =>
  says(words, {
    type: "pass_thread_control",
    opensWindow: false,
    at,
    effects: [{ kind: "thread", owner, previous: null }],
  });

export const ownerOf = async (stub: Stub): Promise<string> => (await stub.info(RULES.handBackMs)).owner;

/** Stores events as the webhook does, and takes the work. */
export async function ingest(
  stub: Stub,
  events: IncomingEvent[],
  take = true,
  rules = RULES,
): Promise<Work[]> {
  const { isFull, work } = await stub.ingest(events, take, rules);
  if (isFull) throw new Error("the conversation is full");
  return work;
}

export function deliverWork(work: Work[]): DeliverWork {
  const found = work.find((one) => one.kind === "deliver");
  if (!found) throw new Error(`no delivery among ${JSON.stringify(work)}`);
  return found;
}

export function sendWork(work: Work[]): SendWork {
  const found = work.find((one) => one.kind === "send");
  if (!found) throw new Error(`no send among ${JSON.stringify(work)}`);
  return found;
}

export const wordsOf = (work: DeliverWork): string[] => work.events.map(({ id }) => id.slice(2));
export const textOf = (work: SendWork): string => JSON.parse(work.body).message.text;
export const metadataOf = (work: SendWork): string => JSON.parse(work.body).message.metadata;

export const answerOf = (...texts: string[]): BotAnswer => ({
  messages: texts.map((text) => ({ messaging_type: "RESPONSE", message: { text } })),
  actions: [],
});

/** A report of a delivery, but for how it ended. */
export const reportOf = ({
  delivery,
  attempt,
  conversation,
}: DeliverWork): Omit<DeliveryReport, "outcome"> => ({
  delivery,
  attempt,
  owner: conversation.owner,
  rules: RULES,
  tookMs: 5,
  excerpt: "…",
});

export function reportAnswer(
  stub: Stub,
  work: DeliverWork,
  answer: BotAnswer,
  capacity = ALL,
): Promise<Work[]> {
  const outcome = { kind: "answered" as const, status: 200, answer };
  return stub.settleDelivery({ ...reportOf(work), outcome }, capacity);
}

export function reportFailure(stub: Stub, work: DeliverWork, status = 503, final = false): Promise<Work[]> {
  const outcome = {
    kind: final ? ("rejected" as const) : ("retry" as const),
    status,
    reason: `http_${status}`,
  };
  return stub.settleDelivery({ ...reportOf(work), outcome }, ALL);
}

export function reportSend(
  stub: Stub,
  work: SendWork,
  outcome: SendOutcome,
  capacity = ALL,
): Promise<Work[]> {
  const { entry, index, attempt, nonce } = work;
  return stub.settleSend({ entry, index, attempt, nonce, rules: RULES, outcome }, capacity);
}

export const sent = (mid: string): SendOutcome => ({ kind: "sent", mid });

/** Every message to the user, in order, with its state. */
export function messagesOf(stub: Stub): Promise<(MessageState & { text: string })[]> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ messages: string; progress: string }>("SELECT messages, progress FROM outbox ORDER BY seq")
      .toArray()
      .flatMap(({ messages, progress }) => {
        const states: MessageState[] = JSON.parse(progress);
        const bodies: { message?: { text: string } }[] = JSON.parse(messages);
        return states.map((state, at) => ({ ...state, text: bodies[at]?.message?.text ?? "" }));
      }),
  );
}

/** Lets time pass for a conversation: everything that was due later is due now. */
export function letTimePass(stub: Stub): Promise<void> {
  return runInDurableObject(stub, async (_, { storage }) => {
    storage.sql.exec("UPDATE event SET due = 1 WHERE due IS NOT NULL");
    storage.sql.exec("UPDATE outbox SET due = 1");
  });
}

export const alarmOf = (stub: Stub): Promise<number | null> =>
  runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

/** Whether nothing is left to do: the only alarm is the one that deletes what is old. */
export async function isAtRest(stub: Stub): Promise<boolean> {
  const alarm = await alarmOf(stub);
  return alarm === null || alarm > Date.now() + 24 * 60 * 60_000;
}

/** The rest of the work, but for telling the page of dead letters. */
export const butTelling = (work: Work[]): Work[] => work.filter(({ kind }) => kind !== "tell");
