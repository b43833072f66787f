import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { channelInfo, listChannels } from "../../src/api/channels.ts";
import {
  connectFacebook,
  connectInstagram,
  disconnectOf,
  exploreFacebook,
} from "../../src/api/channels-connect.ts";
import { PAGE_FIELDS } from "../../src/graph/subscriptions.ts";
import { pageId } from "../../src/ids.ts";
import { channelId } from "../../src/pages/channel-id.ts";
import type { ListedChannel } from "../../src/pages/directory/channels.ts";
import { setupOf } from "../../src/pages/setup.ts";
import {
  APP,
  calling,
  configWith,
  freshPage,
  KEYS,
  Meta,
  type MetaPage,
  refusal,
  SCOPES,
} from "./channels-world.ts";

afterEach(() => vi.restoreAllMocks());

const connectPage = (page: MetaPage, more: Record<string, unknown> = {}) =>
  calling(connectFacebook, { page_id: page.id, page_token: page.token, ...more });

const tokenInUse = async (page: string) => {
  const config = configWith();
  return (await setupOf({ config, pages: env.PAGE }, pageId(page))).token;
};

/** Everything that an object stores. */
const dump = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, { storage }) =>
    JSON.stringify(
      storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray()
        .map(({ name }) => storage.sql.exec(`SELECT * FROM ${name}`).toArray()),
    ),
  );

describe("/channels.facebook.connect", () => {
  it("connects a page by its token: subscribes, keeps the token sealed, and answers in Airy's shape", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const { status, body } = await connectPage(page);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: await channelId("facebook", page.id),
      source: "facebook",
      source_channel_id: page.id,
      metadata: { name: page.name, image_url: `https://cdn.invalid/${page.id}.png` },
      connected: true,
    });
    expect(meta.subscribed.get(page.id)).toEqual([...PAGE_FIELDS]);
    expect(await tokenInUse(page.id)).toBe(page.token);
    for (const object of [env.PAGE.getByName(page.id), env.DIRECTORY.getByName("pages")]) {
      const stored = await dump(object);
      expect(stored).toContain(page.id);
      expect(stored).not.toContain(page.token);
    }
  });

  it("takes a name and a picture of one's own", async () => {
    const page = freshPage();
    new Meta(page);
    const { body } = await connectPage(page, { name: "Shop", image_url: "https://example.com/s.png" });
    expect(body.metadata).toEqual({ name: "Shop", image_url: "https://example.com/s.png" });
  });

  it("makes the page's own token from a person's, which it makes long-lived first", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const { status, text } = await connectPage({ ...page, token: meta.person() });
    expect(status).toBe(200);
    const exchange = meta.calls.find(({ path }) => path === "oauth/access_token");
    expect(exchange?.body).toContain("grant_type=fb_exchange_token");
    const asked = meta.calls.find(
      ({ path, query }) => path === page.id && query.get("fields")?.includes("access_token"),
    );
    expect(asked?.token).toMatch(/^EAAU-long-/);
    expect(await tokenInUse(page.id)).toBe(page.token);
    expect(text).not.toContain("EAA");
  });

  it("doesn't exchange a token that never expires, as a system user's", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const token = meta.person(undefined, { type: "SYSTEM_USER", expires_at: 0 });
    expect((await connectPage({ ...page, token })).status).toBe(200);
    expect(meta.pathsOf("POST")).toEqual([`${page.id}/subscribed_apps`]);
  });

  it("is the same channel when it is done twice, with the newer token", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const first = await connectPage(page);
    page.token = `${page.token}-renewed`;
    const second = await connectPage(page);
    expect(second.body).toEqual(first.body);
    expect(await tokenInUse(page.id)).toBe(page.token);
    expect(meta.subscribed.size).toBe(1);
    const { body } = await calling(listChannels, {});
    expect(body.data.filter((one: { id: string }) => one.id === first.body.id)).toHaveLength(1);
  });

  it("says so when the token will expire", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.tokens.set(page.token, { expires_at: 2_000_000_000 });
    const { body } = await connectPage(page);
    expect(body.warnings).toEqual([expect.stringContaining("2033-05-18")]);
  });

  it.each([
    [
      "isn't valid",
      { is_valid: false, error: { message: "Session has expired" } },
      "token_invalid",
      "Session has expired",
    ],
    ["is another page's", { profile_id: "42" }, "token_of_other_page", "page 42"],
    ["is another app's", { app_id: "111" }, "token_of_other_app", "app 111"],
    ["is the app's own", { type: "APP" }, "token_type", "APP"],
    ["may not send", { scopes: ["pages_manage_metadata"] }, "permission_missing", "pages_messaging"],
    ["may not subscribe", { scopes: ["pages_messaging"] }, "permission_missing", "pages_manage_metadata"],
    [
      "may send for other pages only",
      { granular_scopes: [{ scope: "pages_messaging", target_ids: ["42"] }] },
      "permission_missing",
      "pages_messaging",
    ],
  ])("refuses a token that %s, and keeps and subscribes nothing", async (_, facts, code, words) => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.tokens.set(page.token, facts);
    const { status, body } = await connectPage(page);
    expect([status, body.code]).toEqual([422, code]);
    expect(body.detail).toContain(words);
    expect(meta.subscribed.size).toBe(0);
    expect(await env.PAGE.getByName(page.id).channel()).toBeNull();
  });

  it("takes a permission that is limited to this page among others", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.tokens.set(page.token, {
      granular_scopes: [{ scope: "pages_messaging", target_ids: ["42", page.id] }],
    });
    expect((await connectPage(page)).status).toBe(200);
  });

  it("says when the person has no role on the page", async () => {
    const [page, other] = [freshPage({ hasNoRole: true }), freshPage()];
    const meta = new Meta(page);
    for (const id of [page.id, other.id]) {
      const { status, body } = await connectPage({ ...page, id, token: meta.person() });
      expect([status, body.code]).toEqual([422, "page_not_managed"]);
    }
  });

  it("passes on what Meta says, without the token, and leaves nothing half done", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.instead.set(`POST ${page.id}/subscribed_apps`, () =>
      refusal(4, `Too many calls with ${page.token}`),
    );
    const { status, body, text } = await connectPage(page);
    expect([status, body.code]).toEqual([429, "rate_limited"]);
    expect(body.detail).toBe("Meta: (#4) Too many calls with [token], while subscribing to the page.");
    expect(body.meta).toEqual({ status: 400, code: 4, subcode: null });
    expect(text).not.toContain(page.token);
    expect(await env.PAGE.getByName(page.id).channel()).toBeNull();
  });

  it("subscribes to what it can't do without when Meta refuses the rest, and says so", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    let calls = 0;
    meta.instead.set(`POST ${page.id}/subscribed_apps`, ({ body }) => {
      if (++calls === 1) return refusal(100, "Param subscribed_fields[11] must be one of {messages}");
      meta.subscribed.set(page.id, JSON.parse(body).subscribed_fields);
      return { body: { success: true } };
    });
    const { status, body } = await connectPage(page);
    expect(status).toBe(200);
    expect(body.warnings).toEqual([expect.stringContaining("feed")]);
    expect(meta.subscribed.get(page.id)).toContain("messaging_postbacks");
    expect(meta.subscribed.get(page.id)).not.toContain("feed");
  });

  it("ends the subscription again when the token can't be kept, and not that of a page that was connected", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    vi.spyOn(crypto.subtle, "encrypt").mockRejectedValue(new Error("it can't be sealed"));
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { status, body } = await connectPage(page);
    expect([status, body.code]).toEqual([503, "not_kept"]);
    expect(meta.subscribed.has(page.id)).toBe(false);
    const inSecrets = configWith({ PAGE_ACCESS_TOKENS: JSON.stringify({ [page.id]: "former" }) });
    await calling(connectFacebook, { page_id: page.id, page_token: page.token }, inSecrets);
    expect(meta.subscribed.has(page.id)).toBe(true);
  });

  it("leaves the subscription that the page has for itself when its Instagram account can't be kept", async () => {
    const account = `178418000${Date.now()}`;
    const page = freshPage({ account });
    const meta = new Meta(page);
    await connectPage(page);
    vi.spyOn(crypto.subtle, "encrypt").mockRejectedValue(new Error("it can't be sealed"));
    vi.spyOn(console, "error").mockImplementation(() => {});
    const wish = { page_id: page.id, page_token: page.token, account_id: account };
    expect((await calling(connectInstagram, wish)).body.code).toBe("not_kept");
    expect(meta.subscribed.has(page.id)).toBe(true);
  });

  it("needs a key to seal under, and says how to set it", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const config = configWith({ SEALING_KEY: "" });
    const { status, body } = await calling(connectFacebook, { page_id: page.id, page_token: "x" }, config);
    expect([status, body.code]).toEqual([409, "sealing_key_required"]);
    expect(body.detail).toContain("SEALING_KEY");
    expect(meta.calls).toEqual([]);
  });

  it("needs the app's id", async () => {
    const page = freshPage();
    new Meta(page);
    const config = configWith({ META_APP_ID: "" });
    const { status, body } = await calling(connectFacebook, { page_id: page.id, page_token: "x" }, config);
    expect([status, body.code]).toEqual([409, "app_id_required"]);
  });

  it("finds out which of several apps a token is of, and takes only the one that is named", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    meta.tokens.set(page.token, { app_id: "222" });
    const apps = JSON.stringify([
      { id: "111", secret: "s1" },
      { id: "222", secret: "s2" },
    ]);
    const config = configWith({ META_APPS: apps });
    const wish = { page_id: page.id, page_token: page.token };
    expect((await calling(connectFacebook, wish, config)).status).toBe(200);
    expect((await env.PAGE.getByName(page.id).channel())?.appId).toBe("222");
    const wrong = await calling(connectFacebook, { ...wish, app_id: "111" }, config);
    expect([wrong.status, wrong.body.code]).toEqual([422, "token_of_other_app"]);
    const unknown = await calling(connectFacebook, { ...wish, app_id: "333" }, config);
    expect([unknown.status, unknown.body.code]).toEqual([400, "no_such_app"]);
  });

  it("says it in the same words when Meta doesn't tell whose the token is", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const words = "(#100) The App_id in the input_token did not match the Viewing App";
    meta.instead.set("GET debug_token", () => refusal(100, words));
    expect((await connectPage(page)).body.code).toBe("token_of_other_app");
  });

  it("refuses a page that the caller's key isn't good for", async () => {
    const page = freshPage();
    new Meta(page);
    const caller = { name: "other", role: "admin" as const, pages: ["42"] };
    const wish = { page_id: page.id, page_token: page.token };
    const { status, body } = await calling(connectFacebook, wish, configWith(), caller);
    expect([status, body.code]).toEqual([403, "page_not_allowed"]);
  });

  it.each([
    [{ page_id: "abc", page_token: "x" }, "page_id"],
    [{ page_id: "1" }, "page_token"],
    [{ page_id: "1", page_token: "two words" }, "page_token"],
    [{ page_id: "1", page_token: "x", image_url: "javascript:alert(1)" }, "image_url"],
  ])("refuses %j, and names the field", async (wish, field) => {
    const { status, body } = await calling(connectFacebook, wish);
    expect(status).toBe(400);
    expect(body.detail).toContain(field);
  });
});

describe("/channels.instagram.connect", () => {
  const account = () => `1784140000${Math.floor(Math.random() * 1e7)}`;
  const wishFor = (page: MetaPage, account_id: string) => ({
    page_id: page.id,
    page_token: page.token,
    account_id,
  });

  it("connects the account of a page, under the account's id", async () => {
    const id = account();
    const page = freshPage({ account: id });
    const meta = new Meta(page);
    const { status, body } = await calling(connectInstagram, wishFor(page, id));
    expect(status).toBe(200);
    expect(body).toEqual({
      id: await channelId("instagram", id),
      source: "instagram",
      source_channel_id: id,
      metadata: { name: `ig.${page.id}` },
      connected: true,
    });
    expect(meta.subscribed.has(page.id)).toBe(true);
    expect(await tokenInUse(id)).toBe(page.token);
    expect(await tokenInUse(page.id)).toBeUndefined();
  });

  it("refuses an account that isn't this page's", async () => {
    const [with_, without] = [freshPage({ account: account() }), freshPage()];
    new Meta(with_, without);
    for (const [page, words] of [
      [with_, with_.account],
      [without, "no Instagram professional account"],
    ] as const) {
      const { status, body } = await calling(connectInstagram, wishFor(page, "17841"));
      expect([status, body.code]).toEqual([422, "account_of_other_page"]);
      expect(body.detail).toContain(words);
    }
  });

  it("needs Instagram's permissions", async () => {
    const id = account();
    const page = freshPage({ account: id });
    const meta = new Meta(page);
    meta.tokens.set(page.token, { scopes: SCOPES.filter((one) => !one.startsWith("instagram")) });
    const { body } = await calling(connectInstagram, wishFor(page, id));
    expect(body.detail).toContain("instagram_basic and instagram_manage_messages");
  });

  it("shares the page's subscription, which ends with the last of the two", async () => {
    const id = account();
    const page = freshPage({ account: id });
    const meta = new Meta(page);
    const { body: facebook } = await connectPage(page);
    const { body: instagram } = await calling(connectInstagram, wishFor(page, id));
    expect((await calling(disconnectOf("facebook"), { channel_id: facebook.id })).status).toBe(204);
    expect(meta.subscribed.has(page.id)).toBe(true);
    expect(await tokenInUse(id)).toBe(page.token);
    expect((await calling(disconnectOf("instagram"), { channel_id: instagram.id })).status).toBe(204);
    expect(meta.subscribed.has(page.id)).toBe(false);
  });
});

describe("/channels.facebook.explore", () => {
  it("lists all pages of the person, over several answers, and which are connected", async () => {
    const [known, other] = [freshPage(), freshPage()];
    const meta = new Meta(known, other);
    await connectPage(known);
    const node = ({ id, name }: MetaPage) => ({
      id,
      name,
      access_token: "EAAG-x",
      picture: { data: { url: "https://x/" } },
    });
    meta.instead.set("GET me/accounts", ({ query }) => ({
      body:
        query.get("after") === null
          ? {
              data: [node(known)],
              paging: { cursors: { after: "c1" }, next: "https://graph/…access_token=…" },
            }
          : { data: [node(other)], paging: { cursors: { after: "c2" } } },
    }));
    const { status, body, text } = await calling(exploreFacebook, { auth_token: meta.person() });
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        { page_id: known.id, name: known.name, image_url: "https://x/", connected: true },
        { page_id: other.id, name: other.name, image_url: "https://x/", connected: false },
      ],
    });
    expect(text).not.toContain("EAA");
  });

  it("lists only what the caller's key is good for", async () => {
    const [mine, other] = [freshPage(), freshPage()];
    const meta = new Meta(mine, other);
    const caller = { name: "other", role: "admin" as const, pages: [mine.id] };
    const { body } = await calling(exploreFacebook, { auth_token: meta.person() }, configWith(), caller);
    expect(body.data.map((one: { page_id: string }) => one.page_id)).toEqual([mine.id]);
  });

  it("doesn't repeat a token that Meta does, not even in part", async () => {
    const meta = new Meta();
    const token = `EAAU-${"x".repeat(40)}-${"y".repeat(900)}`;
    meta.instead.set("GET debug_token", () => refusal(190, `Malformed access token ${token}`));
    const { body, text } = await calling(exploreFacebook, { auth_token: token });
    expect(body.detail).toContain("Malformed access token [token]");
    expect(text).not.toContain("EAAU");
  });

  it("says that a token isn't valid", async () => {
    new Meta();
    const { status, body, text } = await calling(exploreFacebook, { auth_token: "EAAU-unknown" });
    expect([status, body.code]).toEqual([422, "token_invalid"]);
    expect(text).not.toContain("EAAU-unknown");
  });
});

describe("disconnecting", () => {
  const disconnect = (channel_id: string) => calling(disconnectOf("facebook"), { channel_id });

  it("ends the subscription and forgets the token, and does no harm when repeated", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const { body: channel } = await connectPage(page);
    expect(await disconnect(channel.id)).toMatchObject({ status: 204, body: null });
    expect(meta.subscribed.has(page.id)).toBe(false);
    expect(await env.PAGE.getByName(page.id).channel()).toMatchObject({ token: null, isConnected: false });
    expect(await tokenInUse(page.id)).toBeUndefined();
    const calls = meta.calls.length;
    expect((await disconnect(channel.id)).status).toBe(204);
    expect(meta.calls.length).toBe(calls);
    expect((await calling(channelInfo, { channel_id: channel.id })).body.connected).toBe(false);
  });

  it("isn't stopped by a dead token, and says that Meta wasn't told", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const { body: channel } = await connectPage(page);
    meta.instead.set(`DELETE ${page.id}/subscribed_apps`, () => refusal(190, "Session has expired", 463));
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { status, body } = await disconnect(channel.id);
    expect(status).toBe(200);
    expect(body.warnings).toEqual([expect.stringContaining("Session has expired")]);
    expect(await tokenInUse(page.id)).toBeUndefined();
  });

  it("forgets a token that is kept though the list doesn't show it", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const { body: channel } = await connectPage(page);
    // As when connecting ended between the two.
    const directory = env.DIRECTORY.getByName("pages");
    const listed = await directory.find(channel.id);
    if (listed) await directory.put({ ...listed, isConnected: false });
    expect((await disconnect(channel.id)).status).toBe(204);
    expect(meta.subscribed.has(page.id)).toBe(false);
    expect(await env.PAGE.getByName(page.id).channel()).toMatchObject({ token: null, isConnected: false });
  });

  it("is listed as what it came to when the page is connected anew before it is listed", async () => {
    const page = freshPage();
    new Meta(page);
    const { body: channel } = await connectPage(page);
    const directory = env.DIRECTORY.getByName("pages");
    let again: Promise<unknown> | undefined;
    const slow = {
      list: () => directory.list(),
      find: (id: string) => directory.find(id),
      put: async (one: ListedChannel) => {
        again ??= connectPage(page);
        await again;
        await directory.put(one);
      },
    };
    const named = vi.spyOn(env.DIRECTORY, "getByName").mockReturnValueOnce(slow as never);
    // All that this one call asks of the list goes the slow way.
    named.mockImplementation(() => (again ? directory : slow) as never);
    expect((await disconnect(channel.id)).status).toBe(204);
    expect((await env.PAGE.getByName(page.id).channel())?.isConnected).toBe(true);
    expect((await directory.find(channel.id))?.isConnected).toBe(true);
  });

  it("says when the token can't be opened any more, and Meta wasn't told", async () => {
    const page = freshPage();
    new Meta(page);
    const { body: channel } = await connectPage(page);
    const config = configWith({ SEALING_KEY: KEYS.old });
    for (const level of ["warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
    const { status, body } = await calling(disconnectOf("facebook"), { channel_id: channel.id }, config);
    expect([status, body.warnings]).toEqual([200, [expect.stringContaining("opens under no key")]]);
    expect((await env.PAGE.getByName(page.id).channel())?.token).toBeNull();
  });

  it("switches off a page whose token is in the secrets, says that it is there, and can be undone", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const config = configWith({ PAGE_ACCESS_TOKENS: JSON.stringify({ [page.id]: page.token }) });
    const id = await channelId("facebook", page.id);
    const { status, body } = await calling(disconnectOf("facebook"), { channel_id: id }, config);
    expect(status).toBe(200);
    expect(body.warnings).toEqual([expect.stringContaining("secrets")]);
    expect(meta.pathsOf("DELETE")).toEqual([`${page.id}/subscribed_apps`]);
    const token = async () => (await setupOf({ config, pages: env.PAGE }, pageId(page.id))).token;
    expect(await token()).toBeUndefined();
    await calling(connectFacebook, { page_id: page.id, page_token: page.token }, config);
    expect(await token()).toBe(page.token);
  });

  it("knows no channel that isn't there, nor a page by Instagram's call", async () => {
    const page = freshPage();
    new Meta(page);
    const { body: channel } = await connectPage(page);
    const unknown = await disconnect("2b1c7295-cc1f-54ec-a624-000000000000");
    expect([unknown.status, unknown.body.code]).toEqual([404, "no_such_channel"]);
    const other = await calling(disconnectOf("instagram"), { channel_id: channel.id });
    expect([other.status, other.body.code]).toEqual([404, "no_such_channel"]);
  });
});

it("asks Meta with the secret of its own app", async () => {
  const page = freshPage();
  const meta = new Meta(page);
  await connectPage(page);
  expect(meta.calls.find(({ path }) => path === "debug_token")?.token).toBe(`${APP}|first-app-secret`);
});
