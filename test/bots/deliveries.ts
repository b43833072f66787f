import { expect, vi } from "vitest";
import type { Bot, BotSettings, Talk } from "../../src/bots/bot.ts";
import type { DeliverWork, OutgoingBody } from "../../src/conversation/work.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";

/** Deliveries to bots that are asked in turns, and a bot's server that answers as a test says. */

export const SIGNING_KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export const settings: BotSettings = {
  protocol: "native",
  url: "https://bot.invalid/base",
  timeoutMs: 1000,
  signingKeys: [Uint8Array.from(atob(SIGNING_KEY), (char) => char.charCodeAt(0))],
  token: undefined,
  model: undefined,
  prompt: undefined,
  turns: 0,
  appSecret: "app-secret",
  splitText: true,
};

/** For bots that remember by themselves what was said. */
export const noTalk: Talk = {
  turns: async () => {
    throw new Error("nobody expected to be asked");
  },
};

const [page, user] = [pageId("1001"), userId("7001")];
type Event = DeliverWork["events"][number];

const conversation: DeliverWork["conversation"] = {
  id: conversationId(page, user),
  page,
  user,
  platform: "messenger",
  windowClosesAt: 1_790_086_400_000,
  owner: "bot",
  state: null,
  stateVersion: 0,
  stateRefused: null,
  profile: '{"first_name":"Zoë","locale":"fr_FR"}',
  isProfileDue: false,
};

export const event = (type: string, raw: object, more: Partial<Event> = {}): Event => ({
  id: `m_${type}`,
  type,
  at: 1_790_000_000_000,
  raw: JSON.stringify(raw),
  isStandby: false,
  ...more,
});

export const written = (text: string): Event =>
  event("message", { message: { mid: `m_${text}`, text } }, { id: `m_${text}` });
export const tapped = (title: string, payload: string): Event =>
  event("postback", { postback: { title, payload } });

export const workOf = (...events: Event[]): DeliverWork => ({
  kind: "deliver",
  delivery: "msg_0123456789abcdef0123456789abcdef",
  attempt: 1,
  first: 1,
  conversation,
  events,
});

type Answered = Response | Error;

/** The bot's server, which gives these answers one after another. @returns the requests it got, as they come */
export function serverAnswering(...answers: Answered[]) {
  const requests: { url: string; init: RequestInit; body: unknown; headers: Headers }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init = {}) => {
    requests.push({
      url: String(url),
      init,
      body: JSON.parse(String(init.body)),
      headers: new Headers(init.headers),
    });
    const answer = answers[requests.length - 1];
    if (answer === undefined) throw new Error("nobody expected so many requests");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return requests;
}

/** What the bot is asked about an event. */
export async function asked(bot: Bot, one: Event, nothingSaid: unknown) {
  const [request] = await askedAll(bot, [one], nothingSaid);
  return request;
}

async function askedAll(bot: Bot, events: Event[], nothingSaid: unknown) {
  const requests = serverAnswering(...events.map(() => Response.json(nothingSaid)));
  await bot.deliver(workOf(...events), noTalk);
  return requests;
}

/** The bodies that go out when the bot answers this. */
export async function sentFor(bot: Bot, answer: unknown): Promise<OutgoingBody[]> {
  serverAnswering(Response.json(answer));
  const { outcome } = await bot.deliver(workOf(written("Hi")), noTalk);
  expect(outcome).toMatchObject({ kind: "answered" });
  return outcome.kind === "answered" ? outcome.answer.messages : [];
}

/** The message objects of the bodies that go out. */
export const saidFor = async (bot: Bot, answer: unknown): Promise<unknown[]> =>
  (await sentFor(bot, answer)).map((body) => body["message"]);

export const postback = (title: string, payload: string) => ({ type: "postback", title, payload });
export const quickReply = (title: string, payload: string) => ({ content_type: "text", title, payload });
export const buttonTemplate = (text: string, ...buttons: object[]) => ({
  attachment: { type: "template", payload: { template_type: "button", text, buttons } },
});
export const cards = (...elements: object[]) => ({
  attachment: { type: "template", payload: { template_type: "generic", elements } },
});
export const file = (type: string, url: string) => ({ attachment: { type, payload: { url } } });
