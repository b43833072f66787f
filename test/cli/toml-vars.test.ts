import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { hasPlace, tomlVars, withTomlVars, workerName } from "../../src/cli/places/toml-vars.ts";

const SHIPPED = readFileSync(join(ROOT, "wrangler.toml"), "utf8");

const TWO = `name = "a"
[vars]
BOT_URL = ""

# A second gateway.
[env.staging]
workers_dev = true

[env.staging.vars]
BOT_URL = ""
`;

describe("the variables in wrangler.toml", () => {
  it("are set where they stand, and nothing else changes", () => {
    const text = withTomlVars(SHIPPED, "production", new Map([["BOT_URL", "https://bot.example/hook"]]));
    expect(text).toBe(SHIPPED.replace('BOT_URL = ""', 'BOT_URL = "https://bot.example/hook"'));
  });

  it("are added to their table", () => {
    const settings = '{"default":{"typing":false}}';
    const text = withTomlVars(SHIPPED, "production", new Map([["PAGE_SETTINGS", settings]]));
    expect(tomlVars(text, "production").get("PAGE_SETTINGS")).toBe(settings);
    expect(text).toContain(`PAGE_SETTINGS = '${settings}'`);
  });

  it("replace a text of several lines", () => {
    const text = `name = "a"\n[vars]\nPAGE_SETTINGS = """\n{\n  "x": 1\n}\n"""\nBOT_URL = "b"\n[observability]\nenabled = true\n`;
    const changed = withTomlVars(text, "production", new Map([["PAGE_SETTINGS", "{}"]]));
    expect(parse(changed)).toEqual({
      name: "a",
      vars: { PAGE_SETTINGS: "{}", BOT_URL: "b" },
      observability: { enabled: true },
    });
  });

  it("have a table of their own in an environment", () => {
    const changed = withTomlVars(TWO, "staging", new Map([["BOT_URL", "https://staging.example/"]]));
    expect(tomlVars(changed, "staging").get("BOT_URL")).toBe("https://staging.example/");
    expect(tomlVars(changed, "production")).toEqual(tomlVars(TWO, "production"));
    expect(hasPlace(TWO, "staging")).toBe(true);
    expect(hasPlace('name = "a"', "staging")).toBe(false);
    expect(hasPlace('name = "a"', "production")).toBe(true);
  });

  it("get their table if there is none", () => {
    const changed = withTomlVars('name = "a"\n[env.staging]\n', "staging", new Map([["BOT_URL", "b"]]));
    expect(parse(changed)).toEqual({ name: "a", env: { staging: { vars: { BOT_URL: "b" } } } });
  });

  it("are added before the comment on what comes next", () => {
    const changed = withTomlVars(TWO, "production", new Map([["PUBLIC_URL", "https://a.example"]]));
    expect(changed).toContain(
      'BOT_URL = ""\nPUBLIC_URL = "https://a.example"\n\n# A second gateway.\n[env.staging]',
    );
  });

  it("are left to a person where the file is written in another way", () => {
    const text = 'name = "a"\nvars = { BOT_URL = "" }\n';
    expect(() => withTomlVars(text, "production", new Map([["BOT_URL", "x"]]))).toThrow("can't change");
  });

  it("tell the Worker's name", () => {
    expect(workerName('name = "a"\n[env.staging]\n', "staging")).toBe("a-staging");
    expect(workerName('name = "a"\n[env.staging]\nname = "b"', "staging")).toBe("b");
    expect(workerName('name = "a"', "production")).toBe("a");
  });

  it("hold any text", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z_]{1,10}$/), fc.string({ unit: "grapheme" }), (name, value) => {
        const text = withTomlVars(SHIPPED, "production", new Map([[name, value]]));
        const { vars } = parse(text);
        expect(vars).toMatchObject({ [name]: value });
        expect(withTomlVars(text, "production", new Map([[name, value]]))).toBe(text);
      }),
    );
  });
});
