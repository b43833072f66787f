import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { PROFILE_HELP } from "../../src/cli/commands/profile.ts";
import { ROTATIONS, readFlags } from "../../src/cli/terminal/flags.ts";
import { HELP } from "../../src/cli/terminal/help.ts";
import { TROUBLES } from "../../src/cli/terminal/trouble.ts";

const text = (name: string): string => readFileSync(join(ROOT, name), "utf8");

describe("docs/setup.md", () => {
  it("says of every trouble what to do about it", () => {
    const rows = [...text("docs/setup.md").matchAll(/^\| `(\w+)` +\| \S/gm)].map(([, code]) => code);
    expect(rows.filter((code) => TROUBLES.some((one) => one === code)).sort()).toEqual([...TROUBLES].sort());
  });

  it("names every rotation", () => {
    for (const what of ROTATIONS) expect(text("docs/setup.md")).toContain(`| \`${what}\``);
  });
});

describe("the help", () => {
  it("names flags that there are, and every one", () => {
    const named = ["help", ...[...HELP.matchAll(/--([a-z-]+)/g)].map(([, name = ""]) => name)];
    const known = [...text("src/cli/terminal/flags.ts").matchAll(/^ {2}"?([a-z-]+)"?: (?:text|many|on),$/gm)];
    expect([...new Set(named)].sort()).toEqual(known.map(([, name]) => name).sort());
    expect(readFlags(["--help"]).command).toEqual({ name: "help" });
    expect(PROFILE_HELP).toContain("--platform");
  });
});

describe("the button's example", () => {
  it("asks for secrets alone, and suggests no value that would be deployed as it is", () => {
    const suggested = parseEnv(text(".dev.vars.example"));
    expect(suggested).toEqual({
      META_APP_SECRET: "",
      META_VERIFY_TOKEN: "",
      BOT_SIGNING_SECRET: "",
      SEALING_KEY: "",
      API_KEYS: "[]",
    });
  });
});
