import { beforeEach, describe, expect, it } from "vitest";
import { control, freshSimulator, graph, graphDelete, PAGE_ID, webhook, write } from "./world.ts";

const USER = "7001";
const INSTAGRAM = "17841400000000001";
const PATH = "/me/messenger_profile";

const item = { type: "postback", title: "Help", payload: "HELP" };
const menu = (call_to_actions: unknown[]) => [{ locale: "default", call_to_actions }];
const set = (profile: object) => graph(PATH, profile);
const get = async (fields: string) => (await graph(`${PATH}?fields=${fields}`)).body.data;

beforeEach(freshSimulator);

describe("the Messenger profile", () => {
  it("keeps what is set and returns what is asked for", async () => {
    const greeting = [{ locale: "default", text: "Hello {{user_first_name}}" }];
    expect((await set({ greeting, get_started: { payload: "GO" } })).body).toEqual({ result: "success" });
    await set({ persistent_menu: menu([item]) });
    expect(await get("greeting,persistent_menu")).toEqual([
      {
        greeting,
        persistent_menu: [{ locale: "default", composer_input_disabled: false, call_to_actions: [item] }],
      },
    ]);
    expect(await get("commands")).toEqual([]);
  });

  it("deletes what is named, and nothing else", async () => {
    await set({ get_started: { payload: "GO" }, account_linking_url: "https://example.com/login" });
    expect((await graphDelete(PATH, { fields: ["account_linking_url"] })).body).toEqual({
      result: "success",
    });
    expect(await get("get_started,account_linking_url")).toEqual([{ get_started: { payload: "GO" } }]);
  });

  it("has no menu without a Get Started button, in either order", async () => {
    const refused = await set({ persistent_menu: menu([item]) });
    expect(refused.body.error).toMatchObject({ code: 100, error_subcode: 2018145 });
    await set({ get_started: { payload: "GO" }, persistent_menu: menu([item]) });
    expect((await graphDelete(PATH, { fields: ["get_started"] })).body.error.code).toBe(100);
    expect((await graphDelete(PATH, { fields: ["get_started", "persistent_menu"] })).status).toBe(200);
  });

  const get_started = { payload: "GO" };
  const breaker = { question: "Open?", payload: "OPEN" };
  it.each([
    [
      "a long greeting",
      { greeting: [{ locale: "default", text: "x".repeat(161) }] },
      /greeting\]?\[0\]\[text\]/,
    ],
    ["a greeting without default", { greeting: [{ locale: "de_DE", text: "Hallo" }] }, /locale default/],
    ["a long payload", { get_started: { payload: "x".repeat(1001) } }, /get_started\[payload\]/],
    ["21 menu items", { get_started, persistent_menu: menu(Array(21).fill(item)) }, /too many/],
    [
      "a long menu title",
      { get_started, persistent_menu: menu([{ ...item, title: "x".repeat(31) }]) },
      /\[call_to_actions\]\[0\]\[title\]/,
    ],
    [
      "a nested menu",
      { get_started, persistent_menu: menu([{ type: "nested", title: "More", call_to_actions: [item] }]) },
      /\[type\]/,
    ],
    [
      "a menu that is the only way to write, and empty",
      { get_started, persistent_menu: [{ locale: "default", composer_input_disabled: true }] },
      /call_to_actions/,
    ],
    ["5 ice breakers", { ice_breakers: menu(Array(5).fill(breaker)) }, /ice_breakers/],
    ["a domain without https", { whitelisted_domains: ["http://example.com"] }, /https/],
    ["51 domains", { whitelisted_domains: Array(51).fill("https://example.com") }, /too many/],
    ["nothing at all", {}, /Requires one of/],
  ])("refuses %s", async (_name, profile, complaint) => {
    const { status, body } = await set(profile);
    expect(status).toBe(400);
    expect(body.error.message).toMatch(complaint);
  });

  it("does not know other properties", async () => {
    expect((await graph(`${PATH}?fields=mood`)).body.error.code).toBe(100);
    expect((await graphDelete(PATH, { fields: ["mood"] })).body.error.code).toBe(100);
  });

  it("is another one on Instagram, which has ice breakers and menus only", async () => {
    const ice_breakers = menu([breaker]);
    expect((await graph(`${PATH}?platform=instagram`, { ice_breakers })).body.error.message).toContain(
      "Instagram",
    );
    await control("PUT", `/pages/${PAGE_ID}`, { instagram_id: INSTAGRAM });
    expect((await graph(`${PATH}?platform=instagram`, { ice_breakers })).status).toBe(200);
    expect((await graph(`${PATH}?platform=instagram`, { get_started })).body.error.message).toContain(
      "get_started",
    );
    expect(await get("ice_breakers")).toEqual([]);
    expect(await get("ice_breakers&platform=instagram")).toEqual([{ ice_breakers }]);
  });
});

describe("the menu of one person", () => {
  const PERSON = `/me/custom_user_settings?psid=${USER}`;
  const persistent_menu = [{ locale: "default", composer_input_disabled: false, call_to_actions: [item] }];

  beforeEach(async () => {
    webhook();
    await write(USER, "hello");
    await set({ get_started: { payload: "GO" } });
  });

  it("stands beside the page's, until it is deleted", async () => {
    await set({ persistent_menu });
    expect((await graph("/me/custom_user_settings", { psid: USER, persistent_menu })).body).toEqual({
      result: "success",
    });
    expect((await graph(PERSON)).body.data).toEqual([
      { user_level_persistent_menu: persistent_menu, page_level_persistent_menu: persistent_menu },
    ]);
    const gone = await graphDelete(`${PERSON}&params=${encodeURIComponent('["persistent_menu"]')}`);
    expect(gone.body).toEqual({ result: "success" });
    expect((await graph(PERSON)).body.data).toEqual([{ page_level_persistent_menu: persistent_menu }]);
  });

  it("has the same limits, and is for people who have written", async () => {
    const nested = menu([{ type: "nested", title: "More" }]);
    expect((await graph("/me/custom_user_settings", { psid: USER, persistent_menu: nested })).status).toBe(
      400,
    );
    const stranger = await graph("/me/custom_user_settings", { psid: "7999", persistent_menu });
    expect(stranger.body.error.error_subcode).toBe(2018001);
  });
});
