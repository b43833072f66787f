import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readProfile } from "../../src/profile/profile.ts";

const postback = (title: string) => ({ type: "postback", title, payload: title.toUpperCase() });
const nested = (title: string, items: unknown[]) => ({ type: "nested", title, call_to_actions: items });
const menuOf = (items: unknown[]) => ({ persistent_menu: [{ locale: "default", call_to_actions: items }] });

/** The titles of the first menu's items. */
function titlesIn(written: unknown): string[] {
  const read = readProfile(written);
  if (!read.ok) throw new Error(read.issue);
  return (read.profile.persistent_menu?.[0]?.call_to_actions ?? []).map(({ title }) => title);
}

describe("Botpress's settings", () => {
  it("are taken as they stood in its file", () => {
    const written = {
      greeting: "Hello",
      getStarted: "GET_STARTED",
      persistentMenu: [
        {
          locale: "default",
          composer_input_disabled: true,
          call_to_actions: [postback("Help"), { type: "web_url", title: "Web", url: "https://web.invalid" }],
        },
        { locale: "fr_FR", composer_input_disabled: false, call_to_actions: null },
      ],
    };
    expect(readProfile(written)).toEqual({
      ok: true,
      profile: {
        greeting: [{ locale: "default", text: "Hello" }],
        get_started: { payload: "GET_STARTED" },
        persistent_menu: [written.persistentMenu[0], { locale: "fr_FR", composer_input_disabled: false }],
      },
      warnings: [],
    });
  });

  it("may have texts by locale, and an object to get started", () => {
    expect(
      readProfile({ greeting: { default: "Hello", de_DE: "Hallo" }, getStarted: { payload: "GO" } }),
    ).toMatchObject({
      profile: {
        greeting: [
          { locale: "default", text: "Hello" },
          { locale: "de_DE", text: "Hallo" },
        ],
        get_started: { payload: "GO" },
      },
    });
  });

  it("mean what they meant when they are empty", () => {
    expect(readProfile({ greeting: "", getStarted: "", persistentMenu: [] })).toEqual({
      ok: true,
      profile: { greeting: null, persistent_menu: null },
      warnings: [],
    });
    expect(readProfile({ persistentMenu: null })).toMatchObject({ profile: { persistent_menu: null } });
  });

  it("don't stand beside Meta's own of the same meaning", () => {
    expect(readProfile({ getStarted: "A", get_started: { payload: "B" } })).toEqual({
      ok: false,
      issue: "the profile: knows no getStarted",
    });
  });
});

describe("a nested menu", () => {
  it("becomes a flat one in its order, with a warning that names what moved", () => {
    const written = menuOf([
      nested("My account", [postback("Pay bill"), nested("History", [postback("2025")])]),
      postback("Help"),
    ]);
    expect(titlesIn(written)).toEqual(["My account › Pay bill", "My account › History › 2025", "Help"]);
    const read = readProfile(written);
    expect(read.ok && read.warnings).toEqual([
      'persistent_menu (default): Meta has retired nested menus, so these stand side by side now: "My account › Pay bill", "My account › History › 2025"',
    ]);
  });

  it("keeps what its items are called when there is no room for all", () => {
    const written = menuOf([
      nested("Everything about your account", [
        postback("Pay bill"),
        postback("What a very long title it has"),
        postback("A title of exactly thirty char"),
      ]),
    ]);
    expect(titlesIn(written)).toEqual([
      "Everything about y… › Pay bill",
      "What a very long title it has",
      "A title of exactly thirty char",
    ]);
  });

  it("has its limit when it is flat", () => {
    const group = (at: number) =>
      nested(
        `G${at}`,
        Array.from({ length: 7 }, (_, item) => postback(`${item}`)),
      );
    expect(titlesIn(menuOf([group(1), group(2)]))).toHaveLength(14);
    expect(readProfile(menuOf([group(1), group(2), group(3)]))).toEqual({
      ok: false,
      issue: "persistent_menu.0.call_to_actions: at most 20 items, has 21",
    });
  });

  it("never has a title that Meta refuses, nor half a character", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        word,
        word,
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
        (one, two, title) => {
          fc.pre(title.length <= 30);
          const [flat = ""] = titlesIn(menuOf([nested(one, [nested(two, [postback(title)])])]));
          expect(flat.length).toBeLessThanOrEqual(30);
          expect(flat.isWellFormed()).toBe(true);
          expect(flat.endsWith(title)).toBe(true);
        },
      ),
    );
  });

  it("that nests without end is refused, not followed", () => {
    let item: unknown = postback("End");
    for (let level = 0; level < 10_000; level++) item = nested("L", [item]);
    expect(readProfile(menuOf([item])).ok).toBe(false);
  });
});

describe("ice breakers without locales", () => {
  it("become those of the default locale", () => {
    const questions = [{ question: "Where are you?", payload: "WHERE" }];
    expect(readProfile({ ice_breakers: questions })).toMatchObject({
      profile: { ice_breakers: [{ locale: "default", call_to_actions: questions }] },
    });
    expect(readProfile({ ice_breakers: [{ call_to_actions: questions }] })).toMatchObject({
      profile: { ice_breakers: [{ locale: "default", call_to_actions: questions }] },
    });
  });
});

describe("anything at all", () => {
  it("is read or refused, never thrown at", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            "greeting",
            "getStarted",
            "get_started",
            "persistentMenu",
            "persistent_menu",
            "ice_breakers",
          ),
          fc.jsonValue(),
        ),
        (written) => {
          const read = readProfile(written);
          expect(read.ok || read.issue.length > 0).toBe(true);
        },
      ),
    );
  });
});
