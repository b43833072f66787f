import { describe, expect, it } from "vitest";
import { readProfile } from "../../src/profile/profile.ts";

const chars = (count: number) => "x".repeat(count);
const times = <Item>(count: number, make: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => make(at));

const item = (at: number) => ({ type: "postback", title: `Item ${at}`, payload: `ITEM_${at}` });
const menu = (items: unknown[], locale = "default") => ({ locale, call_to_actions: items });
const link = (more: object) => ({ type: "web_url", title: "Shop", url: "https://shop.invalid/", ...more });
const questions = (count: number) => times(count, (at) => ({ question: `Q${at}`, payload: `P${at}` }));
const command = { name: "flights", description: "Finds flights" };

describe("a profile", () => {
  const atTheLimits: [string, unknown][] = [
    ["get_started", { payload: chars(1000) }],
    ["greeting", [{ locale: "default", text: chars(160) }]],
    [
      "greeting",
      [
        { locale: "default", text: "Hi {{user_first_name}}!" },
        { locale: "de_DE", text: "Hallo!" },
      ],
    ],
    ["persistent_menu", [menu(times(20, item))]],
    ["persistent_menu", [menu([{ type: "postback", title: chars(30), payload: chars(1000) }])]],
    ["persistent_menu", [menu([link({ webview_height_ratio: "tall", webview_share_button: "hide" })])]],
    [
      "persistent_menu",
      [
        menu([item(1)]),
        { locale: "zh_CN", composer_input_disabled: false, disabled_surfaces: ["CHAT_PLUGIN"] },
      ],
    ],
    ["ice_breakers", [{ locale: "default", call_to_actions: questions(4) }]],
    ["ice_breakers", [{ locale: "default", call_to_actions: [{ question: chars(80), payload: "P" }] }]],
    ["whitelisted_domains", times(50, (at) => `https://d${at}.invalid`)],
    ["account_linking_url", "https://login.invalid/link?a=b"],
    ["commands", [{ locale: "default", commands: times(100, () => command) }]],
    ["commands", [{ locale: "default", commands: [{ name: chars(32), description: chars(64) }] }]],
  ];
  for (const [property, value] of atTheLimits) {
    it(`takes ${property} up to Meta's limits: ${JSON.stringify(value).slice(0, 60)}`, () => {
      expect(readProfile({ [property]: value })).toEqual({
        ok: true,
        profile: { [property]: value },
        warnings: [],
      });
    });
  }

  const beyond: [string, unknown, string][] = [
    ["get_started", { payload: chars(1001) }, "get_started.payload: at most 1000 characters, has 1001"],
    ["get_started", { payload: "" }, "get_started.payload: not empty"],
    [
      "greeting",
      [{ locale: "default", text: chars(161) }],
      "greeting.0.text: at most 160 characters, has 161",
    ],
    ["greeting", [{ locale: "de_DE", text: "Hallo" }], 'greeting: one of them for the locale "default"'],
    ["greeting", times(2, () => ({ locale: "default", text: "Hi" })), "greeting: one for each locale"],
    [
      "greeting",
      [{ locale: "german", text: "Hallo" }],
      'greeting.0.locale: default, or a locale such as "de_DE"',
    ],
    ["greeting", [], "greeting: at least one; null deletes the property"],
    [
      "persistent_menu",
      [menu(times(21, item))],
      "persistent_menu.0.call_to_actions: at most 20 items, has 21",
    ],
    [
      "persistent_menu",
      [menu([{ type: "postback", title: chars(31), payload: "P" }])],
      "persistent_menu.0.call_to_actions.0.title: at most 30 characters, has 31",
    ],
    [
      "persistent_menu",
      [menu([{ type: "phone_number", title: "Call", payload: "1" }])],
      "persistent_menu.0.call_to_actions.0.type: an item of type postback or web_url",
    ],
    [
      "persistent_menu",
      [menu([link({ url: "shop.invalid" })])],
      "persistent_menu.0.call_to_actions.0.url: a URL with http or https",
    ],
    [
      "persistent_menu",
      [menu([link({ webview_height_ratio: "huge" })])],
      "persistent_menu.0.call_to_actions.0.webview_height_ratio: compact, tall or full",
    ],
    [
      "persistent_menu",
      [{ locale: "default", composer_input_disabled: true }],
      "persistent_menu.0: call_to_actions are missing",
    ],
    [
      "ice_breakers",
      [{ locale: "default", call_to_actions: questions(5) }],
      "ice_breakers.0.call_to_actions: at most 4 questions, has 5",
    ],
    [
      "ice_breakers",
      [{ locale: "default", call_to_actions: [{ question: chars(81), payload: "P" }] }],
      "ice_breakers.0.call_to_actions.0.question: at most 80 characters, has 81",
    ],
    [
      "whitelisted_domains",
      times(51, (at) => `https://d${at}.invalid`),
      "whitelisted_domains: at most 50 domains, has 51",
    ],
    ["whitelisted_domains", ["http://d.invalid"], "whitelisted_domains.0: a URL with https"],
    ["account_linking_url", "http://login.invalid", "account_linking_url: a URL with https"],
    [
      "commands",
      [{ locale: "default", commands: [{ ...command, name: "/flights" }] }],
      "commands.0.commands.0.name: without a slash before it",
    ],
    ["greetings", [], "the profile: knows no greetings"],
  ];
  for (const [property, value, issue] of beyond) {
    it(`refuses what is beyond them: ${issue}`, () => {
      expect(readProfile({ [property]: value })).toEqual({ ok: false, issue });
    });
  }

  it("tells deleting a property from leaving it alone", () => {
    expect(readProfile({ greeting: null, persistent_menu: null, get_started: null })).toEqual({
      ok: true,
      profile: { greeting: null, persistent_menu: null, get_started: null },
      warnings: [],
    });
    expect(readProfile({})).toEqual({ ok: true, profile: {}, warnings: [] });
  });

  it("can't have a menu and delete get_started, without which Meta takes no menu", () => {
    expect(readProfile({ persistent_menu: [menu([item(1)])], get_started: null })).toEqual({
      ok: false,
      issue: "get_started: a persistent_menu needs it",
    });
  });

  it("is an object", () => {
    for (const nothing of [null, "x", 1, []]) {
      expect(readProfile(nothing)).toEqual({ ok: false, issue: "the profile: an object" });
    }
  });
});
