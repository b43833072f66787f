import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { forgetMedia } from "../../src/media/copies.ts";
import { keyOf, LINK_LIFE_S, type MediaRef } from "../../src/media/link.ts";
import { MAX_MEDIA_BYTES } from "../../src/media/original.ts";
import { answer } from "../../src/routes.ts";
import { codeOf, get } from "../support/gateway.ts";
import {
  bindings,
  bucket,
  CDN,
  contentsOf,
  freshId,
  linkTo,
  open,
  picture,
  playing,
  storedMessage,
} from "./world.ts";

afterEach(() => vi.restoreAllMocks());

/** An attachment whose copy is there already. */
async function kept(contents: string, contentType = "image/png", name = "a.png"): Promise<MediaRef> {
  const ref = await storedMessage(`${CDN}/kept`);
  await bucket.put(keyOf(ref), contents, { httpMetadata: { contentType }, customMetadata: { name } });
  return ref;
}

describe("a link", () => {
  it("shows the copy, to whoever has it, and to nobody's cache or script", async () => {
    const response = await open(await linkTo(await kept("a picture")));
    expect([response.status, await contentsOf(response)]).toEqual([200, "a picture"]);
    expect(Object.fromEntries(response.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "private",
      "content-disposition": 'inline; filename="a.png"',
      "content-length": "9",
      "content-security-policy": "sandbox",
      "content-type": "image/png",
      etag: expect.stringMatching(/^"\w+"$/),
      "x-content-type-options": "nosniff",
    });
  });

  it("lets a browser show pictures, videos and sounds, and save everything else", async () => {
    const disposition = async (type: string) =>
      (await open(await linkTo(await kept("x", type, "")))).headers.get("content-disposition");
    for (const type of ["image/png", "video/mp4", "audio/mpeg"])
      expect(await disposition(type)).toBe("inline");
    for (const type of ["text/html", "application/pdf", "image/svg+xml", "application/xhtml+xml"]) {
      expect(await disposition(type), type).toBe("attachment");
    }
  });

  it("gives a part of the file, as players ask for it", async () => {
    const link = await linkTo(await kept("0123456789"));
    const response = await open(link, { range: "bytes=2-4" });
    expect([response.status, await contentsOf(response)]).toEqual([206, "234"]);
    expect(response.headers.get("content-range")).toBe("bytes 2-4/10");
    expect(response.headers.get("content-length")).toBe("3");
    expect(await contentsOf(await open(link, { range: "bytes=-2" }))).toBe("89");
  });

  it("says how long the file is when the part is beyond it", async () => {
    const response = await open(await linkTo(await kept("0123456789")), { range: "bytes=10-" });
    expect(response.headers.get("content-range")).toBe("bytes */10");
    expect(await codeOf(response)).toEqual([416, "range_not_satisfiable"]);
  });

  it("sends nothing that is known, and the whole when what is known is another version", async () => {
    const link = await linkTo(await kept("0123456789"));
    const etag = (await open(link)).headers.get("etag") ?? "";
    expect((await open(link, { "if-none-match": `"other", W/${etag}` })).status).toBe(304);
    expect((await open(link, { "if-none-match": '"other"' })).status).toBe(200);
    expect((await open(link, { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await open(link, { range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
  });

  it("that was changed, or is over, opens nothing, and nobody is asked", async () => {
    const fetched = playing(() => picture());
    const ref = await kept("a picture");
    const link = await linkTo(ref);
    expect(await codeOf(await open(link.replace("/0?", "/1?")))).toEqual([403, "link_invalid"]);
    expect(await codeOf(await open(link.replace(/\?.*/, "")))).toEqual([403, "link_invalid"]);
    const old = await linkTo(ref, Date.now() - LINK_LIFE_S * 1000 - 1000);
    expect(await codeOf(await open(old))).toEqual([403, "link_expired"]);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe("a file of which there is no copy yet", () => {
  it("is fetched from Meta once, kept, and served", async () => {
    const fetched = playing(() => picture("a picture", "image/jpeg"));
    const ref = await storedMessage(`${CDN}/v/a%20b"c.jpg?oh=1&oe=2`);
    const link = await linkTo(ref);
    const first = await open(link, { range: "bytes=0-0" });
    expect([first.status, await contentsOf(first)]).toEqual([206, "a"]);
    const again = await open(link);
    expect([again.status, await contentsOf(again)]).toEqual([200, "a picture"]);
    expect(again.headers.get("content-type")).toBe("image/jpeg");
    expect(again.headers.get("content-disposition")).toBe('inline; filename="a_b_c.jpg"');
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it("is fetched also when Meta doesn't tell its length", async () => {
    playing(() => picture(new Blob(["a pic", "ture"]).stream()));
    const response = await open(await linkTo(await storedMessage(`${CDN}/a`)));
    expect([response.status, await contentsOf(response)]).toEqual([200, "a picture"]);
  });

  it("is a problem that tells what to do when Meta has it no more, or is in trouble", async () => {
    const link = await linkTo(await storedMessage(`${CDN}/a`));
    playing(() => new Response("", { status: 403 }));
    expect(await codeOf(await open(link))).toEqual([410, "media_gone"]);
    playing(() => new Response("", { status: 500 }));
    expect(await codeOf(await open(link))).toEqual([502, "media_unreachable"]);
    playing(() => picture());
    expect((await open(link)).status).toBe(200);
  });

  it("isn't kept when it breaks off, and can be asked for again", async () => {
    const ref = await storedMessage(`${CDN}/a`);
    playing(() => new Response(new Blob(["half"]).stream(), { headers: { "content-length": "8" } }));
    expect(await codeOf(await open(await linkTo(ref)))).toEqual([502, "media_unreachable"]);
    expect(await bucket.head(keyOf(ref))).toBeNull();
  });

  it("isn't kept when it is too large, whether that is announced or not", async () => {
    const ref = await storedMessage(`${CDN}/a`);
    const headers = { "content-type": "image/png", "content-length": String(MAX_MEDIA_BYTES + 1) };
    playing(() => new Response("…", { headers }));
    expect(await codeOf(await open(await linkTo(ref)))).toEqual([413, "media_too_large"]);
    const chunk = new Uint8Array(1024 * 1024);
    playing(() => picture(new Blob(new Array<Uint8Array>(26).fill(chunk)).stream()));
    expect(await codeOf(await open(await linkTo(ref)))).toEqual([413, "media_too_large"]);
    expect(await bucket.head(keyOf(ref))).toBeNull();
  });

  it("isn't fetched from a private place", async () => {
    const fetched = playing(() => picture());
    const link = await linkTo(await storedMessage("https://10.0.0.1/a.png"));
    expect(await codeOf(await open(link))).toEqual([404, "media_refused"]);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("isn't there when the conversation knows no such event or attachment", async () => {
    const ref = await storedMessage(`${CDN}/a`, { type: "location", payload: {} });
    for (const other of [
      { ...ref, event: "m_2" },
      { ...ref, index: 1 },
      { ...ref, index: 2 },
      { ...ref, conversation: freshId() },
    ]) {
      expect(await codeOf(await open(await linkTo(other)))).toEqual([404, "not_found"]);
    }
  });
});

describe("what is kept of a conversation", () => {
  it("can be deleted, by event or as a whole, and nothing of another is", async () => {
    const [one, other] = [await kept("1"), await kept("2")];
    for (const event of ["m_2", "m_22"]) await bucket.put(keyOf({ ...one, event }), "3");
    await forgetMedia(bucket, one.conversation, "m_2");
    const left = async ({ conversation }: MediaRef) =>
      (await bucket.list({ prefix: `media/${conversation}` })).objects.map(({ key }) => key.split("/")[2]);
    expect(await left(one)).toEqual(["m_1", "m_22"]);
    await forgetMedia(bucket, one.conversation);
    expect([await left(one), await left(other)]).toEqual([[], ["m_1"]]);
  });
});

describe("the route", () => {
  it("is the gateway's, for GET", async () => {
    const link = await linkTo(await kept("a picture"));
    const asked = (init: RequestInit) => answer(new Request(link, init), bindings, createExecutionContext());
    expect(await contentsOf(await asked({}))).toBe("a picture");
    expect(await codeOf(await asked({ method: "DELETE" }))).toEqual([405, "method_not_allowed"]);
  });

  it("leads nowhere without a bucket", async () => {
    const link = new URL(await linkTo(await kept("a picture")));
    expect("MEDIA" in env).toBe(false);
    expect(await codeOf(await get(link.pathname + link.search))).toEqual([404, "not_found"]);
  });
});
