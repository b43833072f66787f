import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { readConfigFile } from "../../src/cli/places/config-file.ts";
import { configSchema } from "../../src/cli/places/config-schema.ts";

const shipped = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), "utf8"));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "messengate-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(config: unknown) {
  writeFileSync(
    join(folder, "messengate.config.json"),
    typeof config === "string" ? config : JSON.stringify(config),
  );
  return readConfigFile(folder, undefined);
}

describe("messengate.config.schema.json", () => {
  it("is what the gateway's own schema comes to: write it with src/cli/write-config-schema.ts", async () => {
    expect(shipped("messengate.config.schema.json")).toEqual(
      JSON.parse(JSON.stringify(await configSchema())),
    );
  });

  it("takes the example, and so does the gateway", async () => {
    const validate = new Ajv2020().compile(Object(shipped("messengate.config.schema.json")));
    const example = shipped("messengate.config.example.json");
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
    await expect(read(example)).resolves.toMatchObject({ pages: ["100200300400500"] });
  });

  it("refuses what the gateway refuses", async () => {
    const validate = new Ajv2020().compile(Object(shipped("messengate.config.schema.json")));
    for (const wrong of [
      { default: { colour: "red" } },
      { pages: { "my-page": {} } },
      { pages: { "100": { bot: { protocol: "rasa" } } } },
      { default: { gather_ms: 1e6 } },
      { agents: {} },
    ]) {
      expect(validate(wrong)).toBe(false);
      await expect(read(wrong)).rejects.toMatchObject({ code: "config_malformed" });
    }
  });
});

describe("messengate.config.json", () => {
  it("needn't be there, unless it is named", async () => {
    expect(await readConfigFile(folder, undefined)).toBeUndefined();
    await expect(readConfigFile(folder, "other.json")).rejects.toMatchObject({ code: "config_malformed" });
  });

  it("gives the gateway settings without profiles, which stand at Meta", async () => {
    const profile = { greeting: null };
    const config = await read({
      default: { typing: false, profile },
      pages: { "100": { profile }, "200": { is_on: false } },
    });
    expect(JSON.parse(config?.pageSettings ?? "")).toEqual({
      default: { typing: false },
      "200": { is_on: false },
    });
  });

  it("says nothing of settings if it is about profiles alone", async () => {
    expect((await read({ default: { profile: {} } }))?.pageSettings).toBeUndefined();
  });

  it("gives each page its own profile, or the default one", async () => {
    const config = await read({
      default: { profile: { greeting: null } },
      pages: { "100": { profile: { commands: null } }, "200": {}, "300": { profile: null } },
    });
    expect(config?.profileOf("100")).toEqual({ commands: null });
    expect(config?.profileOf("200")).toEqual({ greeting: null });
    expect(config?.profileOf("400")).toEqual({ greeting: null });
    expect(config?.profileOf("300")).toBeUndefined();
  });

  it("names the place of a mistake", async () => {
    await expect(read("{")).rejects.toThrow("is malformed");
    await expect(read({ pages: { "100": { bot: { url: "http://10.0.0.1/" } } } })).rejects.toThrow(
      "100.bot.url",
    );
  });

  it("is refused when it wouldn't fit into a variable", async () => {
    const bot = { url: "https://llm.example/v1", protocol: "openai", prompt: "x".repeat(6000) };
    await expect(read({ default: { bot } })).rejects.toThrow("5000 bytes");
  });
});
