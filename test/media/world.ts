import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { IncomingEvent } from "../../src/conversation/incoming.ts";
import { type Config, readConfig } from "../../src/env.ts";
import { type ConversationId, conversationId, pageId, userId } from "../../src/ids.ts";
import { type MediaRef, signedLink } from "../../src/media/link.ts";
import { serveMedia } from "../../src/media/serve.ts";
import { ingest } from "../support/conversation.ts";

/** A gateway that keeps copies, and Meta's side of them. */

export const ORIGIN = "https://gateway.invalid";
export const CDN = "https://cdn.invalid";

/** The bindings of the other tests, and a bucket. */
export const bindings = { ...env, MEDIA: Reflect.get(env, "MEDIA_OF_TESTS"), PUBLIC_URL: `${ORIGIN}/` };

function configOfTests(): Config & { media: object } {
  const result = readConfig({ ...bindings });
  if (!result.ok || !result.config.media) throw new Error(JSON.stringify(result));
  return { ...result.config, media: result.config.media };
}

export const config = configOfTests();
export const { bucket } = config.media;

const PAGE = pageId("100200300400500");
export const freshId = (): ConversationId =>
  conversationId(PAGE, userId(String(Math.floor(Math.random() * 1e15))));

/** A message with these attachments; a text stands for the address of an image. */
export const withAttachments = (mid: string, attachments: unknown[]): IncomingEvent => ({
  key: `message:${mid}`,
  id: mid,
  type: "message",
  at: Date.now(),
  platform: "messenger",
  forward: true,
  opensWindow: true,
  raw: JSON.stringify({ message: { mid, attachments: attachments.map(attachmentOf) } }),
});

const attachmentOf = (one: unknown) =>
  typeof one === "string" ? { type: "image", payload: { url: one } } : one;

/** A conversation that has such a message on record. @returns where its first attachment stands */
export async function storedMessage(...attachments: unknown[]): Promise<MediaRef> {
  const conversation = freshId();
  await ingest(env.CONVERSATION.getByName(conversation), [withAttachments("m_1", attachments)]);
  return { conversation, event: "m_1", index: 0 };
}

export const linkTo = (ref: MediaRef, now = Date.now()): Promise<string> =>
  signedLink(ref, ORIGIN, config, now);

export const open = (link: string, headers: Record<string, string> = {}): Promise<Response> =>
  serveMedia(new Request(link, { headers }), config, env.CONVERSATION);

type Answer = (url: URL) => Response | Promise<Response>;

/** Plays everyone the gateway calls, Meta's CDN among them. */
export const playing = (answer: Answer) =>
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => answer(new URL(String(input))));

export const picture = (contents: BodyInit = "a picture", type = "image/png"): Response => {
  const length = typeof contents === "string" ? contents.length : undefined;
  return new Response(contents, {
    headers: { "content-type": type, ...(length === undefined ? {} : { "content-length": String(length) }) },
  });
};

export const contentsOf = async (response: Response): Promise<string> =>
  new TextDecoder().decode(await response.arrayBuffer());
