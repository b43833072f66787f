import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "./support/simulator.ts";
import { INSTAGRAM, OTHER_PAGES, PAGE, startWorld, TROUBLED_PAGES, type World } from "./support/world.ts";

/** A page's Messenger profile: compared with what is wanted, and changed where it differs. */

const [SETTLED] = OTHER_PAGES;
const menuOf = (...items: Json[]) => [{ locale: "default", call_to_actions: items }];
const HELP = { type: "postback", title: "Help", payload: "HELP" };
const SHOP = { type: "web_url", title: "Shop", url: "https://example.com/", webview_height_ratio: "full" };
const WANTED = { get_started: { payload: "GO" }, greeting: [{ locale: "default", text: "Hi!" }] };

let world: World;
beforeAll(async () => {
  world = await startWorld({ [SETTLED]: { profile: WANTED } });
  await world.meta.page(PAGE, { instagram_id: INSTAGRAM });
});
afterAll(() => world.end());

const apply = (page_id: string, profile: Json, more: Json = {}) =>
  world.call("/profile.apply", { page_id, profile, ...more }, "admin");
const profileOf = async (page_id: string, more: Json = {}) =>
  (await world.call("/profile.get", { page_id, ...more })).body["profile"];

describe("every property is set and read back", () => {
  const properties: Json = {
    get_started: { payload: "GO" },
    greeting: [
      { locale: "default", text: "Hi {{user_first_name}}!" },
      { locale: "de_DE", text: "Hallo {{user_first_name}}!" },
    ],
    ice_breakers: [{ locale: "default", call_to_actions: [{ question: "Are you open?", payload: "HOURS" }] }],
    whitelisted_domains: ["https://example.com"],
    account_linking_url: "https://example.com/login",
    commands: [{ locale: "default", commands: [{ name: "flights", description: "Finds flights" }] }],
  };
  for (const [at, [name, value]] of Object.entries(properties).entries()) {
    it(name, async () => {
      const page = TROUBLED_PAGES[at] ?? PAGE;
      expect(await apply(page, { [name]: value })).toMatchObject({ status: 200, body: { applied: true } });
      const read = (await profileOf(page)) as Json;
      expect(JSON.stringify(read[name])).toContain(JSON.stringify(value).slice(1, -1).slice(0, 20));
      expect(await apply(page, { [name]: value })).toMatchObject({ body: { changes: [], applied: false } });
    });
  }

  it("persistent_menu, which needs get_started", async () => {
    const page = TROUBLED_PAGES[10] ?? PAGE;
    const persistent_menu = menuOf(HELP, SHOP);
    expect(await apply(page, { get_started: { payload: "GO" }, persistent_menu })).toMatchObject({
      status: 200,
    });
    expect(await profileOf(page)).toMatchObject({ persistent_menu });
  });
});

describe("a profile", () => {
  it("is compared first: what is the same is left alone", async () => {
    const page = TROUBLED_PAGES[11] ?? PAGE;
    await apply(page, WANTED);
    const asked = { page_id: page, profile: { ...WANTED, whitelisted_domains: ["https://example.com"] } };
    const { body } = await world.call("/profile.diff", asked);
    expect(body).toMatchObject({ conflict: null, warnings: [] });
    expect(JSON.stringify(body["changes"])).toContain("whitelisted_domains");
    expect(JSON.stringify(body["changes"])).not.toContain("greeting");
  });

  it("that is in the page's settings is applied without being given", async () => {
    expect(await world.call("/profile.apply", { page_id: SETTLED }, "admin")).toMatchObject({
      body: { applied: true },
    });
    expect(await profileOf(SETTLED)).toMatchObject(WANTED);
  });

  it("deletes what is null", async () => {
    const page = TROUBLED_PAGES[12] ?? PAGE;
    await apply(page, WANTED);
    await apply(page, { greeting: null });
    const read = await profileOf(page);
    expect(read).toMatchObject({ get_started: { payload: "GO" } });
    expect(read).not.toHaveProperty("greeting");
  });

  it("with a nested menu is flattened with a warning", async () => {
    const page = TROUBLED_PAGES[13] ?? PAGE;
    const nested = { type: "nested", title: "More", call_to_actions: [HELP, SHOP] };
    const profile = { get_started: { payload: "GO" }, persistent_menu: menuOf(nested) };
    const { body } = await apply(page, profile);
    expect(body["warnings"]).toMatchObject([expect.stringContaining("More")]);
    const { persistent_menu } = (await profileOf(page)) as { persistent_menu: Json[] };
    expect(persistent_menu[0]).toMatchObject({
      call_to_actions: [{ type: "postback" }, { type: "web_url" }],
    });
  });

  it("of a menu without a Get Started button is a conflict, and Meta isn't asked to take it", async () => {
    const page = TROUBLED_PAGES[14] ?? PAGE;
    expect(await apply(page, { persistent_menu: menuOf(HELP) })).toMatchObject({
      status: 409,
      body: { code: "profile_conflict" },
    });
  });

  it("of the Instagram account is its own", async () => {
    const ice_breakers = [{ locale: "default", call_to_actions: [{ question: "Open?", payload: "OPEN" }] }];
    await apply(PAGE, { ice_breakers }, { platform: "instagram" });
    expect(await profileOf(PAGE, { platform: "instagram" })).toMatchObject({ ice_breakers });
    expect(await profileOf(PAGE)).not.toHaveProperty("ice_breakers");
  });

  it("is an admin's to change", async () => {
    const asked = { page_id: PAGE, profile: WANTED };
    expect(await world.call("/profile.apply", asked, "operator")).toMatchObject({ status: 403 });
  });
});

describe("what Meta would refuse is refused with its path", () => {
  const x = (count: number) => "x".repeat(count);
  const items = (count: number) => Array.from({ length: count }, () => HELP);
  const question = { question: "Open?", payload: "OPEN" };
  const mistakes: [what: string, profile: Json, path: string][] = [
    ["a greeting of 161 characters", { greeting: [{ locale: "default", text: x(161) }] }, "greeting.0.text"],
    ["no default locale", { greeting: [{ locale: "de_DE", text: "Hallo" }] }, "greeting"],
    ["a payload of 1001 characters", { get_started: { payload: x(1001) } }, "get_started.payload"],
    [
      "a menu title of 31 characters",
      { persistent_menu: menuOf({ ...HELP, title: x(31) }) },
      "persistent_menu.0.call_to_actions.0.title",
    ],
    ["21 menu items", { persistent_menu: menuOf(...items(21)) }, "persistent_menu.0.call_to_actions"],
    [
      "5 ice breakers",
      { ice_breakers: [{ call_to_actions: Array.from({ length: 5 }, () => question) }] },
      "ice_breakers.0.call_to_actions",
    ],
    [
      "a question of 81 characters",
      { ice_breakers: [{ call_to_actions: [{ ...question, question: x(81) }] }] },
      "ice_breakers.0.call_to_actions.0.question",
    ],
    [
      "51 domains",
      { whitelisted_domains: Array.from({ length: 51 }, (_, at) => `https://${at}.example`) },
      "whitelisted_domains",
    ],
    ["a domain without https", { whitelisted_domains: ["http://example.com"] }, "whitelisted_domains.0"],
  ];
  for (const [what, profile, path] of mistakes) {
    it(what, async () => {
      const { status, body } = await apply(PAGE, profile);
      expect([status, body["code"]]).toEqual([400, "invalid_profile"]);
      expect(body["detail"]).toMatch(new RegExp(`^${path.replaceAll(".", "\\.")}: `));
    });
  }
});

describe("one person's menu", () => {
  it("is set, and given up for the page's again", async () => {
    const ada = world.person();
    await ada.tells({ text: "Hello" });
    const change = (persistent_menu: unknown) =>
      world.call("/profile.user-menu", { conversation_id: ada.conversation, persistent_menu }, "bot");
    const atMeta = async () => {
      const { data } = await world.meta.graph(PAGE, `me/custom_user_settings?psid=${ada.id}`);
      return JSON.stringify(data);
    };
    await apply(PAGE, { get_started: { payload: "GO" } });
    expect(await change(menuOf(HELP))).toMatchObject({ status: 200 });
    expect(await atMeta()).toContain('"HELP"');
    expect(await change(null)).toMatchObject({ status: 200, body: { persistent_menu: null } });
    expect(await atMeta()).not.toContain('"HELP"');
  });
});
