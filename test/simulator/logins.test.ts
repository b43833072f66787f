import { beforeEach, describe, expect, it } from "vitest";
import { APP_SECRET, control, freshSimulator, graph, PAGE_ID, request, TOKEN } from "./world.ts";

const APP_ID = "900100200300";
const APP_TOKEN = `${APP_ID}|${APP_SECRET}`;
const BACK = "https://example.com/back";
const ALL = "pages_show_list,pages_messaging,pages_manage_metadata";

/** Goes through the dialog. @returns the address it sends the browser back to */
async function dialog(query: Record<string, string> = {}): Promise<URL> {
  const all = new URLSearchParams({
    client_id: APP_ID,
    redirect_uri: BACK,
    state: "s",
    scope: ALL,
    ...query,
  });
  const response = await request(`/v25.0/dialog/oauth?${all}`, { redirect: "manual" });
  return new URL(response.headers.get("Location") ?? "none:");
}

const exchange = (fields: Record<string, string>) =>
  graph("/oauth/access_token", { client_id: APP_ID, client_secret: APP_SECRET, ...fields }, null);

const codeIn = (back: URL) => back.searchParams.get("code") ?? "";

/** A token of the person's, with these permissions. */
async function personToken(scope = ALL): Promise<string> {
  const code = codeIn(await dialog({ scope }));
  return (await exchange({ code, redirect_uri: BACK })).body.access_token;
}

const debug = async (token: string) =>
  (await graph(`/debug_token?input_token=${encodeURIComponent(token)}`, undefined, APP_TOKEN)).body.data;

beforeEach(freshSimulator);

describe("the dialog", () => {
  it("takes the person back with an error when they cancel", async () => {
    await control("PUT", "/login", { answer: "cancel" });
    const { searchParams } = await dialog();
    expect(Object.fromEntries(searchParams)).toMatchObject({
      state: "s",
      error: "access_denied",
      error_reason: "user_denied",
    });
  });

  it("can be answered by hand, permission by permission", async () => {
    await control("PUT", "/login", { answer: "ask" });
    const query = new URLSearchParams({ client_id: APP_ID, redirect_uri: BACK, scope: ALL, state: '"><b>' });
    const shown = await (await request(`/v25.0/dialog/oauth?${query}`)).text();
    expect(shown).toContain('name="grant_pages_messaging" checked');
    expect(shown).not.toContain("<b>");
    const back = await dialog({ answer: "agree", grant_pages_show_list: "on" });
    const { body } = await exchange({ code: codeIn(back), redirect_uri: BACK });
    expect(await debug(body.access_token)).toMatchObject({ scopes: ["pages_show_list"] });
    expect((await dialog({ answer: "cancel" })).searchParams.get("error")).toBe("access_denied");
  });
});

describe("PKCE", () => {
  // RFC 7636, appendix B.
  const code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  const code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

  it("lets only the verifier's holder redeem a code", async () => {
    const code = codeIn(await dialog({ code_challenge, code_challenge_method: "S256" }));
    for (const wrong of [{}, { code_verifier: "another" }]) {
      expect((await exchange({ code, redirect_uri: BACK, ...wrong })).body.error.code).toBe(100);
    }
    expect((await exchange({ code, redirect_uri: BACK, code_verifier })).status).toBe(200);
  });
});

describe("a person's token", () => {
  it("is good for an hour, and for sixty days when it was exchanged", async () => {
    const token = await personToken();
    const { body: long } = await exchange({ grant_type: "fb_exchange_token", fb_exchange_token: token });
    await control("PUT", "/clock", { offset_ms: 2 * 3_600_000 });
    expect(await debug(token)).toMatchObject({ is_valid: false });
    expect((await graph("/me/accounts", undefined, token)).body.error.code).toBe(190);
    expect(await debug(long.access_token)).toMatchObject({ is_valid: true, type: "USER" });
    const again = await exchange({ grant_type: "fb_exchange_token", fb_exchange_token: token });
    expect(again.body.error.code).toBe(190);
  });

  it("tells what was granted and what was declined", async () => {
    await control("PUT", "/login", { declined: ["pages_messaging"] });
    const { data } = (await graph("/me/permissions", undefined, await personToken())).body;
    expect(data).toContainEqual({ permission: "pages_messaging", status: "declined" });
    expect(data).toContainEqual({ permission: "pages_show_list", status: "granted" });
  });

  it("lists no page without the permission, and none on which the person has no task", async () => {
    expect((await graph("/me/accounts", undefined, await personToken("pages_messaging"))).body.data).toEqual(
      [],
    );
    await control("PUT", `/pages/${PAGE_ID}`, { tasks: [] });
    expect((await graph("/me/accounts", undefined, await personToken())).body.data).toEqual([]);
    const read = await graph(`/${PAGE_ID}?fields=name,access_token`, undefined, await personToken());
    expect(read.body).toEqual({ id: PAGE_ID, name: "Sample Page" });
  });

  it("lists pages with their pictures and Instagram accounts, if they may be read", async () => {
    await control("PUT", `/pages/${PAGE_ID}`, { instagram_id: "17841400000000001" });
    const fields = "id,name,picture{url},instagram_business_account{id,username}";
    const path = `/me/accounts?fields=${encodeURIComponent(fields)}`;
    const { data } = (await graph(path, undefined, await personToken(`${ALL},instagram_basic`))).body;
    expect(data[0]).toMatchObject({
      id: PAGE_ID,
      name: "Sample Page",
      picture: { data: { url: `http://simulator.test/_sim/pages/${PAGE_ID}/picture` } },
      instagram_business_account: { id: "17841400000000001", username: "sample.page" },
    });
    expect((await graph(path, undefined, await personToken())).body.data[0]).not.toHaveProperty(
      "instagram_business_account",
    );
    const { error } = (await graph("/me/accounts?fields=mood", undefined, await personToken())).body;
    expect(error.message).toContain("nonexisting field (mood)");
  });

  it("gets a page's own token by the page's id", async () => {
    const read = await graph(`/${PAGE_ID}?fields=access_token`, undefined, await personToken());
    expect(read.body).toEqual({ id: PAGE_ID, access_token: TOKEN });
  });
});

describe("a page's token", () => {
  it("has the page's permissions, without which nothing can be subscribed", async () => {
    await control("PUT", `/pages/${PAGE_ID}`, { scopes: ["pages_messaging"] });
    expect(await debug(TOKEN)).toMatchObject({ scopes: ["pages_messaging"] });
    const { error } = (await graph("/me/subscribed_apps", { subscribed_fields: ["feed"] })).body;
    expect(error).toMatchObject({ code: 200 });
    expect(error.message).toContain("pages_manage_metadata");
  });
});

it("shows a page's picture", async () => {
  const response = await request(`/_sim/pages/${PAGE_ID}/picture`);
  expect(response.headers.get("Content-Type")).toBe("image/svg+xml");
  expect(await response.text()).toContain("SP");
});
