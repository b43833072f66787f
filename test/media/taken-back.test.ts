import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { IncomingEvent } from "../../src/conversation/incoming.ts";
import { keyOf, type MediaRef } from "../../src/media/link.ts";
import { forgetTakenBack } from "../../src/media/taken-back.ts";
import { ingest, says } from "../support/conversation.ts";
import { bucket, config, linkTo, open, playing, storedMessage } from "./world.ts";

afterEach(() => vi.restoreAllMocks());

const CDN_IMAGE = "https://cdn.invalid/1";
const isThere = async (ref: MediaRef) => (await bucket.head(keyOf(ref))) !== null;

/** The user takes their message back while a person has the turn: it doesn't go to the bot. */
const takingBack = (mid: string): IncomingEvent =>
  says("taken back", {
    type: "unsend",
    forward: false,
    opensWindow: false,
    effects: [{ kind: "unsend", mid }],
  });

it("copies of a message that is taken back are deleted, whether or not the bot is told", async () => {
  const ref = await storedMessage(CDN_IMAGE);
  const other = await storedMessage(CDN_IMAGE);
  await Promise.all([ref, other].map((one) => bucket.put(keyOf(one), "a picture")));
  forgetTakenBack(config, ref.conversation, [says("something else"), takingBack(ref.event)]);
  await vi.waitFor(async () => expect(await isThere(ref)).toBe(false));
  expect(await isThere(other)).toBe(true);
});

it("a link shows nothing of a message that was taken back, also while there is a copy", async () => {
  const fetched = playing(() => new Response("a picture"));
  const ref = await storedMessage(CDN_IMAGE);
  await bucket.put(keyOf(ref), "a picture");
  const link = await linkTo(ref);
  expect((await open(link)).status).toBe(200);
  await ingest(env.CONVERSATION.getByName(ref.conversation), [takingBack(ref.event)]);
  expect((await open(link)).status).toBe(404);
  expect(fetched).not.toHaveBeenCalled();
});
