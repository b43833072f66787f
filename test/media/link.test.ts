import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Config } from "../../src/env.ts";
import { type ConversationId, conversationId, pageId, userId } from "../../src/ids.ts";
import { judgeLink, keyOf, LINK_LIFE_S, type MediaRef, refIn, signedLink } from "../../src/media/link.ts";

type Secrets = Pick<Config, "appSecrets" | "sealingKeys">;

const NOW = 1_790_000_000_000;
const APP: Secrets = { appSecrets: ["app-secret"], sealingKeys: [] };
const sealing = (byte: number) => new Uint8Array(32).fill(byte);

const conversation = conversationId(pageId("1001"), userId("7001"));
const ref: MediaRef = { conversation, event: "m_Ab-c_d$/+=", index: 2 };

const linkOf = async (secrets = APP, at = NOW) =>
  new URL(await signedLink(ref, "https://g.invalid", secrets, at));

async function judged(link: URL, secrets = APP, at = NOW): Promise<string> {
  const found = refIn(link.pathname);
  return found ? judgeLink(found, link.searchParams, secrets, at) : "no link";
}

describe("a link to an attachment", () => {
  it("names the conversation, the event and the attachment's place, and is good for seven days", async () => {
    const link = await linkOf();
    expect(link.pathname).toBe("/media/1001_7001/m_Ab-c_d%24%2F%2B%3D/2");
    expect(link.searchParams.get("expires")).toBe(String(NOW / 1000 + 7 * 86_400));
    expect(link.searchParams.get("signature")).toMatch(/^[0-9a-f]{64}$/);
    expect(refIn(link.pathname)).toEqual(ref);
    expect(await judged(link)).toBe("good");
    expect(await judged(link, APP, NOW + LINK_LIFE_S * 1000 - 1)).toBe("good");
    expect(await judged(link, APP, NOW + LINK_LIFE_S * 1000)).toBe("expired");
  });

  it("is the same attachment's however its path is encoded on the way", async () => {
    const link = await linkOf();
    link.pathname = link.pathname.replace("%2B", "+").replace("%2F", "%2f").replace("%24", "$");
    expect(await judged(link)).toBe("good");
  });

  it("opens no other attachment, event or conversation, and not for longer", async () => {
    const changes: ((link: URL) => void)[] = [
      (link) => (link.pathname = link.pathname.replace("7001", "7002")),
      (link) => (link.pathname = link.pathname.replace("Ab", "ab")),
      (link) => (link.pathname = link.pathname.replace(/2$/, "3")),
      (link) => link.searchParams.set("expires", String(NOW / 1000 + 8 * 86_400)),
      (link) => link.searchParams.set("expires", "soon"),
      (link) => link.searchParams.delete("expires"),
      (link) => link.searchParams.set("signature", "0".repeat(64)),
      (link) => link.searchParams.set("signature", ""),
      (link) => link.searchParams.delete("signature"),
    ];
    for (const change of changes) {
      const link = await linkOf();
      change(link);
      expect(await judged(link), link.href).toBe("invalid");
    }
  });

  it("stays good while keys rotate, and not when its key is gone", async () => {
    const link = await linkOf();
    expect(await judged(link, { appSecrets: ["newer", "app-secret"], sealingKeys: [sealing(1)] })).toBe(
      "good",
    );
    expect(await judged(link, { appSecrets: ["newer"], sealingKeys: [sealing(1)] })).toBe("invalid");
  });

  it("is signed under the first sealing key when there is one", async () => {
    const link = await linkOf({ appSecrets: ["app-secret"], sealingKeys: [sealing(2), sealing(1)] });
    expect(await judged(link, { appSecrets: ["other"], sealingKeys: [sealing(3), sealing(2)] })).toBe("good");
    expect(await judged(link, { appSecrets: ["app-secret"], sealingKeys: [sealing(1)] })).toBe("invalid");
  });

  it("is signed under a key made for links alone", async () => {
    const link = await linkOf();
    const bytes = (text: string) => new TextEncoder().encode(text);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const plain = await crypto.subtle.importKey("raw", bytes("app-secret"), algorithm, false, ["sign"]);
    const content = `${keyOf(ref)}?expires=${link.searchParams.get("expires")}`;
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", plain, bytes(content)));
    link.searchParams.set("signature", signature.toHex());
    expect(await judged(link)).toBe("invalid");
  });

  it("leads back to its attachment, whatever the ids are, and no two have the same key", () => {
    const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter(
      // Relative path segments mean something else in a URL; no id of Meta's is one.
      (text) => text.isWellFormed() && text !== "." && text !== "..",
    );
    const anyRef = fc.record({
      conversation: part.map((user): ConversationId => conversationId(pageId("1001"), userId(user))),
      event: part,
      index: fc.nat({ max: 999 }),
    });
    fc.assert(
      fc.property(anyRef, anyRef, (one, other) => {
        expect(refIn(new URL(`https://g.invalid/${keyOf(one)}`).pathname)).toEqual(one);
        expect(keyOf(one) === keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});

describe("a path", () => {
  it("that can't be a link's names no attachment", () => {
    for (const path of [
      "/media/1001_7001/m_1",
      "/media/1001_7001/m_1/1/1",
      "/media/1001_7001/m_1/x",
      "/media/1001_7001/m_1/1000",
      "/media/10017001/m_1/0",
      "/media/1001_7001/%ff/0",
      "/media/%/m_1/0",
    ]) {
      expect(refIn(path), path).toBeUndefined();
    }
  });
});
