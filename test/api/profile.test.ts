import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { codeOf } from "../support/gateway.ts";

const PAGE = "100200300400500";
const ADMIN = "admin-key-of-the-tests-0001";
const OPERATOR = "operator-key-of-the-tests-1";
const BOT = "bot-key-of-the-tests-000001";
afterEach(() => vi.restoreAllMocks());

const call = (path: string, body: unknown, key = ADMIN) =>
  exports.default.fetch(
    new Request(`https://gateway.invalid${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    }),
  );

interface Call {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

/** A Graph with a Messenger profile, which keeps what it is told. */
function graphWith(profile: Record<string, unknown>): Call[] {
  const calls: Call[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    const { appsecret_proof: _, ...body } = JSON.parse(typeof init?.body === "string" ? init.body : "{}");
    const method = init?.method ?? "GET";
    calls.push({ method, path: url.pathname.slice("/v25.0/".length), body });
    if (method === "GET") return Response.json({ data: Object.keys(profile).length > 0 ? [profile] : [] });
    if (method === "POST") Object.assign(profile, body);
    for (const field of body["fields"] ?? []) delete profile[field];
    return Response.json({ result: "success" });
  });
  return calls;
}

const MENU = [{ locale: "default", call_to_actions: [{ type: "postback", title: "Help", payload: "HELP" }] }];

describe("/profile.get", () => {
  it("shows what Meta has", async () => {
    graphWith({ get_started: { payload: "GO" } });
    const response = await call("/profile.get", { page_id: PAGE }, OPERATOR);
    expect(await response.json()).toEqual({
      page_id: PAGE,
      platform: "messenger",
      profile: { get_started: { payload: "GO" } },
    });
  });

  it("answers Meta's refusal with Meta's words", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json(
        { error: { code: 190, message: "Malformed access token PAGE-TOKEN-OF-TESTS" } },
        { status: 400 },
      ),
    );
    const response = await call("/profile.get", {}, OPERATOR);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      code: "needs_reauth",
      detail: "Meta: (#190) Malformed access token [token]",
      meta: { status: 400, code: 190, subcode: null },
    });
  });

  it("says when to come again", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json(
        { error: { code: 613, message: "Slow" } },
        { status: 400, headers: { "retry-after": "9" } },
      ),
    );
    const response = await call("/profile.get", {}, OPERATOR);
    expect(response.headers.get("retry-after")).toBe("9");
    expect(await codeOf(response)).toEqual([429, "rate_limited"]);
  });
});

describe("/profile.diff", () => {
  it("changes nothing, and tells what would change", async () => {
    const calls = graphWith({ get_started: { payload: "GO" } });
    const profile = { greeting: "Hello", get_started: { payload: "GO" } };
    expect(await (await call("/profile.diff", { profile }, OPERATOR)).json()).toEqual({
      changes: [
        { property: "greeting", action: "set", from: null, to: [{ locale: "default", text: "Hello" }] },
      ],
      conflict: null,
      warnings: [],
    });
    expect(calls.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("refuses a malformed profile with the place, before Meta is asked", async () => {
    const calls = graphWith({});
    const response = await call("/profile.diff", { profile: { get_started: { payload: "" } } }, OPERATOR);
    expect(await response.json()).toMatchObject({
      status: 400,
      code: "invalid_profile",
      detail: "get_started.payload: not empty",
    });
    expect(calls).toEqual([]);
  });

  it("needs a profile, from the request or the page's settings", async () => {
    expect(await codeOf(await call("/profile.diff", {}, OPERATOR))).toEqual([400, "profile_required"]);
  });

  it("is of a page that is served here", async () => {
    expect(await codeOf(await call("/profile.diff", { page_id: "1", profile: {} }))).toEqual([
      404,
      "no_such_page",
    ]);
  });
});

describe("/profile.apply", () => {
  it("sets all in one call and deletes all in one, each in the order that Meta needs", async () => {
    const calls = graphWith({
      commands: [],
      whitelisted_domains: ["https://a.invalid/"],
      account_linking_url: "https://l.invalid/",
    });
    const profile = {
      persistent_menu: MENU,
      get_started: { payload: "GO" },
      whitelisted_domains: null,
      account_linking_url: null,
    };
    expect(await (await call("/profile.apply", { profile })).json()).toMatchObject({
      warnings: [],
      applied: true,
    });
    expect(calls.slice(1)).toEqual([
      {
        method: "POST",
        path: "me/messenger_profile",
        body: { get_started: { payload: "GO" }, persistent_menu: MENU },
      },
      {
        method: "DELETE",
        path: "me/messenger_profile",
        body: { fields: ["account_linking_url", "whitelisted_domains"] },
      },
    ]);
    expect(Object.keys(calls[1]?.body ?? {})).toEqual(["get_started", "persistent_menu"]);
  });

  it("a second time does nothing", async () => {
    const calls = graphWith({});
    const profile = { persistent_menu: MENU, get_started: { payload: "GO" }, greeting: "Hello" };
    await call("/profile.apply", { profile });
    const before = calls.length;
    expect(await (await call("/profile.apply", { profile })).json()).toEqual({
      changes: [],
      warnings: [],
      applied: false,
    });
    expect(calls.slice(before).map(({ method }) => method)).toEqual(["GET"]);
  });

  it("warns of a nested menu and applies it flat", async () => {
    const calls = graphWith({ get_started: { payload: "GO" } });
    const persistentMenu = [
      {
        locale: "default",
        call_to_actions: [{ type: "nested", title: "More", ...MENU[0], locale: undefined }],
      },
    ];
    const answer = await (await call("/profile.apply", { profile: { persistentMenu } })).json();
    expect(answer).toMatchObject({ warnings: [expect.stringContaining('"More › Help"')], applied: true });
    expect(calls[1]?.body).toMatchObject({
      persistent_menu: [{ call_to_actions: [{ type: "postback", title: "More › Help", payload: "HELP" }] }],
    });
  });

  it("doesn't try what Meta would refuse", async () => {
    const calls = graphWith({});
    expect(await codeOf(await call("/profile.apply", { profile: { persistent_menu: MENU } }))).toEqual([
      409,
      "profile_conflict",
    ]);
    expect(calls.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("is for admins", async () => {
    expect(await codeOf(await call("/profile.apply", { profile: {} }, OPERATOR))).toEqual([
      403,
      "role_too_low",
    ]);
  });
});

describe("/profile.user-menu", () => {
  const conversation_id = `${PAGE}_7001`;

  it("gives one person a menu of their own", async () => {
    const calls = graphWith({});
    const response = await call("/profile.user-menu", { conversation_id, persistent_menu: MENU }, BOT);
    expect(await response.json()).toEqual({ persistent_menu: MENU, warnings: [] });
    expect(calls).toEqual([
      { method: "POST", path: "me/custom_user_settings", body: { psid: "7001", persistent_menu: MENU } },
    ]);
  });

  it("takes it away again", async () => {
    const calls = graphWith({});
    const response = await call("/profile.user-menu", { conversation_id, persistent_menu: null }, BOT);
    expect(await response.json()).toEqual({ persistent_menu: null, warnings: [] });
    expect(calls).toMatchObject([{ method: "DELETE", path: "me/custom_user_settings" }]);
  });

  it("needs a person with an id, of a page that is served here", async () => {
    const codes = [];
    for (const one of [`${PAGE}_page`, `${PAGE}_ref:4711`, "1_7001"]) {
      const body = { conversation_id: one, persistent_menu: null };
      codes.push(await codeOf(await call("/profile.user-menu", body, BOT)));
    }
    expect(codes).toEqual([
      [400, "no_recipient"],
      [400, "no_recipient"],
      [404, "no_such_page"],
    ]);
  });

  it("has the limits of a page's menu", async () => {
    const body = { conversation_id, persistent_menu: [{ ...MENU[0], locale: "de_DE" }] };
    expect(await codeOf(await call("/profile.user-menu", body, BOT))).toEqual([400, "invalid_profile"]);
  });
});
