import { describe, expect, it } from "vitest";
import { eventsFor, readConfig } from "../src/env.ts";

const COMPLETE = {
  META_APP_SECRET: "app-secret",
  META_VERIFY_TOKEN: "verify-token",
  PAGE_ACCESS_TOKENS: '{"1001":"page-token"}',
  BOT_SIGNING_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  BOT_URL: "https://bot.example/hook",
};
const configOf = (more: Record<string, unknown> = {}) => {
  const result = readConfig({ ...COMPLETE, ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
};
const problemsOf = (more: Record<string, unknown>) => {
  const result = readConfig({ ...COMPLETE, ...more });
  return result.ok ? [] : result.problems.map(({ name }) => name);
};

describe("the settings", () => {
  it("have defaults for all that isn't secret or the bot's address", () => {
    const config = configOf();
    expect(config.graph).toEqual({ url: "https://graph.facebook.com", version: "v25.0" });
    expect(config.bot.timeoutMs).toBe(20_000);
    expect(config.retentionDays).toBe(90);
  });

  it("name each one that is missing", () => {
    for (const name of Object.keys(COMPLETE)) {
      expect(problemsOf({ [name]: undefined })).toEqual([name]);
      expect(problemsOf({ [name]: "" })).toEqual([name]);
    }
  });

  it("take page tokens together or one by one", () => {
    const config = configOf({ PAGE_ACCESS_TOKEN_2002: "other-token" });
    expect(Object.fromEntries(config.pageTokens)).toEqual({ 1001: "page-token", 2002: "other-token" });
    expect(problemsOf({ PAGE_ACCESS_TOKENS: undefined, PAGE_ACCESS_TOKEN_2002: "other-token" })).toEqual([]);
  });

  it("take several app secrets and signing secrets while they rotate", () => {
    const config = configOf({
      META_APP_SECRET: "new, old",
      BOT_SIGNING_SECRET: `${COMPLETE.BOT_SIGNING_SECRET}  whsec_${btoa("y".repeat(32))}`,
    });
    expect(config.appSecrets).toEqual(["new", "old"]);
    expect(config.bot.signingKeys.map((key) => key.length)).toEqual([24, 32]);
  });

  it("allow plain http for loopback only", () => {
    for (const url of [
      "http://127.0.0.1:8789",
      "http://localhost:1/x",
      "http://[::1]:5/",
      "https://bot.example",
      "https://10.example.com",
      "https://8.8.8.8/",
    ]) {
      expect(problemsOf({ BOT_URL: url })).toEqual([]);
    }
    for (const url of [
      "http://bot.example",
      "http://127.0.0.1.evil.example",
      "http://10.0.0.1",
      "https://10.0.0.1/x",
      "https://172.20.1.1",
      "https://192.168.0.9",
      "https://169.254.169.254/latest",
      "https://100.100.1.1",
      "https://0x0a000001/",
      "https://[fd00::1]/",
      "https://[::ffff:10.0.0.1]/",
      "ftp://x.example",
      "bot.example",
      "https://user:pw@bot.example",
    ]) {
      expect(problemsOf({ BOT_URL: url })).toEqual(["BOT_URL"]);
      expect(problemsOf({ GRAPH_URL: url })).toEqual(["GRAPH_URL"]);
    }
  });

  it("bring a bot that talks in turns only the events it can be asked about, unless they say more", () => {
    const eventsOf = (more: Record<string, string>) => {
      const config = configOf(more);
      return eventsFor(config, config.bot.protocol);
    };
    for (const BOT_PROTOCOL of ["rasa", "botpress", "tock"]) {
      expect(eventsOf({ BOT_PROTOCOL })).toEqual(new Set(["message", "postback", "referral"]));
      expect(eventsOf({ BOT_PROTOCOL, BOT_EVENTS: "message" })).toEqual(new Set(["message"]));
      expect(eventsOf({ BOT_PROTOCOL, BOT_EVENTS: "all" })).toBeUndefined();
    }
    expect(eventsOf({})).toBeUndefined();
    expect(eventsOf({ BOT_PROTOCOL: "messenger" })).toBeUndefined();
  });

  it("take several apps, the single app's variables as the first of them", () => {
    const META_APPS = JSON.stringify([
      { id: "11", secret: "new, old", verify_token: "v11" },
      { id: "12", secret: "twelve" },
    ]);
    const [first, ...others] = configOf({ META_APPS, META_APP_ID: "10" }).apps;
    expect(first).toEqual({ id: "10", secrets: ["app-secret"], verifyToken: "verify-token" });
    expect(others).toEqual([
      { id: "11", secrets: ["new", "old"], verifyToken: "v11" },
      { id: "12", secrets: ["twelve"], verifyToken: "verify-token" },
    ]);
    const alone = configOf({ META_APPS, META_APP_SECRET: undefined });
    expect(alone.apps.map(({ id }) => id)).toEqual(["11", "12"]);
    expect(alone.appSecrets).toEqual(["new", "old", "twelve"]);
    expect(problemsOf({ META_APPS, META_APP_SECRET: "", META_VERIFY_TOKEN: "" })).toEqual(["META_APPS"]);
    expect(problemsOf({ META_APPS, META_APP_ID: "11" })).toEqual(["META_APPS"]);
  });

  it("need no page's token where pages can be connected", () => {
    const SEALING_KEY = btoa("k".repeat(32));
    expect(problemsOf({ PAGE_ACCESS_TOKENS: undefined, SEALING_KEY })).toEqual([]);
  });

  it("name the token that a page's own bot is to have and that isn't set", () => {
    const PAGE_SETTINGS =
      '{"1001":{"bot":{"url":"https://llm.example/v1","protocol":"openai","token":"LLM"}}}';
    expect(problemsOf({ PAGE_SETTINGS })).toEqual(["BOT_TOKEN_LLM"]);
    const signed =
      '{"default":{"shadow":{"percent":5,"bot":{"url":"https://a.example/","signing_secret":"TRIAL"}}}}';
    expect(problemsOf({ PAGE_SETTINGS: signed })).toEqual(["BOT_SIGNING_SECRET_TRIAL"]);
    const secret = { BOT_SIGNING_SECRET_TRIAL: COMPLETE.BOT_SIGNING_SECRET };
    expect(configOf({ PAGE_SETTINGS: signed, ...secret }).botSigningKeys.get("TRIAL")).toHaveLength(1);
    expect(problemsOf({ BOT_SIGNING_SECRET_TRIAL: "whsec_short" })).toEqual(["BOT_SIGNING_SECRET_TRIAL"]);
    expect(configOf({ PAGE_SETTINGS, BOT_TOKEN_LLM: "sk-1" }).botTokens.get("LLM")).toBe("sk-1");
  });

  it("take a bot's token, and none", () => {
    expect(configOf({ BOT_TOKEN: "a.b-c" }).bot.token).toBe("a.b-c");
    expect(configOf().bot.token).toBeUndefined();
  });

  const malformed: [string, string][] = [
    ["PAGE_ACCESS_TOKENS", "not json"],
    ["PAGE_ACCESS_TOKENS", '{"page":"token"}'],
    ["BOT_SIGNING_SECRET", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ["BOT_SIGNING_SECRET", "whsec_c2hvcnQ="],
    ["BOT_SIGNING_SECRET", "whsec_%%%"],
    ["BOT_TIMEOUT_MS", "25001"],
    ["BOT_TIMEOUT_MS", "soon"],
    ["BOT_PROTOCOL", "telepathy"],
    ["BOT_TOKEN", "two words"],
    ["BOT_TOKEN_LLM", "two words"],
    ["META_APPS", '[{"id":"x","secret":"s"}]'],
    ["FACEBOOK_URL", "http://facebook.example"],
    ["GRAPH_VERSION", "newest"],
    ["BOT_EVENTS", "message, messages"],
    ["META_APP_SECRET", " , "],
    ["PAGE_ACCESS_TOKENS", "{}"],
    ["RETENTION_DAYS", "1"],
    ["API_KEYS", '[{"name":"a","key":"short","role":"admin"}]'],
    ["API_KEYS", '[{"name":"a","key":"0123456789012345678901234","role":"king"}]'],
    ["SEALING_KEY", "c2hvcnQ="],
    ["PUBLIC_URL", "gateway.example"],
  ];
  for (const [name, value] of malformed) {
    it(`name ${name} when it is malformed, and never show it: ${value}`, () => {
      const result = readConfig({ ...COMPLETE, [name]: value });
      if (result.ok) throw new Error("accepted");
      expect(result.problems.map((problem) => problem.name)).toEqual([name]);
      expect(JSON.stringify(result.problems)).not.toContain(value);
    });
  }

  it("stay out of the answer when they are wrong", () => {
    const result = readConfig({ ...COMPLETE, META_VERIFY_TOKEN: "", BOT_URL: "http://secret.example/token" });
    expect(JSON.stringify(result)).not.toMatch(/secret\.example|app-secret|page-token/);
  });
});
