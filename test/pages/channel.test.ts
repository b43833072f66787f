import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { channelId } from "../../src/pages/channel-id.ts";
import { seal, unseal } from "../../src/pages/sealing.ts";

const KEY = new Uint8Array(32).fill(7);
const TOKEN = "EAAG-the-token-in-clear";
const freshPage = () => env.PAGE.getByName(crypto.randomUUID());
const origin = { source: "facebook", facebookPage: "1" } as const;

const connection = async (page: string, token = TOKEN) => ({
  ...origin,
  appId: "900100200300",
  name: "Sample Page",
  imageUrl: "https://example.com/p.png",
  token: await seal([KEY], token, { page, purpose: "page_token" }),
});

describe("what a page's object keeps of its channel", () => {
  it("is nothing until something is set at run time", async () => {
    expect(await freshPage().channel()).toBeNull();
  });

  it("is there after the object was away, its token sealed", async () => {
    const page = freshPage();
    await page.connectChannel(await connection(page.name ?? ""));
    await evictDurableObject(page);
    const channel = await page.channel();
    expect(channel).toMatchObject({
      ...origin,
      isConnected: true,
      appId: "900100200300",
      name: "Sample Page",
      imageUrl: "https://example.com/p.png",
      settings: null,
    });
    expect(
      await unseal([KEY], channel?.token ?? "", { page: page.name ?? "", purpose: "page_token" }),
    ).toEqual({
      text: TOKEN,
      isStale: false,
    });
  });

  it("holds no byte of the token in clear, in any table", async () => {
    const page = freshPage();
    await page.connectChannel(await connection(page.name ?? ""));
    const everything = await runInDurableObject(page, (_, { storage }) => {
      const tables = storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray();
      return tables.map(({ name }) => storage.sql.exec(`SELECT * FROM ${name}`).toArray());
    });
    expect(JSON.stringify(everything)).toContain("v1.");
    expect(JSON.stringify(everything)).not.toContain(TOKEN);
  });

  it("keeps settings over a new token and a disconnect, which forgets the token", async () => {
    const page = freshPage();
    await page.connectChannel(await connection("1"));
    await page.changeChannel(origin, { settings: { is_on: false } });
    await page.connectChannel(await connection("1", "another"));
    expect((await page.channel())?.settings).toBe('{"is_on":false}');
    await page.disconnectChannel(origin);
    expect(await page.channel()).toMatchObject({
      isConnected: false,
      token: null,
      settings: '{"is_on":false}',
    });
  });

  it("changes settings one by one, takes them back with null, and leaves the rest", async () => {
    const page = freshPage();
    await page.changeChannel(origin, { settings: { typing: false, gather_ms: 900 } });
    await page.changeChannel(origin, { settings: { gather_ms: 1200, is_on: false } });
    const channel = await page.changeChannel(origin, { settings: { typing: null }, name: "New" });
    expect(JSON.parse(channel.settings ?? "")).toEqual({ gather_ms: 1200, is_on: false });
    expect(channel).toMatchObject({ name: "New", isConnected: true, token: null });
    expect(
      (await page.changeChannel(origin, { settings: { gather_ms: null, is_on: null } })).settings,
    ).toBeNull();
  });

  it("takes a token sealed anew only for the one it was made from", async () => {
    const page = freshPage();
    const [first, second] = [await connection("1"), await connection("1", "another")];
    await page.connectChannel(first);
    await page.connectChannel(second);
    expect(await page.reseal(first.token, "v1.anew")).toBe(false);
    expect((await page.channel())?.token).toBe(second.token);
    expect(await page.reseal(second.token, "v1.anew")).toBe(true);
    expect((await page.channel())?.token).toBe("v1.anew");
  });

  it("lets out what was held for want of a token, and nothing that was held for another reason", async () => {
    const trouble = { conversation: "1_2", afterMs: undefined, isProbe: false, successes: 0 } as const;
    for (const [reason, remains] of [
      ["needs_reauth", false],
      ["no_token", false],
      ["rate_limited", true],
    ] as const) {
      const page = freshPage();
      await page.trouble("graph", { ...trouble, reason });
      await page.connectChannel(await connection("1"));
      expect((await page.waits("graph", "1_2")) !== null).toBe(remains);
    }
  });
});

describe("a channel's id", () => {
  it.each([
    ["facebook", "100200300400500", "2b1c7295-cc1f-54ec-a624-217da8c37e99"],
    ["instagram", "17841400000000001", "2c4a0938-31ab-5e86-9bd5-2b3641ebfdb4"],
  ] as const)("is a UUID of version 5 that never changes: %s %s", async (source, id, uuid) => {
    expect(await channelId(source, id)).toBe(uuid);
  });
});
