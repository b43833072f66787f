import { parseEnv } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { varsIn, withVars } from "../../src/cli/places/vars-file.ts";

const FILE = `# Settings
META_APP_ID="1" # the app
# BOT_URL="https://no.example"
PLAIN=value # behind it
JSON='{"100":"token"}'
LONG="first
META_APP_ID=not this one
last"
export EXPORTED = yes
`;

describe("a .dev.vars", () => {
  it("keeps comments, order and lines that nobody meant", () => {
    const text = withVars(
      FILE,
      new Map([
        ["META_APP_ID", "2"],
        ["PLAIN", "other"],
        ["BOT_URL", "https://bot.example/"],
      ]),
    );
    expect(text).toBe(
      `${FILE.replace('META_APP_ID="1"', "META_APP_ID='2'").replace("PLAIN=value", "PLAIN='other'")}BOT_URL='https://bot.example/'\n`,
    );
  });

  it("loses a line that is taken away, whole", () => {
    const text = withVars(
      FILE,
      new Map([
        ["LONG", null],
        ["ABSENT", null],
      ]),
    );
    expect(varsIn(text).has("LONG")).toBe(false);
    expect(text).not.toContain("not this one");
    expect(text).toContain("export EXPORTED = yes");
  });

  it("takes an empty value for none", () => {
    expect([...varsIn("A=\nB=''\nC=c").keys()]).toEqual(["C"]);
  });

  it("refuses a value that would be read as another", () => {
    expect(() => withVars("", new Map([["A", "two\nlines"]]))).toThrow("A has characters");
    expect(() => withVars("", new Map([["A", "'`"]]))).toThrow("A has characters");
  });

  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
  const value = fc.stringMatching(/^[!-&(-[\]-_a-~]{1,60}$/);

  it("reads back what was written, whatever stood there", () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.dictionary(name, value), (before, changes) => {
        const file = withVars("# kept\n", new Map(Object.entries(before)));
        const text = withVars(file, new Map(Object.entries(changes)));
        expect({ ...parseEnv(text) }).toEqual({ ...before, ...changes });
        expect(text.startsWith("# kept\n")).toBe(true);
        expect(withVars(text, new Map(Object.entries(changes)))).toBe(text);
      }),
    );
  });
});
