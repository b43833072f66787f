import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PAGE_FIELDS } from "../../src/graph/subscriptions.ts";
import { directoryOf } from "../../src/pages/served.ts";
import {
  APP,
  CALLBACK,
  check,
  checkFirstApp,
  emptyDirectory,
  FIELDS,
  gatewayWith,
  HERE,
  listed,
  Meta,
  OTHER_APP,
  refusal,
  shown,
  VERIFY_TOKEN,
} from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const ofApp = (meta: Meta, object = "page") => meta.subscriptions.get(`${APP} ${object}`);

describe("an app's webhook", () => {
  it("that leads here is ok, at the common address or the app's own", async () => {
    const meta = new Meta();
    for (const callback_url of [CALLBACK, `${CALLBACK}/`, `${CALLBACK}/${APP}`]) {
      meta.subscriptions.set(`${APP} page`, { callback_url, fields: FIELDS });
      expect(await checkFirstApp(gatewayWith([]))).toEqual(["ok"]);
    }
    expect(meta.changes()).toEqual([]);
  });

  it("that Meta dropped is made again, to the fields it had", async () => {
    const meta = new Meta();
    meta.subscriptions.set(`${APP} page`, { callback_url: CALLBACK, fields: [...FIELDS, "leadgen"] });
    await check(gatewayWith([]));
    meta.subscriptions.clear();
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "app_not_subscribed"]);
    expect(ofApp(meta)).toEqual({ callback_url: CALLBACK, fields: [...FIELDS, "leadgen"] });
    expect(meta.changes()[0]?.body).toMatchObject({ object: "page", verify_token: VERIFY_TOKEN });
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["ok"]);
  });

  it("that there never was is made to all fields, or to those without which nothing works", async () => {
    const meta = new Meta();
    meta.subscriptions.clear();
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "app_not_subscribed"]);
    expect(ofApp(meta)?.fields).toEqual(expect.arrayContaining([...PAGE_FIELDS]));
    await emptyDirectory();
    meta.subscriptions.clear();
    meta.unknownFields.add("inbox_labels");
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "app_not_subscribed"]);
    expect(ofApp(meta)?.fields).toEqual(FIELDS);
  });

  it("that Meta switched off is made again", async () => {
    const meta = new Meta();
    meta.subscriptions.set(`${APP} page`, { callback_url: CALLBACK, fields: FIELDS, active: false });
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "app_not_subscribed"]);
    expect(ofApp(meta)).toEqual({ callback_url: CALLBACK, fields: FIELDS });
  });

  it("that lacks fields gets them where it is, and keeps the others", async () => {
    const meta = new Meta();
    const callback_url = `${CALLBACK}/${APP}`;
    meta.subscriptions.set(`${APP} page`, { callback_url, fields: ["messages", "leadgen"] });
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "fields_missing"]);
    expect(ofApp(meta)).toEqual({ callback_url, fields: ["messages", "leadgen", ...FIELDS.slice(1)] });
  });

  it("is only reported where it isn't known what this gateway's address is", async () => {
    const meta = new Meta();
    meta.subscriptions.clear();
    const config = gatewayWith([], { PUBLIC_URL: "" });
    expect(await checkFirstApp(config)).toEqual(["trouble", "app_not_subscribed"]);
    meta.subscriptions.set(`${APP} page`, { callback_url: "https://a.example/x", fields: FIELDS });
    expect(await checkFirstApp(config)).toEqual(["ok"]);
    expect(meta.changes()).toEqual([]);
  });

  it("that leads elsewhere is trouble, and isn't taken back", async () => {
    const meta = new Meta();
    const elsewhere = { callback_url: "https://other.example/webhook", fields: ["messages"] };
    meta.subscriptions.set(`${APP} page`, elsewhere);
    const config = gatewayWith([]);
    expect(await checkFirstApp(config)).toEqual(["trouble", "callback_elsewhere"]);
    expect((await shown(config)).apps[0]?.problems[0]?.detail).toContain(elsewhere.callback_url);
    meta.subscriptions.set(`${APP} page`, { ...elsewhere, active: false });
    expect(await checkFirstApp(config)).toEqual(["trouble", "callback_elsewhere"]);
    expect(meta.changes()).toEqual([]);
  });

  it("whose handshake doesn't come back is trouble", async () => {
    const meta = new Meta();
    meta.subscriptions.clear();
    meta.isReachingUs = false;
    expect(await checkFirstApp(gatewayWith([]))).toEqual([
      "trouble",
      "app_not_subscribed",
      "callback_unverified",
    ]);
  });

  it("is asked for Instagram only where there are such accounts", async () => {
    const meta = new Meta();
    await check(gatewayWith([]));
    expect(ofApp(meta, "instagram")).toBeUndefined();
    await directoryOf(env).put(listed("17841400000000001", { source: "instagram", facebookPage: "4711" }));
    meta.unknownFields.add("messaging_seen");
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["repaired", "app_not_subscribed"]);
    expect(ofApp(meta, "instagram")).toEqual({
      callback_url: CALLBACK,
      fields: ["messages", "messaging_postbacks"],
    });
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["ok"]);
  });
});

describe("an app's secret", () => {
  it.each([
    refusal(190, "Invalid OAuth access token signature."),
    refusal(100, "Invalid appsecret_proof provided in the API argument"),
    refusal(101, "Error validating application. Cannot get application info due to a system error."),
  ])("that Meta doesn't take is trouble", async (answer) => {
    const meta = new Meta();
    meta.instead.set(`GET ${APP}/subscriptions`, () => answer);
    expect(await checkFirstApp(gatewayWith([]))).toEqual(["trouble", "app_secret_wrong"]);
  });

  it("is never shown", async () => {
    const meta = new Meta();
    const token = `${APP}|first-app-secret`;
    meta.instead.set(`GET ${APP}/subscriptions`, () => refusal(190, `Malformed access token ${token}`));
    const config = gatewayWith([]);
    await check(config);
    expect(JSON.stringify(await shown(config))).not.toContain("first-app-secret");
  });
});

it("an app that Meta can't be asked about now counts as before", async () => {
  const meta = new Meta();
  await check(gatewayWith([]));
  meta.isUp = false;
  expect(await checkFirstApp(gatewayWith([]))).toEqual(["ok", "graph_unreachable"]);
});

it("each of several apps is checked under its own secret, and has its own address first", async () => {
  const meta = new Meta();
  meta.subscriptions.clear();
  const config = gatewayWith([], {
    META_APPS: JSON.stringify([{ id: OTHER_APP, secret: "other-app-secret", verify_token: VERIFY_TOKEN }]),
  });
  const { apps } = await check(config);
  expect(apps).toMatchObject([
    { id: APP, state: "repaired" },
    { id: OTHER_APP, state: "repaired" },
  ]);
  expect(meta.subscriptions.get(`${OTHER_APP} page`)?.callback_url).toBe(`${HERE}/webhook/${OTHER_APP}`);
});
