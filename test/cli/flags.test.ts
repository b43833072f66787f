import { describe, expect, it } from "vitest";
import { readFlags } from "../../src/cli/terminal/flags.ts";
import { Trouble } from "../../src/cli/terminal/trouble.ts";

function codeOf(...argv: string[]): string {
  try {
    readFlags(argv);
    return "taken";
  } catch (error) {
    if (error instanceof Trouble) return error.code;
    throw error;
  }
}

describe("the flags of setup", () => {
  it.each(["app-secret", "page-token", "verify-token", "api-key", "bot-signing-secret", "password"])(
    "refuse --%s, and don't repeat it",
    (name) => {
      expect(codeOf(`--${name}=the-secret-itself`)).toBe("secret_in_flag");
      expect(codeOf(`--${name}`, "the-secret-itself")).toBe("secret_in_flag");
      expect(() => readFlags([`--${name}=the-secret-itself`])).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining("the-secret-itself") }),
      );
    },
  );

  it("take secrets by name of a variable or a file", () => {
    const flags = readFlags(["--app-secret-env", "A", "--page-token-file", "-", "--page-token-env", "B"]);
    expect(flags.appSecret).toEqual({ from: "env", name: "A" });
    expect(flags.pageTokens).toEqual([
      { from: "env", name: "B" },
      { from: "file", name: "-" },
    ]);
  });

  it("don't repeat what they don't understand", () => {
    for (const argv of [["stray-secret"], ["--unknown=stray-secret"]]) {
      expect(codeOf(...argv)).toBe("unknown_flag");
      expect(() => readFlags(argv)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining("stray-secret") }),
      );
    }
  });

  it.each([
    [["--local", "--env", "staging"], "flags_contradict"],
    [["--simulator"], "flags_contradict"],
    [["--check"], "flags_contradict"],
    [["--local", "--simulator", "--graph-url", "http://127.0.0.1:1"], "flags_contradict"],
    [["--status", "--undo"], "flags_contradict"],
    [["--finish"], "flags_contradict"],
    [["--app-secret-file", "-", "--page-token-file", "-"], "flags_contradict"],
    [["--env", "test"], "unknown_flag"],
    [["--rotate=everything"], "unknown_flag"],
    [["--bot-url", "http://bot.example/"], "setting_malformed"],
    [["--bot-url", "https://10.0.0.1/"], "setting_malformed"],
    [["--app-id", "my-app"], "setting_malformed"],
  ])("refuse %j", (argv, code) => {
    expect(codeOf(...argv)).toBe(code);
  });

  it("say what is to be done, and where", () => {
    expect(readFlags([])).toMatchObject({ command: { name: "setup" }, place: "production", isSilent: false });
    expect(readFlags(["--env", "staging", "--status"])).toMatchObject({
      command: { name: "status" },
      place: "staging",
    });
    expect(readFlags(["--rotate=api-keys", "--finish", "--yes"])).toMatchObject({
      command: { name: "rotate", what: "api-keys", isFinish: true },
      isConfirmed: true,
      isSilent: true,
    });
    expect(readFlags(["--page-id", "1,2", "--page-id", "3"]).pageIds).toEqual(["1", "2", "3"]);
  });
});
