import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffProfile } from "../../src/profile/diff.ts";
import { type Profile, readProfile } from "../../src/profile/profile.ts";

const changesOf = (current: Record<string, unknown>, wanted: Profile) =>
  diffProfile(current, wanted).changes.map(({ property, action }) => `${action} ${property}`);

const item = { type: "postback" as const, title: "Help", payload: "HELP" };
const menu = [{ locale: "default", call_to_actions: [item] }];
const getStarted = { payload: "GO" };

describe("a profile's difference", () => {
  it("is what Meta has otherwise, with both sides", () => {
    expect(
      diffProfile(
        { greeting: [{ locale: "default", text: "Hi" }] },
        {
          greeting: [{ locale: "default", text: "Hello" }],
        },
      ),
    ).toEqual({
      changes: [
        {
          property: "greeting",
          action: "set",
          from: [{ locale: "default", text: "Hi" }],
          to: [{ locale: "default", text: "Hello" }],
        },
      ],
      conflict: null,
    });
  });

  it("leaves alone what isn't mentioned, and deletes what is null", () => {
    const current = { get_started: getStarted, account_linking_url: "https://a.invalid/" };
    expect(changesOf(current, {})).toEqual([]);
    expect(changesOf(current, { account_linking_url: null })).toEqual(["delete account_linking_url"]);
    expect(changesOf(current, { greeting: null })).toEqual([]);
    expect(changesOf({ greeting: [] }, { greeting: null })).toEqual([]);
  });

  it("goes in the order that Meta needs: get_started before the menu, deleted after it", () => {
    expect(changesOf({}, { persistent_menu: menu, get_started: getStarted })).toEqual([
      "set get_started",
      "set persistent_menu",
    ]);
    const current = { get_started: getStarted, persistent_menu: menu };
    expect(changesOf(current, { get_started: null, persistent_menu: null, greeting: null })).toEqual([
      "delete persistent_menu",
      "delete get_started",
    ]);
  });

  it("isn't what Meta adds of its own", () => {
    const asMetaHasIt = {
      persistent_menu: [
        {
          call_to_actions: [
            {
              url: "https://shop.invalid/",
              title: "Shop",
              type: "web_url",
              webview_height_ratio: "full",
              messenger_extensions: false,
              icon: "new at Meta",
            },
          ],
          composer_input_disabled: false,
          disabled_surfaces: [],
          locale: "default",
        },
      ],
      whitelisted_domains: ["https://b.invalid/", "https://a.invalid/"],
      account_linking_url: "https://login.invalid/",
      get_started: getStarted,
    };
    expect(
      changesOf(asMetaHasIt, {
        persistent_menu: [
          {
            locale: "default",
            call_to_actions: [{ type: "web_url", title: "Shop", url: "https://shop.invalid" }],
          },
        ],
        whitelisted_domains: ["https://a.invalid", "https://B.invalid"],
        account_linking_url: "https://login.invalid",
        get_started: getStarted,
      }),
    ).toEqual([]);
  });

  it("isn't the order of locales, but is that of a menu's items", () => {
    const de = { locale: "de_DE", text: "Hallo" };
    const en = { locale: "default", text: "Hi" };
    expect(changesOf({ greeting: [de, en] }, { greeting: [en, de] })).toEqual([]);
    const other = { ...item, title: "Other" };
    const inOrder = (...items: (typeof item)[]) => [{ locale: "default", call_to_actions: items }];
    expect(
      changesOf(
        { get_started: getStarted, persistent_menu: inOrder(item, other) },
        { persistent_menu: inOrder(other, item) },
      ),
    ).toEqual(["set persistent_menu"]);
    const commands = (...names: string[]) => [
      { locale: "default", commands: names.map((name) => ({ name, description: "D" })) },
    ];
    expect(changesOf({ commands: commands("a", "b") }, { commands: commands("b", "a") })).toEqual([
      "set commands",
    ]);
  });

  it("isn't the retired form in which Meta still answers", () => {
    const questions = [{ question: "Q", payload: "P" }];
    expect(
      changesOf(
        { ice_breakers: questions },
        { ice_breakers: [{ locale: "default", call_to_actions: questions }] },
      ),
    ).toEqual([]);
  });
});

describe("a conflict", () => {
  it("is a menu that would be left without get_started", () => {
    const needs = expect.stringContaining("needs get_started");
    expect(diffProfile({}, { persistent_menu: menu }).conflict).toEqual(needs);
    expect(
      diffProfile({ get_started: getStarted, persistent_menu: menu }, { get_started: null }).conflict,
    ).toEqual(needs);
    expect(diffProfile({ get_started: getStarted }, { persistent_menu: menu }).conflict).toBeNull();
    expect(diffProfile({}, { persistent_menu: menu, get_started: getStarted }).conflict).toBeNull();
  });

  it("is what Instagram has not, where a menu needs no button", () => {
    expect(diffProfile({}, { persistent_menu: menu }, "instagram").conflict).toBeNull();
    expect(diffProfile({}, { greeting: [], commands: [] }, "instagram").conflict).toBe(
      "Instagram has no greeting, commands.",
    );
  });
});

const text = fc.string({ minLength: 1, maxLength: 20 });
const anyItem = fc.record({ type: fc.constant("postback" as const), title: text, payload: text });
const anyWanted = fc.record(
  {
    get_started: fc.record({ payload: text }),
    greeting: fc.record({ text }).map((one) => [{ locale: "default", ...one }]),
    persistent_menu: fc
      .array(anyItem, { minLength: 1, maxLength: 5 })
      .map((items) => [{ locale: "default", call_to_actions: items }]),
    whitelisted_domains: fc.uniqueArray(fc.webUrl({ validSchemes: ["https"] }), {
      minLength: 1,
      maxLength: 4,
    }),
    account_linking_url: fc.webUrl({ validSchemes: ["https"] }),
  },
  { requiredKeys: [] },
);

/** The same with the keys of every object turned round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, turned(one)]),
  );
}

describe("of any profile", () => {
  const read = (written: unknown): Profile => {
    const result = readProfile(written);
    if (!result.ok) throw new Error(result.issue);
    return result.profile;
  };

  it("nothing differs once it is applied, whatever the order of its keys", () => {
    fc.assert(
      fc.property(anyWanted, (written) => {
        const wanted = read(written);
        expect(changesOf({ ...wanted }, wanted)).toEqual([]);
        expect(changesOf(Object.fromEntries(Object.entries(turned(wanted) ?? {})), wanted)).toEqual([]);
      }),
    );
  });

  it("applying the changes leads to the wanted one", () => {
    fc.assert(
      fc.property(anyWanted, anyWanted, (one, other) => {
        const wanted = read(other);
        const result: Record<string, unknown> = { ...read(one) };
        for (const { property, to } of diffProfile(result, wanted).changes) result[property] = to;
        expect(changesOf(result, wanted)).toEqual([]);
      }),
    );
  });
});
