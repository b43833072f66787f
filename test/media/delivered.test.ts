import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod/mini";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { readConfig } from "../../src/env.ts";
import { eventsWithMedia } from "../../src/media/delivered.ts";
import { keyOf, type MediaRef } from "../../src/media/link.ts";
import { answer } from "../../src/routes.ts";
import { envelope, PAGE } from "../fixtures/events.ts";
import { deliverWork, ingest } from "../support/conversation.ts";
import { signedPost } from "../support/webhook.ts";
import {
  bindings,
  bucket,
  CDN,
  config,
  contentsOf,
  freshId,
  ORIGIN,
  open,
  picture,
  playing,
  withAttachments,
} from "./world.ts";

afterEach(() => vi.restoreAllMocks());

const BOT = "https://bot.invalid";

const mediaSchema = z.array(z.object({ index: z.number(), type: z.string(), url: z.string() }));
const bodySchema = z.object({
  data: z.object({ events: z.array(z.looseObject({ media: z.optional(mediaSchema) })) }),
});

/** A person sends a message to a gateway with these bindings. @returns what the bot is asked */
async function sent(message: Record<string, unknown>, through: Cloudflare.Env) {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = String(input);
    if (url.startsWith(BOT)) asked.push(String(init?.body));
    return url.startsWith(CDN) ? picture() : new Response();
  });
  const [, user = ""] = freshId().split("_");
  const item = { sender: { id: user }, recipient: { id: PAGE }, timestamp: Date.now(), message };
  const context = createExecutionContext();
  const post = await signedPost(`${ORIGIN}/webhook`, JSON.stringify(envelope([item])), "first-app-secret");
  expect((await answer(post, through, context)).status).toBe(200);
  await waitOnExecutionContext(context);
  const [event] = bodySchema.parse(JSON.parse(asked[0] ?? "")).data.events;
  return { event, item };
}

/** The delivery of these attachments, in a conversation nobody else uses. */
async function delivery(attachments: unknown[], attempt = 1): Promise<DeliverWork> {
  const stub = env.CONVERSATION.getByName(freshId());
  const work = deliverWork(await ingest(stub, [withAttachments("m_1", attachments)]));
  return { ...work, attempt };
}

const refOf = ({ conversation }: DeliverWork, index = 0): MediaRef => ({
  conversation: conversation.id,
  event: "m_1",
  index,
});
const isThere = async (ref: MediaRef) => (await bucket.head(keyOf(ref))) !== null;

describe("a bot", () => {
  const image = { type: "image", payload: { url: `${CDN}/a.png` } };

  it("gets a link beside the raw event that serves the picture when Meta's address has expired", async () => {
    const { event, item } = await sent({ mid: "m_1", attachments: [image] }, bindings);
    expect(event).toMatchObject({ raw: item, media: [{ index: 0, type: "image" }] });
    const link = event?.media?.[0]?.url ?? "";
    expect(link).toMatch(
      /^https:\/\/gateway\.invalid\/media\/\d+_\d+\/m_1\/0\?expires=\d+&signature=[0-9a-f]{64}$/,
    );
    await vi.waitFor(async () => expect(await bucket.head(new URL(link).pathname.slice(1))).not.toBeNull());
    playing(() => new Response("expired", { status: 403 }));
    expect(await contentsOf(await open(link))).toBe("a picture");
  });

  it("gets what it always got when there is nothing to keep", async () => {
    const { event } = await sent({ mid: "m_1", text: "attachments" }, bindings);
    expect(event).not.toHaveProperty("media");
  });

  it("gets what it always got when copies aren't kept, and Meta isn't asked for the file", async () => {
    const { event, item } = await sent({ mid: "m_1", attachments: [image] }, env);
    expect(Object.keys(event ?? {})).toEqual(["id", "type", "timestamp", "raw"]);
    expect(event).toMatchObject({ raw: item });
    expect(vi.mocked(fetch).mock.calls.some(([input]) => String(input).startsWith(CDN))).toBe(false);
  });
});

describe("the copies of a delivery's attachments", () => {
  it("are made of each, a failure costing neither the others nor the delivery anything", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    playing(({ pathname }) => (pathname === "/2" ? new Response("", { status: 500 }) : picture()));
    const work = await delivery([`${CDN}/1`, `${CDN}/2`, { type: "location" }, `${CDN}/4`]);
    const [event] = await eventsWithMedia(config, work);
    expect(event?.media?.map(({ index }) => index)).toEqual([0, 1, 3]);
    await vi.waitFor(async () => expect(await isThere(refOf(work, 3))).toBe(true));
    expect([await isThere(refOf(work, 0)), await isThere(refOf(work, 1))]).toEqual([true, false]);
    const logged = JSON.stringify(warned.mock.calls);
    expect(logged).toContain('"reason":"unreachable"');
    expect(logged).not.toContain(CDN);
  });

  it("are made up for with the next attempt, and not made twice", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const work = await delivery([`${CDN}/1`, `${CDN}/2`]);
    await bucket.put(keyOf(refOf(work, 0)), "there");
    const fetched = playing(() => picture());
    await eventsWithMedia(config, { ...work, attempt: 2 });
    await vi.waitFor(async () => expect(await isThere(refOf(work, 1))).toBe(true));
    expect(fetched.mock.calls.map(([url]) => url)).toEqual([`${CDN}/2`]);
  });

  it("are ten at most at once; the others are made when their links are used", async () => {
    const fetched = playing(() => picture());
    const work = await delivery(Array.from({ length: 30 }, (_, at) => `${CDN}/${at}`));
    const [event] = await eventsWithMedia(config, work);
    expect(event?.media).toHaveLength(30);
    await vi.waitFor(async () => expect(await isThere(refOf(work, 9))).toBe(true));
    expect(fetched).toHaveBeenCalledTimes(10);
    const last = event?.media?.at(-1)?.url ?? "";
    expect((await open(last)).status).toBe(200);
    expect(await isThere(refOf(work, 29))).toBe(true);
  });

  it("are not made of a message that is taken back in the same delivery", async () => {
    const fetched = playing(() => picture());
    const work = await delivery([`${CDN}/1`]);
    const raw = JSON.stringify({ message: { mid: "m_1", is_deleted: true } });
    const unsend = { id: "evt_1", type: "unsend", at: Date.now(), raw, isStandby: false };
    const events = await eventsWithMedia(config, { ...work, events: [...work.events, unsend] });
    expect(events).toEqual([...work.events, unsend]);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("are of messages whose id can be part of a key alone", async () => {
    const work = await delivery([`${CDN}/1`]);
    const [event] = work.events;
    if (!event) throw new Error("no event");
    for (const id of ["m_\ud800", "m".repeat(2000)]) {
      expect(await eventsWithMedia(config, { ...work, events: [{ ...event, id }] })).toEqual([
        { ...event, id },
      ]);
    }
  });
});

describe("the settings", () => {
  it("ask for PUBLIC_URL when there is a bucket, and only then", () => {
    const problems = (settings: object) => {
      const result = readConfig({ ...settings });
      return result.ok ? [] : result.problems.map(({ name }) => name);
    };
    expect(problems({ ...bindings, PUBLIC_URL: undefined })).toEqual(["PUBLIC_URL"]);
    expect(problems(env)).toEqual([]);
    expect(config.media.origin).toBe(ORIGIN);
  });
});
