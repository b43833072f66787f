import { describe, expect, it } from "vitest";
import {
  adminKeyIn,
  MADE,
  make,
  mustBeWellFormed,
  newestOf,
  succeeded,
} from "../../src/cli/places/secrets.ts";
import { parseApiKeys } from "../../src/env-formats.ts";

describe("secrets that setup makes", () => {
  it.each(MADE)("%s is what the gateway takes, and another every time", (name) => {
    const value = make(name);
    expect(() => mustBeWellFormed(name, value)).not.toThrow();
    expect(make(name)).not.toBe(value);
  });

  it("are an admin key and a bot key", () => {
    expect(parseApiKeys(make("API_KEYS"))?.map(({ role }) => role)).toEqual(["admin", "bot"]);
  });

  it("are checked when somebody gives them", () => {
    expect(() => mustBeWellFormed("BOT_SIGNING_SECRET", "secret")).toThrow("BOT_SIGNING_SECRET is malformed");
    expect(() => mustBeWellFormed("API_KEYS", '[{"name":"a","key":"short","role":"admin"}]')).toThrow(
      "API_KEYS",
    );
    expect(() => mustBeWellFormed("SEALING_KEY", "AAAA")).toThrow("SEALING_KEY");
  });
});

describe("a rotation", () => {
  it("has the bot's new secret sign first, and one old one behind it", () => {
    const [one, two] = [make("BOT_SIGNING_SECRET"), make("BOT_SIGNING_SECRET")];
    const value = succeeded("BOT_SIGNING_SECRET", `${one} ${two}`, undefined);
    const [first = "", ...rest] = value.split(" ");
    expect(rest).toEqual([one]);
    expect(() => mustBeWellFormed("BOT_SIGNING_SECRET", value)).not.toThrow();
    expect(newestOf("BOT_SIGNING_SECRET", value)).toBe(first);
  });

  it("keeps every sealing key under which something may be sealed", () => {
    const old = `${make("SEALING_KEY")},${make("SEALING_KEY")}`;
    const value = succeeded("SEALING_KEY", old, undefined);
    expect(value.endsWith(`,${old}`)).toBe(true);
    expect(newestOf("SEALING_KEY", value)).toBe(value.split(",")[0]);
  });

  it("gives each key a successor of the same name and role, and then ends the old ones", () => {
    const old = make("API_KEYS");
    const value = succeeded("API_KEYS", old, undefined);
    expect(parseApiKeys(value)?.map(({ name }) => name)).toEqual(["admin", "bot", "admin", "bot"]);
    expect(adminKeyIn(value)).not.toBe(adminKeyIn(old));
    const newest = newestOf("API_KEYS", value);
    expect(parseApiKeys(newest)).toEqual(parseApiKeys(value)?.slice(0, 2));
  });

  it("keeps what keys are bound to", () => {
    const old = JSON.stringify([
      { name: "shop", key: "k".repeat(24), role: "bot", pages: ["100200300400500"] },
    ]);
    const [successor] = JSON.parse(succeeded("API_KEYS", old, undefined));
    expect(successor).toMatchObject({ name: "shop", role: "bot", pages: ["100200300400500"] });
  });

  it("puts the given app secret before the old one", () => {
    expect(succeeded("META_APP_SECRET", "old, older", "new")).toBe("new,old");
    expect(newestOf("META_APP_SECRET", "new,old")).toBe("new");
  });
});
