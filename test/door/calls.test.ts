import { afterEach, describe, expect, it, vi } from "vitest";
import { errorOf, get, graph, KEY, knock, ORIGIN, PAGE, post, TOKEN } from "./support.ts";

/** Calls that go on to Meta, and those that don't. */

afterEach(() => vi.restoreAllMocks());

const remove = (path: string, body?: unknown) =>
  knock(`${path}${path.includes("?") ? "&" : "?"}access_token=${KEY}`, {
    method: "DELETE",
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });

/** What came to Graph: method, path below the version, parameters but the proof, body. */
const heard = (calls: ReturnType<typeof graph>) =>
  calls.map(({ method, url, body }) => {
    const query = Object.fromEntries(url.searchParams);
    expect(query["appsecret_proof"]).toMatch(/^[\da-f]{64}$/);
    delete query["appsecret_proof"];
    return [method, url.pathname.replace("/v25.0/", ""), query, body];
  });

describe("what goes on to Meta", () => {
  const menu = [
    { locale: "default", call_to_actions: [{ type: "postback", title: "Help", payload: "HELP" }] },
  ];

  it.each<[string, () => Promise<Response>, unknown[]]>([
    [
      "the page's profile is read",
      () => get("/v6.0/me/messenger_profile?fields=greeting,get_started"),
      ["GET", `${PAGE}/messenger_profile`, { fields: "greeting,get_started" }, {}],
    ],
    [
      "set",
      () => post(`/v6.0/${PAGE}/messenger_profile`, { persistent_menu: menu, platform: "instagram" }),
      ["POST", `${PAGE}/messenger_profile`, {}, { persistent_menu: menu, platform: "instagram" }],
    ],
    [
      "and cleared",
      () => remove("/v6.0/me/messenger_profile", { fields: ["greeting", "persistent_menu"] }),
      ["DELETE", `${PAGE}/messenger_profile`, {}, { fields: ["greeting", "persistent_menu"] }],
    ],
    [
      "a person's menu is read",
      () => get("/v25.0/me/custom_user_settings?psid=7001"),
      ["GET", `${PAGE}/custom_user_settings`, { psid: "7001" }, {}],
    ],
    [
      "set",
      () => post("/v25.0/me/custom_user_settings", { psid: "7001", persistent_menu: menu }),
      ["POST", `${PAGE}/custom_user_settings`, {}, { psid: "7001", persistent_menu: menu }],
    ],
    [
      "and cleared",
      () => remove('/v25.0/me/custom_user_settings?psid=7001&params=["persistent_menu"]'),
      ["DELETE", `${PAGE}/custom_user_settings`, { psid: "7001", params: '["persistent_menu"]' }, {}],
    ],
    [
      "personas are listed",
      () => get("/v25.0/me/personas?limit=5&after=abc"),
      ["GET", `${PAGE}/personas`, { limit: "5", after: "abc" }, {}],
    ],
    [
      "and made",
      () => post("/v25.0/me/personas", { name: "Ben", profile_picture_url: "https://cdn.invalid/b.png" }),
      ["POST", `${PAGE}/personas`, {}, { name: "Ben", profile_picture_url: "https://cdn.invalid/b.png" }],
    ],
    [
      "a person is asked about",
      () => get("/v25.0/7001?fields=first_name,profile_pic"),
      ["GET", "7001", { fields: "first_name,profile_pic" }, {}],
    ],
    [
      "whose a thread is",
      () => get("/v25.0/me/thread_owner?recipient=7001"),
      ["GET", `${PAGE}/thread_owner`, { recipient: "7001" }, {}],
    ],
    [
      "and whose it could be",
      () => get("/v25.0/me/secondary_receivers?fields=id,name"),
      ["GET", `${PAGE}/secondary_receivers`, { fields: "id,name" }, {}],
    ],
  ])("%s", async (_, ask, expected) => {
    const calls = graph(() => Response.json({ result: "success" }));
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([200, { result: "success" }]);
    expect(heard(calls)).toEqual([expected]);
  });

  it("comes of forms, too, objects and lists as JSON text", async () => {
    const calls = graph(() => Response.json({ result: "success" }));
    const fields = {
      access_token: KEY,
      greeting: '[{"locale":"default","text":"[Hi]"}]',
      account_linking_url: "https://a.invalid",
    };
    await knock("/v25.0/me/messenger_profile", { method: "POST", body: new URLSearchParams(fields) });
    expect(calls[0]?.body).toEqual({
      greeting: [{ locale: "default", text: "[Hi]" }],
      account_linking_url: "https://a.invalid",
    });
  });

  it("is what method=delete asks", async () => {
    const calls = graph(() => Response.json({ result: "success" }));
    await knock(`/v25.0/me/messenger_profile?method=delete&access_token=${KEY}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"fields":["greeting"]}',
    });
    expect(calls.at(-1)?.method).toBe("DELETE");
    const dodge = await get("/v25.0/me/messenger_profile?method=delete&fields=greeting");
    expect(await errorOf(dodge)).toMatchObject({ code: 100 });
  });
});

describe("what Meta answers", () => {
  it("comes back as it is, with what it says of limits", async () => {
    const body =
      '{"error":{"message":"(#613) Calls to this api have exceeded the rate limit.","code":613,"fbtrace_id":"A"}}';
    const usage = '{"call_count":99,"total_cputime":1,"total_time":2}';
    const headers = {
      "x-app-usage": usage,
      "x-business-use-case-usage": "{}",
      "set-cookie": "a=b",
      "x-fb-trace-id": "t",
    };
    graph(() => new Response(body, { status: 400, headers }));
    const response = await get("/v25.0/me/personas");
    expect([response.status, await response.text()]).toEqual([400, body]);
    expect(response.headers.get("x-app-usage")).toBe(usage);
    expect(response.headers.get("x-fb-trace-id")).toBe("t");
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  it("never has the page's token", async () => {
    const message = `Malformed access token ${TOKEN}`;
    graph(() => Response.json({ error: { message, code: 190 } }, { status: 400 }));
    expect(await errorOf(await get("/v25.0/me/personas"))).toMatchObject({
      message: "Malformed access token [token]",
    });
  });

  it("leads on to the door, without a token", async () => {
    const next = `https://graph.facebook.com/v25.0/${PAGE}/personas?access_token=${TOKEN}&limit=25&after=QVFI&appsecret_proof=ab`;
    const previous = `https:\\/\\/graph.invalid\\/v25.0\\/${PAGE}\\/personas?access_token=${TOKEN}`;
    const picture = "https://graph.facebook.com/picture/7001";
    const body = `{"data":[{"id":12345678901234567,"profile_picture_url":"${picture}"}],"paging":{"next":"${next}","previous":"${previous}"}}`;
    graph(() => new Response(body));
    const answer = await (await get("/v9.0/me/personas")).text();
    expect(answer).toBe(
      `{"data":[{"id":12345678901234567,"profile_picture_url":"${picture}"}],"paging":{` +
        `"next":"${ORIGIN}/v9.0/${PAGE}/personas?limit=25&after=QVFI",` +
        `"previous":"${ORIGIN}/v9.0/${PAGE}/personas"}}`,
    );
  });

  it("may be missing: whether it may be asked for again is told", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("connect ECONNREFUSED: connection refused"));
    expect(await errorOf(await get("/v25.0/me/personas"))).toMatchObject({
      status: 500,
      code: 2,
      is_transient: true,
    });
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("The operation was aborted due to timeout"));
    expect(await errorOf(await get("/v25.0/me/personas"))).toMatchObject({
      status: 500,
      code: 1,
      is_transient: false,
    });
  });
});

describe("things that are asked for by their id", () => {
  it("tell only what pages, people and personas have, also when they tell it unasked", async () => {
    const post = { id: "77", message: "not for everybody", created_time: "2026", name: "A post" };
    graph(() => Response.json(post));
    expect(await (await get("/v25.0/77")).json()).toEqual({ id: "77", name: "A post" });
    expect(await (await get("/v25.0/me")).json()).toEqual({ id: "77", name: "A post" });
  });

  it.each([
    "me?fields=access_token",
    "me?fields=id,access_token",
    "me?fields=name{access_token}",
    "me?fields=conversations{messages{message}}",
    "me?fields=accounts",
    "me?fields=picture.type(large)",
    "7001?fields=conversations",
    "7001?fields=page{access_token}",
    "7001?fields=",
    "me/messenger_profile?fields=access_token",
    "me/messenger_profile?fields=greeting{a}",
    "me/personas?fields=id,page_token",
  ])("don't tell %s", async (path) => {
    const calls = graph(() => Response.json({ id: "7001" }));
    const response = await get(`/v25.0/${path}`);
    if (path.endsWith("fields=")) expect(response.status).toBe(200);
    else {
      const error = { status: 400, code: 100, message: expect.stringContaining("nonexisting field") };
      expect(await errorOf(response)).toMatchObject(error);
      expect(calls).toEqual([]);
    }
  });

  it("are deleted only if they are personas", async () => {
    const calls = graph(({ method, url }) => {
      if (method === "DELETE") return Response.json({ success: true });
      if (url.pathname.endsWith("/5001"))
        return Response.json({ id: "5001", name: "Ben", profile_picture_url: null });
      if (url.pathname.endsWith("/78")) return Response.json({ id: "78", name: "Something else" });
      const message = "(#100) Tried accessing nonexisting field (profile_picture_url)";
      return Response.json({ error: { message, code: 100 } }, { status: 400 });
    });
    expect(await (await remove("/v25.0/5001")).json()).toEqual({ success: true });
    expect(await errorOf(await remove("/v25.0/100_77"))).toMatchObject({ code: 3 });
    expect(await errorOf(await remove("/v25.0/77"))).toMatchObject({ code: 100, status: 400 });
    expect(await errorOf(await remove("/v25.0/78"))).toMatchObject({ code: 100, error_subcode: 33 });
    expect(calls.filter(({ method }) => method === "DELETE").map(({ url }) => url.pathname)).toEqual([
      "/v25.0/5001",
    ]);
  });
});

describe("what is not available", () => {
  const paths = [
    ..."debug_token?input_token=x oauth/access_token dialog/oauth search app me/accounts me/subscribed_apps".split(
      " ",
    ),
    ..."me/feed me/conversations me/photos me/insights me/ids_for_pages 900100200300/subscriptions".split(
      " ",
    ),
    ..."7001/messages/extra me/messages/1 t_100/messages 100_200/comments me/constructor me/__proto__".split(
      " ",
    ),
    ..."%6de me%2Fpersonas ?ids=7001,7002&fields=name 7001/picture".split(" "),
    "",
  ];

  it.each(paths)("is refused without saying more: %s", async (path) => {
    const calls = graph(() => Response.json({ id: "1" }));
    for (const method of ["GET", "POST", "DELETE"]) {
      const sign = path.includes("?") ? "&" : "?";
      const response = await knock(`/v25.0/${path}${sign}access_token=${KEY}`, { method });
      const { code, status } = await errorOf(response);
      expect([3, 100, 200]).toContain(code);
      expect(status).toBe(400);
    }
    expect(calls).toEqual([]);
  });

  it("hands on none of the parameters that Graph reads on every call", async () => {
    const calls = graph(() => Response.json({ id: "1" }));
    const general = {
      ...{
        fields: "access_token",
        ids: "1,2",
        batch: "[]",
        callback: "f",
        debug: "all",
        suppress_http_code: "1",
      },
      ...{ access_token: KEY, appsecret_proof: undefined, "access_token[0]": "x", include_headers: "1" },
    };
    await post("/v25.0/me/personas?pretty=1&callback=g&ids=3", { name: "Ben", ...general });
    await get("/v25.0/me/thread_owner?recipient=7&ids=1&callback=f&metadata=1&summary=1");
    expect(heard(calls)).toEqual([
      ["POST", `${PAGE}/personas`, {}, { name: "Ben" }],
      ["GET", `${PAGE}/thread_owner`, { recipient: "7" }, {}],
    ]);
  });
});
