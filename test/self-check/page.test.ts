import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PAGE_FIELDS } from "../../src/graph/subscriptions.ts";
import { seal } from "../../src/pages/sealing.ts";
import { directoryOf } from "../../src/pages/served.ts";
import {
  check,
  checkOne,
  emptyDirectory,
  FIELDS,
  gatewayWith,
  listed,
  Meta,
  OTHER_APP,
  refusal,
  SCOPES,
  shown,
} from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const DAY_MS = 24 * 60 * 60_000;
const inDays = (days: number) => Math.floor((Date.now() + days * DAY_MS) / 1000);
const facebook = (id: string) => ({ source: "facebook" as const, facebookPage: id });

describe("a page that is fine", () => {
  it("is ok, and nothing is changed", async () => {
    const meta = new Meta();
    const config = gatewayWith([meta.page()]);
    expect(await checkOne(config)).toEqual(["ok"]);
    expect(meta.changes()).toEqual([]);
  });

  it("may leave out fields that the gateway doesn't judge by", async () => {
    const meta = new Meta();
    const config = gatewayWith([meta.page({ fields: FIELDS })]);
    expect(FIELDS).not.toContain("message_reads");
    expect(await checkOne(config)).toEqual(["ok"]);
  });
});

describe("a subscription to a page", () => {
  it("that is gone is made again, to the fields it had", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: [...FIELDS, "leadgen"] });
    const config = gatewayWith([page]);
    await checkOne(config);
    page.fields = null;
    expect(await checkOne(config)).toEqual(["repaired", "not_subscribed"]);
    expect(page.fields).toEqual([...FIELDS, "leadgen"]);
    expect(await checkOne(config)).toEqual(["ok"]);
  });

  it("that was never seen is made to all fields a gateway wants", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: null });
    expect(await checkOne(gatewayWith([page]))).toEqual(["repaired", "not_subscribed"]);
    expect(page.fields).toEqual(PAGE_FIELDS);
  });

  it("that Meta no longer permits as it was is made to fewer fields", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: [...FIELDS, "leadgen"] });
    const config = gatewayWith([page]);
    await checkOne(config);
    page.fields = null;
    meta.unknownFields.add("leadgen");
    expect(await checkOne(config)).toEqual(["repaired", "not_subscribed"]);
    expect(page.fields).toEqual(PAGE_FIELDS);
  });

  it("that lacks fields the gateway judges by gets these, and keeps the others", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: ["messages", "leadgen"] });
    expect(await checkOne(gatewayWith([page]))).toEqual(["repaired", "fields_missing"]);
    expect(page.fields).toEqual(["messages", "leadgen", ...FIELDS.slice(1)]);
  });

  it("that can't be repaired is trouble with Meta's words, or a warning if what people write arrives", async () => {
    const meta = new Meta();
    const dropped = meta.page({ fields: null });
    const lacking = meta.page({ fields: FIELDS.slice(0, 3) });
    for (const { id } of meta.pages) {
      meta.instead.set(`POST ${id}/subscribed_apps`, () => refusal(200, "(#200) Not allowed"));
    }
    const { pages } = await check(gatewayWith(meta.pages));
    expect(pages).toMatchObject([
      { page_id: dropped.id, state: "trouble", problems: [{ code: "not_subscribed" }] },
      { page_id: lacking.id, state: "warning", problems: [{ code: "fields_missing" }] },
    ]);
    expect(pages[0]?.problems[0]?.detail).toContain("(#200) Not allowed");
    expect(pages[1]?.problems[0]?.detail).toContain("messaging_handovers");
  });

  it("is left alone while the page is switched off", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: null });
    await env.PAGE.getByName(page.id).changeChannel(facebook(page.id), { settings: { is_on: false } });
    expect(await checkOne(gatewayWith([page]))).toEqual(["off"]);
    expect(meta.calls.filter(({ path }) => path.startsWith(page.id))).toEqual([]);
  });

  it("is left alone once the page is disconnected, also if that happens during the check", async () => {
    const meta = new Meta();
    const gone = meta.page({ fields: null });
    await env.PAGE.getByName(gone.id).disconnectChannel(facebook(gone.id));
    await directoryOf(env).put(listed(gone.id, { isConnected: false, tokenIn: "secret" }));
    const going = meta.page({ fields: null });
    await env.PAGE.getByName(going.id).changeChannel(facebook(going.id), { name: "Going" });
    const fetched = vi.mocked(fetch).getMockImplementation();
    vi.mocked(fetch).mockImplementation(async (input, init) => {
      if (String(input).includes(`${going.id}/subscribed_apps`)) {
        await env.PAGE.getByName(going.id).disconnectChannel(facebook(going.id));
      }
      if (!fetched) throw new Error("no Meta");
      return fetched(input, init);
    });
    await check(gatewayWith([gone, going]));
    expect([gone.fields, going.fields]).toEqual([null, null]);
  });
});

describe("a page's token", () => {
  const soon = inDays(3);
  it.each([
    [
      "has expired",
      { is_valid: false, error: { code: 190, message: "Session has expired" } },
      "token_invalid",
    ],
    ["is that of a person", { type: "USER", profile_id: undefined }, "token_type"],
    ["is another page's", { profile_id: "4711" }, "token_of_other_page"],
    ["is another app's", { app_id: OTHER_APP }, "token_of_other_app"],
    [
      "is another app's, in Meta's words",
      { is_valid: false, error: { message: "The App_id in the input_token did not match the Viewing App" } },
      "token_of_other_app",
    ],
    ["lacks a permission", { scopes: SCOPES.slice(0, 2) }, "permission_missing:pages_manage_metadata"],
    [
      "has a permission for other pages",
      { granular_scopes: [{ scope: "pages_messaging", target_ids: ["4711"] }] },
      "permission_missing:pages_messaging",
    ],
  ])("that %s is trouble", async (_, facts, code) => {
    const meta = new Meta();
    expect(await checkOne(gatewayWith([meta.page({}, facts)]))).toEqual(["trouble", code]);
    expect(meta.changes()).toEqual([]);
  });

  it("that expires soon is a warning in time", async () => {
    const meta = new Meta();
    const config = gatewayWith([meta.page({}, { expires_at: soon })]);
    expect(await checkOne(config)).toEqual(["warning", "token_expires_soon"]);
    expect((await shown(config)).pages[0]?.problems[0]?.detail).toContain(
      new Date(soon * 1000).toISOString().slice(0, 10),
    );
    await emptyDirectory();
    expect(await checkOne(gatewayWith([meta.page({}, { expires_at: inDays(30) })]))).toEqual(["ok"]);
  });

  it("that was sealed under a key that is gone is trouble", async () => {
    const meta = new Meta();
    const { id } = meta.page();
    const token = await seal([new Uint8Array(32).fill(7)], "x", { page: id, purpose: "page_token" });
    const connection = { ...facebook(id), appId: null, name: null, imageUrl: null, token };
    await env.PAGE.getByName(id).connectChannel(connection);
    await directoryOf(env).put(listed(id));
    const config = gatewayWith([meta.page()]);
    const { pages } = await check(config);
    expect(pages.find(({ page_id }) => page_id === id)).toMatchObject({
      state: "trouble",
      problems: [{ code: "token_unreadable" }],
    });
  });

  it("of an Instagram account is that of the page behind it, which is the one subscribed to", async () => {
    const meta = new Meta();
    const account = "17841400000000009";
    const page = meta.page(
      { account, fields: null },
      {
        scopes: [...SCOPES, "instagram_basic", "instagram_manage_messages"],
      },
    );
    const config = gatewayWith([{ ...page, id: account }]);
    expect(await checkOne(config)).toEqual(["repaired", "not_subscribed"]);
    expect(page.fields).not.toBeNull();
    page.fields = ["messages"];
    expect(await checkOne(config)).toEqual(["ok"]);
  });

  it("is never shown, whatever Meta says", async () => {
    const meta = new Meta();
    const page = meta.page();
    page.facts = { is_valid: false, error: { code: 190, message: `Malformed access token ${page.token}` } };
    const config = gatewayWith([page]);
    await check(config);
    expect(JSON.stringify(await shown(config))).not.toContain(page.token);
  });

  it("is asked about without an app's id as far as that goes", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: null });
    const config = gatewayWith([page], { META_APP_ID: "" });
    expect(await checkOne(config)).toEqual(["repaired", "not_subscribed"]);
    page.token = "another";
    expect(await checkOne(config)).toEqual(["trouble", "token_invalid"]);
    expect((await shown(config)).apps).toMatchObject([{ id: null, problems: [{ code: "app_id_required" }] }]);
  });
});

describe("Meta that can't be reached", () => {
  it("is no trouble of the page's: it counts as before", async () => {
    const meta = new Meta();
    const page = meta.page();
    const config = gatewayWith([page]);
    meta.isUp = false;
    expect(await checkOne(config)).toEqual(["unknown", "graph_unreachable"]);
    meta.isUp = true;
    expect(await checkOne(config)).toEqual(["ok"]);
    meta.isUp = false;
    expect(await checkOne(config)).toEqual(["ok", "graph_unreachable"]);
    meta.isUp = true;
    expect(await checkOne(config)).toEqual(["ok"]);
  });

  it.each([
    ["debug_token", refusal(4, "(#4) Application request limit reached")],
    ["subscribed_apps", { status: 503, body: {} }],
    ["subscribed_apps", refusal(2, "Service temporarily unavailable")],
  ])("in the midst of a check: %s", async (call, answer) => {
    const meta = new Meta();
    const page = meta.page();
    meta.instead.set(call === "debug_token" ? "GET debug_token" : `GET ${page.id}/${call}`, () => answer);
    expect(await checkOne(gatewayWith([page]))).toEqual(["unknown", "graph_unreachable"]);
  });
});
