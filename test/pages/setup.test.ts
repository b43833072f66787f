import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../src/env.ts";
import { type PageId, pageId } from "../../src/ids.ts";
import { Page } from "../../src/pages/page.ts";
import { seal } from "../../src/pages/sealing.ts";
import { botEventsOf, forgetSetup, rulesOf, setupFrom, setupOf } from "../../src/pages/setup.ts";

const KEY = { old: btoa("o".repeat(32)), new: btoa("n".repeat(32)) };
let pages = 0;
const freshPage = (): PageId => pageId(`52${Date.now()}${pages++}`);
afterEach(() => vi.restoreAllMocks());

function source(more: Record<string, string> = {}) {
  const result = readConfig({ ...env, SEALING_KEY: KEY.old, ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { config: result.config, pages: env.PAGE };
}

const origin = (page: string) => ({ source: "facebook" as const, facebookPage: page });
const connection = (page: string, token: string) => ({
  ...origin(page),
  token,
  appId: null,
  name: null,
  imageUrl: null,
});

describe("how a page is served", () => {
  it("is what the deployment says, and over it what was set while the gateway runs", async () => {
    const page = freshPage();
    const from = source({
      PAGE_SETTINGS: JSON.stringify({
        default: { gather_ms: 700, typing: false },
        [page]: { gather_ms: 900 },
      }),
    });
    expect((await setupOf(from, page)).settings).toMatchObject({ gatherMs: 900, typing: false });
    const settings = { gather_ms: 100, bot: { url: "https://other.invalid/", protocol: "rasa" } };
    await env.PAGE.getByName(page).changeChannel(origin(page), { settings });
    forgetSetup(page);
    const setup = await setupOf(from, page);
    expect(setup.settings).toMatchObject({ gatherMs: 100, typing: false });
    expect(setup.bot).toMatchObject({ url: "https://other.invalid/", protocol: "rasa", token: undefined });
    expect(botEventsOf(setup, from.config)).toEqual(new Set(["message", "postback", "referral"]));
  });

  it("is asked of its object once in a while, not once per message", async () => {
    const page = freshPage();
    const asked = vi.spyOn(Page.prototype, "channel");
    const from = source();
    for (let times = 0; times < 5; times++) await setupOf(from, page);
    expect(asked).toHaveBeenCalledTimes(1);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 21_000);
    await setupOf(from, page);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("is as it was last for as long as its object can't be reached", async () => {
    const page = freshPage();
    const from = source();
    await env.PAGE.getByName(page).changeChannel(origin(page), { settings: { gather_ms: 100 } });
    expect((await setupOf(from, page)).settings.gatherMs).toBe(100);
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(Page.prototype, "channel").mockImplementation(() => {
      throw new Error("away");
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 21_000);
    for (let times = 0; times < 3; times++) {
      expect(await setupOf(from, page)).toMatchObject({ isGuess: false, settings: { gatherMs: 100 } });
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_000);
    }
    expect(await setupOf(from, freshPage())).toMatchObject({ isGuess: true, settings: { gatherMs: 0 } });
  });

  it("is asked anew by who has reason to think that it has changed", async () => {
    const page = freshPage();
    const from = source();
    await setupOf(from, page);
    await env.PAGE.getByName(page).changeChannel(origin(page), { settings: { gather_ms: 100 } });
    expect((await setupOf(from, page)).settings.gatherMs).toBe(0);
    expect((await setupOf(from, page, 0)).settings.gatherMs).toBe(100);
    expect((await setupOf(from, page)).settings.gatherMs).toBe(100);
  });

  it("isn't remembered as it was before it was changed from here", async () => {
    const page = freshPage();
    const from = source();
    const asked = setupOf(from, page);
    await env.PAGE.getByName(page).changeChannel(origin(page), { settings: { gather_ms: 100 } });
    forgetSetup(page);
    await asked;
    expect((await setupOf(from, page)).settings.gatherMs).toBe(100);
  });

  it("has a bot that is switched off hear of nothing: the next to write would wait behind it", () => {
    const settings = (more: object) => ({
      settings: JSON.stringify({ callbacks: ["message.failed"], ...more }),
    });
    const rules = (more: object) =>
      rulesOf(
        setupFrom(
          source().config,
          freshPage(),
          { appId: null, isConnected: true, ...settings(more) },
          undefined,
        ),
      );
    expect(rules({}).callbacks).toEqual(["message.failed"]);
    expect(rules({ is_on: false }).callbacks).toEqual([]);
  });

  it("has the token it was connected with, before the one in the secrets, and none once it is disconnected", async () => {
    const page = freshPage();
    const from = source({ PAGE_ACCESS_TOKENS: JSON.stringify({ [page]: "FROM-SECRETS" }) });
    const token = async () => {
      forgetSetup(page);
      return (await setupOf(from, page)).token;
    };
    expect(await token()).toBe("FROM-SECRETS");
    const sealed = await seal(from.config.sealingKeys, "CONNECTED", { page, purpose: "page_token" });
    await env.PAGE.getByName(page).connectChannel(connection(page, sealed));
    expect(await token()).toBe("CONNECTED");
    await env.PAGE.getByName(page).disconnectChannel(origin(page));
    expect(await token()).toBeUndefined();
  });

  it("has its token sealed anew when the key has changed", async () => {
    const page = freshPage();
    const before = source();
    const sealed = await seal(before.config.sealingKeys, "TOKEN", { page, purpose: "page_token" });
    await env.PAGE.getByName(page).connectChannel(connection(page, sealed));
    const rotated = source({ SEALING_KEY: `${KEY.new},${KEY.old}` });
    expect((await setupOf(rotated, page)).token).toBe("TOKEN");
    forgetSetup(page);
    expect((await setupOf(source({ SEALING_KEY: KEY.new }), page)).token).toBe("TOKEN");
  });

  it("isn't another app's when its own isn't configured any more", async () => {
    const page = freshPage();
    vi.spyOn(console, "error").mockImplementation(() => {});
    const from = source({
      PAGE_ACCESS_TOKENS: JSON.stringify({ [page]: "TOKEN" }),
      PAGE_SETTINGS: JSON.stringify({ [page]: { app_id: "404" } }),
    });
    expect(await setupOf(from, page)).toMatchObject({
      token: undefined,
      isAppsOwn: true,
      app: { id: "404" },
    });
  });

  it("has no token that was sealed for another page", async () => {
    const [page, other] = [freshPage(), freshPage()];
    const from = source();
    vi.spyOn(console, "error").mockImplementation(() => {});
    const sealed = await seal(from.config.sealingKeys, "TOKEN", { page: other, purpose: "page_token" });
    await env.PAGE.getByName(page).connectChannel(connection(page, sealed));
    expect((await setupOf(from, page)).token).toBeUndefined();
  });

  it("has what goes to a bot of its own signed under that bot's secret, so that no other bot's operator can", async () => {
    const page = freshPage();
    const secret = `whsec_${btoa("o".repeat(32))}`;
    const bot = { url: "https://other.invalid/", signing_secret: "OTHER" };
    const from = source({
      BOT_SIGNING_SECRET_OTHER: secret,
      PAGE_SETTINGS: JSON.stringify({ [page]: { bot } }),
    });
    const [own] = (await setupOf(from, page)).bot.signingKeys;
    expect(own).toEqual(new TextEncoder().encode("o".repeat(32)));
    expect((await setupOf(from, freshPage())).bot.signingKeys).toEqual(from.config.bot.signingKeys);
  });

  it("gives a bot of its own the named token, and no more time than leases are made for", async () => {
    const page = freshPage();
    const bot = {
      url: "https://llm.invalid/v1",
      protocol: "openai",
      token: "LLM",
      timeout_ms: 25_000,
      turns: 4,
    };
    const from = source({
      BOT_TOKEN_LLM: "sk-test",
      BOT_TIMEOUT_MS: "9000",
      PAGE_SETTINGS: JSON.stringify({ [page]: { bot } }),
    });
    expect((await setupOf(from, page)).bot).toMatchObject({ token: "sk-test", timeoutMs: 9000, turns: 4 });
  });
});
