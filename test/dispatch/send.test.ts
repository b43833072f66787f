import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SendReport, SendWork } from "../../src/conversation/work.ts";
import { send } from "../../src/dispatch/send.ts";
import { conversationId, PAGE_ITSELF, type PageId } from "../../src/ids.ts";
import { seal } from "../../src/pages/sealing.ts";
import { setupOf } from "../../src/pages/setup.ts";
import { accepted, contextOf, freshPage, listening, refusal, saidIn, sendWorkOf, USER } from "./bench.ts";

const HOUR = 3_600_000;
const HI = { message: { text: "hi" } };
afterEach(() => vi.restoreAllMocks());

const sending = (page: PageId, work: SendWork, settings: Record<string, unknown> = {}): Promise<SendReport> =>
  send(contextOf(page, settings), conversationId(page, work.user), work, "ordinary");

describe("a message", () => {
  it("goes to the user as what Meta's rules make of it", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const report = await sending(page, sendWorkOf(page, HI));
    expect(report).toMatchObject({ entry: 3, index: 0, attempt: 1, outcome: { kind: "sent" } });
    expect(calls).toMatchObject([
      { path: "messages", body: { recipient: { id: USER }, messaging_type: "RESPONSE", ...HI } },
    ]);
  });

  it("that may not go out any more fails before Meta is called", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const work = sendWorkOf(page, HI, { windowAt: Date.now() - 25 * HOUR });
    expect((await sending(page, work)).outcome).toMatchObject({ kind: "failed", code: "window_closed" });
    expect((await sending(page, { ...work, writer: "human" })).outcome).toMatchObject({ kind: "failed" });
    expect(calls).toEqual([]);
    await sending(page, { ...work, writer: "human" }, { human_agent: true });
    expect(calls).toMatchObject([{ body: { messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT" } }]);
  });

  it("answers a comment privately, and tells that it has", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const comment = { id: "c_1", at: Date.now() - HOUR, isAnswered: false };
    const report = await sending(page, sendWorkOf(page, HI, { windowAt: null, comment }));
    expect(calls[0]?.body["recipient"]).toEqual({ comment_id: "c_1" });
    expect(report.spent).toBe("c_1");
  });

  it("goes to the recipient it names", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const recipient = { one_time_notif_token: "otn" };
    const report = await sending(page, sendWorkOf(page, { recipient, ...HI }, { windowAt: null }));
    expect(calls[0]?.body["recipient"]).toEqual(recipient);
    expect(report.spent).toBe("otn");
  });

  it("of the bot is from the page's persona, unless it names one; a person's is not", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const settings = { persona_id: "81" };
    await sending(page, sendWorkOf(page, HI), settings);
    await sending(page, sendWorkOf(page, { ...HI, persona_id: "82" }), settings);
    await sending(page, sendWorkOf(page, HI, { writer: "human" }), settings);
    await sending(page, sendWorkOf(page, HI, { platform: "instagram" }), settings);
    expect(calls.map(({ body }) => body["persona_id"])).toEqual(["81", "82", undefined, undefined]);
  });

  it("is held while no token of its page is known", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const context = contextOf(page, {}, { PAGE_ACCESS_TOKENS: '{"1":"t"}' });
    const report = await send(context, conversationId(page, USER), sendWorkOf(page, HI), "ordinary");
    expect(report.outcome).toMatchObject({ kind: "hold", code: "no_token" });
    expect(calls).toEqual([]);
  });

  it("goes again with the page's new token, of which this isolate hadn't heard yet", async () => {
    const calls = listening(() => refusal(190, 463));
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const page = freshPage();
    const context = contextOf(page, {}, { SEALING_KEY: btoa("k".repeat(32)) });
    const sends = () => send(context, conversationId(page, USER), sendWorkOf(page, HI), "ordinary");
    await setupOf(context, page);
    const sealed = await seal(context.config.sealingKeys, "NEW-TOKEN", { page, purpose: "page_token" });
    const nameless = { appId: null, name: null, imageUrl: null };
    const object = env.PAGE.getByName(page);
    await object.connectChannel({ source: "facebook", facebookPage: page, token: sealed, ...nameless });
    expect((await sends()).outcome).toMatchObject({ kind: "retry", code: "needs_reauth" });
    expect((await object.vitals()).gates).toEqual([]);
    // One that is still refused is in trouble indeed.
    expect((await sends()).outcome).toMatchObject({ kind: "hold", code: "needs_reauth" });
    expect((await object.vitals()).gates).toMatchObject([{ side: "graph", reason: "needs_reauth" }]);
    expect(calls).toHaveLength(2);
  });

  it("has nobody to go to where an event concerns the page alone", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const report = await sending(page, sendWorkOf(page, HI, { user: PAGE_ITSELF }));
    expect(report.outcome).toMatchObject({ kind: "failed", code: "no_recipient" });
    expect(calls).toEqual([]);
  });

  it("of the page's own goes to the comment it names, with nothing shown to nobody before", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const named = { ...HI, recipient: { comment_id: "178" } };
    const report = await sending(
      page,
      sendWorkOf(page, named, { user: PAGE_ITSELF, actions: ["typing_on"] }),
    );
    expect(report).toMatchObject({ outcome: { kind: "sent" }, spent: "178" });
    expect(calls.map(({ body }) => body["recipient"])).toEqual([{ comment_id: "178" }]);
  });
});

describe("what goes before a message", () => {
  it("is what the bot asked for, in its order", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    await sending(page, sendWorkOf(page, HI, { actions: ["mark_seen", "typing_on"] }));
    expect(calls.map(saidIn)).toEqual(["mark_seen", "typing_on", "hi"]);
  });

  it("is a pause with dots between a bot's messages, if the page wants it", async () => {
    const calls = listening(() => accepted());
    const waited = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    const page = freshPage();
    const settings = { pause: { ms_per_character: 10, max_ms: 1000 } };
    await sending(page, sendWorkOf(page, HI, { index: 1 }), settings);
    await sending(page, sendWorkOf(page, { message: { text: "x".repeat(500) } }, { index: 2 }), settings);
    expect(waited.mock.calls).toEqual([[20], [1000]]);
    expect(calls.map(saidIn).slice(0, 3)).toEqual(["typing_on", "hi", "typing_on"]);
  });

  it("is no pause before the first, on a retry, of a person, or where the page doesn't want it", async () => {
    listening(() => accepted());
    const waited = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    const page = freshPage();
    const settings = { pause: { ms_per_character: 10, max_ms: 1000 } };
    await sending(page, sendWorkOf(page, HI), settings);
    await sending(page, sendWorkOf(page, HI, { index: 1, attempt: 2 }), settings);
    await sending(page, sendWorkOf(page, HI, { index: 1, writer: "human" }), settings);
    await sending(page, sendWorkOf(page, HI, { index: 1 }));
    expect(waited).not.toHaveBeenCalled();
  });

  it("is no dots where the page wants none", async () => {
    const calls = listening(() => accepted());
    const page = freshPage();
    const settings = { typing: false, pause: { ms_per_character: 0, max_ms: 0 } };
    await sending(page, sendWorkOf(page, HI, { index: 1 }), settings);
    expect(calls.map(saidIn)).toEqual(["hi"]);
  });
});

describe("a sender action", () => {
  const typing = { form: "action" as const };
  it("is lost rather than tried again or held", async () => {
    const page = freshPage();
    listening(() => new Response("busy", { status: 503 }));
    const work = sendWorkOf(page, { sender_action: "typing_on" }, typing);
    expect((await sending(page, work)).outcome).toMatchObject({ kind: "failed", code: "action_lost" });
  });
});

describe("a call that moves the thread", () => {
  const control = { form: "thread_control" as const };
  const pass = { thread_control: "pass_thread_control", target_app_id: "444", metadata: "why" };

  it("is Meta's call of that name, whatever the window", async () => {
    const calls = listening(() => Response.json({ success: true }));
    const page = freshPage();
    const report = await sending(page, sendWorkOf(page, pass, { ...control, windowAt: 1 }));
    expect(report).toMatchObject({ outcome: { kind: "sent", mid: null }, passedTo: "444" });
    expect(calls).toMatchObject([
      {
        path: "pass_thread_control",
        body: { recipient: { id: USER }, target_app_id: "444", metadata: "why" },
      },
    ]);
    const take = await sending(page, sendWorkOf(page, { thread_control: "take_thread_control" }, control));
    expect(take).not.toHaveProperty("passedTo");
  });

  it("tells whom it was for also when it fails", async () => {
    listening(() => refusal(100));
    const page = freshPage();
    const report = await sending(page, sendWorkOf(page, pass, control));
    expect(report).toMatchObject({ outcome: { kind: "failed" }, passedTo: "444" });
    const nobody = await sending(page, sendWorkOf(page, pass, { ...control, user: PAGE_ITSELF }));
    expect(nobody).toMatchObject({ outcome: { code: "no_recipient" }, passedTo: "444" });
  });
});
