import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { channelInfo, listChannels, resealChannels, updateChannel } from "../../src/api/channels.ts";
import { connectFacebook, connectInstagram, disconnectOf } from "../../src/api/channels-connect.ts";
import { pageId } from "../../src/ids.ts";
import { channelId } from "../../src/pages/channel-id.ts";
import { unseal } from "../../src/pages/sealing.ts";
import { setupOf } from "../../src/pages/setup.ts";
import { calling, configWith, freshPage, KEYS, Meta, type MetaPage, refusal } from "./channels-world.ts";

afterEach(() => vi.restoreAllMocks());

const connectPage = async (page: MetaPage, config = configWith()) =>
  (await calling(connectFacebook, { page_id: page.id, page_token: page.token }, config)).body;

const secretsOf = (...pages: MetaPage[]) => ({
  PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(pages.map(({ id, token }) => [id, token]))),
});

describe("/channels.list", () => {
  it("lists pages that were connected, and those in the secrets, by the names that Meta has for them", async () => {
    const account = `178414000${Date.now()}`;
    const [connected, secret] = [freshPage(), freshPage({ account })];
    const meta = new Meta(connected, secret);
    const channel = await connectPage(connected);
    const tokens = { [secret.id]: secret.token, [account]: secret.token };
    const config = configWith({ PAGE_ACCESS_TOKENS: JSON.stringify(tokens) });
    const { body } = await calling(listChannels, {}, config);
    expect(body.data).toEqual(
      expect.arrayContaining([
        channel,
        {
          id: await channelId("facebook", secret.id),
          source: "facebook",
          source_channel_id: secret.id,
          metadata: { name: secret.name, image_url: `https://cdn.invalid/${secret.id}.png` },
          connected: true,
        },
        {
          id: await channelId("instagram", account),
          source: "instagram",
          source_channel_id: account,
          metadata: { name: `ig.${secret.id}` },
          connected: true,
        },
      ]),
    );
    const calls = meta.calls.length;
    const instagram = await calling(listChannels, { source: "instagram" }, config);
    expect(instagram.body.data.map((one: { source: string }) => one.source)).not.toContain("facebook");
    expect(meta.calls.length).toBe(calls);
  });

  it("lists a page of the secrets by its id while Meta doesn't tell its name", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.instead.set("GET me", () => refusal(190, "Session has expired", 463));
    const config = configWith(secretsOf(page));
    const named = async () => {
      const { body } = await calling(listChannels, {}, config);
      return body.data.find((one: { source_channel_id: string }) => one.source_channel_id === page.id)
        .metadata.name;
    };
    expect(await named()).toBe(page.id);
    meta.instead.clear();
    expect(await named()).toBe(page.name);
  });

  it("shows a page as not connected when it has gone from the secrets", async () => {
    const page = freshPage();
    new Meta(page);
    await calling(listChannels, {}, configWith(secretsOf(page)));
    const { body } = await calling(listChannels, {}, configWith());
    expect(body.data).toContainEqual(
      expect.objectContaining({ source_channel_id: page.id, connected: false }),
    );
  });

  it("shows a key only the pages it is good for", async () => {
    const [mine, other] = [freshPage(), freshPage()];
    new Meta(mine, other);
    const [channel, hidden] = [await connectPage(mine), await connectPage(other)];
    const caller = { name: "one", role: "operator" as const, pages: [mine.id] };
    const { body } = await calling(listChannels, {}, configWith(), caller);
    expect(body.data).toEqual([channel]);
    const info = await calling(channelInfo, { channel_id: hidden.id }, configWith(), caller);
    expect([info.status, info.body.code]).toEqual([403, "page_not_allowed"]);
  });
});

describe("/channels.info", () => {
  it("tells the app and the settings, too, and never the token", async () => {
    const page = freshPage();
    new Meta(page);
    const channel = await connectPage(page);
    const { body, text } = await calling(channelInfo, { channel_id: channel.id });
    expect(body).toEqual({ ...channel, app_id: "900100200300", settings: {} });
    expect(text).not.toMatch(/EAA|v1\./);
  });

  it.each(["2b1c7295-cc1f-54ec-a624-000000000000", "nonsense"])("knows no %s", async (channel_id) => {
    new Meta();
    const { status } = await calling(channelInfo, { channel_id });
    expect(status).toBe(channel_id === "nonsense" ? 400 : 404);
  });
});

describe("a key of some pages", () => {
  it("isn't told whether others are served here", async () => {
    const [page, mine] = [freshPage(), freshPage()];
    new Meta(page, mine);
    await connectPage(page);
    const caller = { name: "other", role: "admin" as const, pages: [mine.id] };
    for (const of of [page.id, "4242424242"]) {
      const channel_id = await channelId("facebook", of);
      for (const handle of [channelInfo, updateChannel, disconnectOf("facebook")]) {
        const { status, body } = await calling(handle, { channel_id }, configWith(), caller);
        expect([status, body.code]).toEqual([403, "page_not_allowed"]);
      }
    }
    const own = await calling(
      channelInfo,
      { channel_id: await channelId("facebook", mine.id) },
      configWith(),
      caller,
    );
    expect([own.status, own.body.code]).toEqual([404, "no_such_channel"]);
  });
});

describe("/channels.update", () => {
  it("changes names and settings one by one; null takes a setting back", async () => {
    const page = freshPage();
    new Meta(page);
    const { id } = await connectPage(page);
    const update = (change: Record<string, unknown>) => calling(updateChannel, { channel_id: id, ...change });
    const bot = { url: "https://bot.example/hook", protocol: "rasa" };
    await update({ name: "Shop", settings: { bot, is_on: false } });
    const { status, body } = await update({ settings: { is_on: null, typing: false } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, metadata: { name: "Shop" }, settings: { bot, typing: false } });
    expect(body.settings).not.toHaveProperty("is_on");
    expect((await calling(channelInfo, { channel_id: id })).body).toEqual(body);
  });

  it("is in force at once", async () => {
    const page = freshPage();
    new Meta(page);
    const { id } = await connectPage(page);
    const config = configWith();
    const setup = () => setupOf({ config, pages: env.PAGE }, pageId(page.id));
    expect((await setup()).settings.typing).toBe(true);
    await calling(updateChannel, { channel_id: id, settings: { typing: false } }, config);
    expect((await setup()).settings.typing).toBe(false);
    expect((await setup()).token).toBe(page.token);
  });

  it("changes a page of the secrets, which goes on with its token from there", async () => {
    const page = freshPage();
    new Meta(page);
    const config = configWith(secretsOf(page));
    const id = await channelId("facebook", page.id);
    const { body } = await calling(
      updateChannel,
      { channel_id: id, name: "Mine", settings: { gather_ms: 900 } },
      config,
    );
    expect(body).toMatchObject({ connected: true, metadata: { name: "Mine" }, settings: { gather_ms: 900 } });
    const setup = await setupOf({ config, pages: env.PAGE }, pageId(page.id));
    expect([setup.token, setup.settings.gatherMs]).toEqual([page.token, 900]);
  });

  it.each([
    [{ gather_ms: -1 }, "gather_ms"],
    [{ mood: "good" }, "settings.mood: there is no such setting"],
    [{ bot: { url: "http://bot.example/" } }, "bot.url"],
    [{ bot: { url: "https://bot.example/", token: "NOWHERE" } }, "BOT_TOKEN_NOWHERE"],
    [{ app_id: "42" }, "app_id"],
  ])("refuses %j, says what is wrong with it, and changes nothing", async (settings, words) => {
    const page = freshPage();
    new Meta(page);
    const { id } = await connectPage(page);
    const { status, body } = await calling(updateChannel, { channel_id: id, name: "New", settings });
    expect([status, body.code]).toEqual([400, "invalid_settings"]);
    expect(body.detail).toContain(words);
    expect((await calling(channelInfo, { channel_id: id })).body.metadata.name).toBe(page.name);
  });

  it("lets no key of one page have another's token sent to an address of its own, or another app's secret sign", async () => {
    const page = freshPage();
    new Meta(page);
    const tokens = { BOT_TOKEN_SHOP: "secret", [`BOT_TOKEN_${page.id}_NEW`]: "own" };
    const shared = { url: "https://bot.example/shared", protocol: "rasa", token: "SHOP" };
    const config = configWith({
      ...secretsOf(page),
      ...tokens,
      META_APPS: JSON.stringify([{ id: "111", secret: "s1" }]),
      PAGE_SETTINGS: JSON.stringify({ default: { bot: shared } }),
    });
    const channel_id = await channelId("facebook", page.id);
    const caller = { name: "tenant", role: "admin" as const, pages: [page.id] };
    const codes = async (settings: Record<string, unknown>) => {
      const { status, body } = await calling(updateChannel, { channel_id, settings }, config, caller);
      return [status, body.code];
    };
    const theirs = { ...shared, url: "https://tenant.example/" };
    for (const settings of [
      { bot: theirs },
      { canary: { bot: theirs, percent: 1 } },
      { shadow: { bot: theirs, percent: 1 } },
      { app_id: "111" },
    ]) {
      expect(await codes(settings)).toEqual([400, "invalid_settings"]);
    }
    for (const settings of [
      { bot: { ...shared, timeout_ms: 5000 } },
      { bot: { ...theirs, token: `${page.id}_NEW` } },
      { bot: { url: "https://tenant.example/" }, app_id: null },
    ]) {
      expect(await codes(settings)).toEqual([200, undefined]);
    }
    const settings = { app_id: "111", bot: theirs };
    expect((await calling(updateChannel, { channel_id, settings }, config)).status).toBe(200);
  });

  it("doesn't give a connected page to another app, whose token it isn't", async () => {
    const page = freshPage();
    new Meta(page);
    const apps = { META_APPS: JSON.stringify([{ id: "111", secret: "s1" }]) };
    const { id } = await connectPage(page, configWith(apps));
    const { body } = await calling(
      updateChannel,
      { channel_id: id, settings: { app_id: "111" } },
      configWith(apps),
    );
    expect(body.detail).toContain("connect the page with a token of that app");
  });
});

describe("/channels.reseal", () => {
  const OLD = { SEALING_KEY: KEYS.old };
  const BOTH = { SEALING_KEY: `${KEYS.new},${KEYS.old}` };

  it("brings every token under the newest key, so that the older one can go", async () => {
    const account = `178415000${Date.now()}`;
    const [first, second, gone] = [freshPage(), freshPage({ account }), freshPage()];
    new Meta(first, second, gone);
    await connectPage(first, configWith(OLD));
    const wish = { page_id: second.id, page_token: second.token, account_id: account };
    await calling(connectInstagram, wish, configWith(OLD));
    const { id } = await connectPage(gone, configWith(OLD));
    await calling(disconnectOf("facebook"), { channel_id: id }, configWith(OLD));

    expect(await resealAll(BOTH)).toMatchObject({ resealed: 2 });
    for (const [name, token] of [
      [first.id, first.token],
      [account, second.token],
    ] as const) {
      const sealed = (await env.PAGE.getByName(name).channel())?.token ?? "";
      const opened = await unseal(configWith().sealingKeys, sealed, { page: name, purpose: "page_token" });
      expect(opened).toEqual({ text: token, isStale: false });
    }
    expect(await resealAll(BOTH)).toMatchObject({ resealed: 0 });
  });

  it("names the channels whose tokens no key opens", async () => {
    const page = freshPage();
    new Meta(page);
    const { id } = await connectPage(page, configWith(OLD));
    expect((await resealAll({ SEALING_KEY: KEYS.new })).unopened).toContain(id);
  });

  it("brings only those along that the caller's key is good for", async () => {
    const [page, lost, mine] = [freshPage(), freshPage(), freshPage()];
    new Meta(page, lost, mine);
    for (const one of [page, lost, mine]) await connectPage(one, configWith(OLD));
    const caller = { name: "other", role: "admin" as const, pages: [mine.id] };
    const { body } = await calling(resealChannels, {}, configWith(BOTH), caller);
    expect(body).toEqual({ checked: 1, resealed: 1, unopened: [], next_cursor: null });
  });

  it("goes on where it left off when there are many", async () => {
    const pages = Array.from({ length: 23 }, () => freshPage());
    new Meta(...pages);
    for (const page of pages) await connectPage(page, configWith(OLD));
    const { resealed, calls } = await resealAll(BOTH);
    expect(resealed).toBeGreaterThanOrEqual(23);
    expect(calls).toBeGreaterThan(1);
  });

  async function resealAll(keys: Record<string, string>) {
    const total = { resealed: 0, unopened: [] as string[], calls: 0 };
    let cursor: string | null | undefined;
    do {
      const { body } = await calling(resealChannels, cursor ? { cursor } : {}, configWith(keys));
      total.calls++;
      total.resealed += body.resealed;
      total.unopened.push(...body.unopened);
      cursor = body.next_cursor;
    } while (cursor);
    return total;
  }
});

it("seals a token anew when it is used, if an older key sealed it", async () => {
  const page = freshPage();
  new Meta(page);
  await connectPage(page, configWith({ SEALING_KEY: KEYS.old }));
  const config = configWith({ SEALING_KEY: `${KEYS.new},${KEYS.old}` });
  expect((await setupOf({ config, pages: env.PAGE }, pageId(page.id))).token).toBe(page.token);
  const sealed = (await env.PAGE.getByName(page.id).channel())?.token ?? "";
  const of = { page: page.id, purpose: "page_token" };
  expect(await unseal(configWith().sealingKeys, sealed, of)).toEqual({ text: page.token, isStale: false });
});
