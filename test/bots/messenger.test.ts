import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { messengerBot } from "../../src/bots/messenger.ts";
import { isStandby } from "../../src/conversation/incoming.ts";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { readBatch, readEnvelope } from "../../src/webhook/batch.ts";
import { event, noTalk, SIGNING_KEY, serverAnswering, settings, workOf, written } from "./deliveries.ts";

const bot = messengerBot({ ...settings, appSecret: "app-secret" });
afterEach(() => vi.restoreAllMocks());

const taken = () => new Response("EVENT_RECEIVED");

async function requestFor(work: DeliverWork, chosen = bot) {
  const requests = serverAnswering(taken());
  const delivered = await chosen.deliver(work, noTalk);
  return { request: requests[0], delivered };
}

const bodyFor = async (work: DeliverWork) => (await requestFor(work)).request?.body;

const NOW = 1_790_000_009_000;
const at = 1_790_000_000_000;

/** The delivery of what Meta sends for the user 7001 of the page 1001. */
async function workFrom(body: unknown, owner = "bot"): Promise<DeliverWork> {
  const envelope = readEnvelope(body);
  if (!envelope) throw new Error("this is no envelope");
  const batch = await readBatch(envelope, NOW, () => ({ appId: undefined, botEvents: undefined }));
  const events = [...batch.values()].flat().map((one) => ({ ...one, isStandby: isStandby(one.key) }));
  const work = workOf(
    ...events.map(({ id, type, at, raw, isStandby }) => ({ id, type, at, raw, isStandby })),
  );
  const platform = envelope.platform;
  return { ...work, conversation: { ...work.conversation, platform, owner } };
}

const says = (mid: string, text: string) => ({
  sender: { id: "7001" },
  recipient: { id: "1001" },
  timestamp: at,
  message: { mid, text },
});
const comment = {
  field: "feed",
  value: { item: "comment", verb: "add", comment_id: "5_6", from: { id: "7001" }, message: "Hi" },
};

describe("a bot written for Meta gets", () => {
  it("what Meta sent, in Meta's own envelope", async () => {
    const body = {
      object: "page",
      entry: [{ id: "1001", time: at, messaging: [says("m_1", "a"), says("m_2", "b")] }],
    };
    expect(await bodyFor(await workFrom(body))).toEqual(body);
  });

  it("each kind of list in an entry of its own, in the order in which the events came", async () => {
    const body = {
      object: "page",
      entry: [
        { id: "1001", time: at, messaging: [says("m_1", "a")] },
        { id: "1001", time: 1_790_000_001, changes: [comment] },
        {
          id: "1001",
          time: 1_790_000_002,
          changes: [{ ...comment, value: { ...comment.value, verb: "edited" } }],
        },
        { id: "1001", time: at, standby: [says("m_2", "b")] },
        { id: "1001", time: at, messaging: [says("m_3", "c")] },
      ],
    };
    expect(await bodyFor(await workFrom(body))).toEqual(body);
  });

  it("beside the list how the thread came to the app, as Meta tells it", async () => {
    const hop = [{ app_id: 900, metadata: "from sales" }];
    const body = {
      object: "page",
      entry: [
        { id: "1001", time: at, messaging: [says("m_1", "a"), says("m_2", "b")], hop_context: hop },
        { id: "1001", time: at, messaging: [says("m_3", "c")] },
      ],
    };
    expect(await bodyFor(await workFrom(body))).toEqual(body);
  });

  it("events of Instagram as such", async () => {
    const body = { object: "instagram", entry: [{ id: "1001", time: at, messaging: [says("m_1", "a")] }] };
    expect(await bodyFor(await workFrom(body))).toEqual(body);
  });

  it("kinds that nobody knows yet, and entries with lists that nobody knows yet", async () => {
    const news = { sender: { id: "7001" }, recipient: { id: "1001" }, timestamp: at, hologram: { size: 3 } };
    const known = { object: "page", entry: [{ id: "1001", time: at, messaging: [news] }] };
    expect(await bodyFor(await workFrom(known))).toEqual(known);
    const whole = {
      object: "page",
      entry: [
        { id: "1001", time: at, holograms: [1] },
        { id: "1001", time: at },
      ],
    };
    expect(await bodyFor(await workFrom(whole))).toEqual(whole);
  });

  it("on standby what is another's to answer, but not what concerns the thread itself", async () => {
    const passed = {
      ...says("m_2", ""),
      message: undefined,
      pass_thread_control: { new_owner_app_id: "900" },
    };
    const body = { object: "page", entry: [{ id: "1001", time: at, messaging: [says("m_1", "a"), passed] }] };
    expect(await bodyFor(await workFrom(body, "human"))).toMatchObject({
      entry: [{ standby: [{ message: { mid: "m_1" } }] }, { messaging: [{ pass_thread_control: {} }] }],
    });
  });

  it("the raw text as it was stored, with every letter beyond ASCII escaped", async () => {
    const raw = '{"message":{"mid":"m_1","text":"Grüß \u2028 🚀","b":1e400,"a":[ ]}}';
    const { request } = await requestFor(workOf({ ...written("a"), raw }));
    expect(request?.init.body).toBe(
      `{"object":"page","entry":[{"id":"1001","time":${at},"messaging":[` +
        '{"message":{"mid":"m_1","text":"Gr\\u00fc\\u00df \\u2028 \\ud83d\\ude80","b":1e400,"a":[ ]}}]}]}',
    );
  });

  it("the same value as was stored, whatever letters are in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.json(), async (text, more) => {
        const raw = `{"message":${JSON.stringify({ mid: "m_1", text })},"more":${more}}`;
        const { request } = await requestFor(workOf({ ...written("a"), raw }));
        expect(request?.init.body).toMatch(/^[\x20-\x7f]*$/);
        expect(request?.body).toMatchObject({ entry: [{ messaging: [JSON.parse(raw)] }] });
      }),
      { numRuns: 50 },
    );
  });
});

describe("a request", () => {
  it("is signed as Meta signs, by both headers, under the bot's app secret", async () => {
    const { request } = await requestFor(workOf(event("read", { read: { watermark: 1 } })));
    expect(request?.init.body).toBe(
      `{"object":"page","entry":[{"id":"1001","time":${at},"messaging":[{"read":{"watermark":1}}]}]}`,
    );
    // Made with OpenSSL, of that body.
    expect(request?.headers.get("x-hub-signature-256")).toBe(
      "sha256=0d94e90bc0959d13488f67b2b8adbcae9245ae3350d4ed3a07e831e4fe5a76a1",
    );
    expect(request?.headers.get("x-hub-signature")).toBe("sha1=e7eb358488527399a743e1172215a1e363c0b7e3");
  });

  it("is signed as those of all other protocols, too, and carries the bot's token, if there is one", async () => {
    const { request } = await requestFor(
      workOf(written("Grüß")),
      messengerBot({ ...settings, token: "s3cret" }),
    );
    const headers = Object.fromEntries(request?.headers ?? []);
    expect(() => new Webhook(SIGNING_KEY).verify(String(request?.init.body), headers)).not.toThrow();
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": "msg_0123456789abcdef0123456789abcdef",
      authorization: "Bearer s3cret",
    });
    expect(request?.url).toBe(settings.url);
  });

  it("has the same body on every attempt", async () => {
    const work = workOf(written("a"), event("delivery", { delivery: { watermark: 2 } }));
    const bodies = [await requestFor(work), await requestFor({ ...work, attempt: 2 })];
    expect(bodies[0]?.request?.init.body).toBe(bodies[1]?.request?.init.body);
  });
});

describe("an answer", () => {
  const endOf = async (answer: Response | Error) => {
    serverAnswering(answer);
    return bot.deliver(workOf(written("a")), noTalk);
  };

  it("of any 2xx means that the events are taken, whatever it says; replies come later", async () => {
    for (const answer of [
      taken(),
      new Response(null, { status: 204 }),
      new Response("<html>"),
      Response.json({ messages: [{ text: "not sent" }] }),
      new Response("x".repeat(600_000)),
      new Response(new Uint8Array([0xff])),
    ]) {
      expect(await endOf(answer)).toMatchObject({
        outcome: { kind: "answered", status: answer.status, answer: { messages: [], actions: [] } },
        repliesLater: true,
      });
    }
  });

  it("of any other status ends as it does with every bot", async () => {
    expect((await endOf(new Response("", { status: 500 }))).outcome).toMatchObject({
      kind: "retry",
      status: 500,
    });
    expect((await endOf(new Response("", { status: 403 }))).outcome).toMatchObject({ kind: "rejected" });
    expect((await endOf(new Response("", { status: 410 }))).outcome).toMatchObject({ kind: "gone" });
    expect((await endOf(new TypeError("refused"))).outcome).toMatchObject({ reason: "unreachable" });
  });
});

it("isn't asked about what has no form of Meta's: the gateway's own events, and what was no event at all", async () => {
  const requests = serverAnswering();
  const failed = event("message.failed", { message: { id: "1-0", mid: null }, code: "x", reason: "y", at });
  const work = workOf(failed, { ...event("unknown", {}), raw: '"odd"' });
  expect(await bot.deliver(work, noTalk)).toMatchObject({ outcome: { kind: "answered" }, isAsked: false });
  expect(requests).toEqual([]);
});
