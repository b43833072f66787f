import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  APP_SECRET,
  act,
  control,
  eventsOf,
  eventually,
  freshSimulator,
  graph,
  graphDelete,
  PAGE_ID,
  request,
  sendTo,
  TOKEN,
  webhook,
} from "./world.ts";

const USER = "7001";
const APP_ID = "900100200300";
const APP_TOKEN = `${APP_ID}|${APP_SECRET}`;
const redirect_uri = "https://example.com/back";

/** A webhook that answers the handshake with this, and everything else with 200. */
function webhookAnswering(challenge: (given: string) => Response): string[] {
  const addresses: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    if (init?.method === "POST") addresses.push(url.href);
    return init?.method === "POST"
      ? new Response("EVENT_RECEIVED")
      : challenge(url.searchParams.get("hub.challenge") ?? "");
  });
  return addresses;
}

const subscription = {
  object: "page",
  callback_url: "https://gateway.example/webhook",
  verify_token: "v",
  fields: "messages,message_echoes",
};

beforeEach(freshSimulator);

describe("the app's subscription", () => {
  it("is made after the handshake, and its webhook gets the events from then on", async () => {
    const addresses = webhookAnswering((challenge) => new Response(challenge));
    expect((await graph(`/${APP_ID}/subscriptions`, subscription, APP_TOKEN)).body).toEqual({
      success: true,
    });
    await act(USER, { text: "hello" });
    await eventually(() => expect(addresses).toEqual(["https://gateway.example/webhook"]));
    const { data } = (await graph(`/${APP_ID}/subscriptions`, undefined, APP_TOKEN)).body;
    expect(data).toEqual([
      {
        object: "page",
        callback_url: "https://gateway.example/webhook",
        active: true,
        fields: [
          { name: "messages", version: "v25.0" },
          { name: "message_echoes", version: "v25.0" },
        ],
      },
    ]);
  });

  it("is not made when the webhook does not answer the challenge", async () => {
    webhookAnswering(() => new Response("no", { status: 403 }));
    const { error } = (await graph(`/${APP_ID}/subscriptions`, subscription, APP_TOKEN)).body;
    expect(error.code).toBe(2200);
  });

  it("needs the app's own token", async () => {
    expect((await graph(`/${APP_ID}/subscriptions`, subscription, TOKEN)).body.error.code).toBe(190);
  });
});

describe("the page's subscription", () => {
  it("decides which events arrive", async () => {
    const posts = webhook();
    expect((await graph("/me/subscribed_apps?subscribed_fields=message_echoes", {})).body).toEqual({
      success: true,
    });
    await act(USER, { text: "hello" });
    await sendTo(USER, { text: "hi" });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
    expect(eventsOf(posts)[0].message.is_echo).toBe(true);
    expect((await graph(`/${PAGE_ID}/subscribed_apps`)).body.data).toMatchObject([
      { id: APP_ID, subscribed_fields: ["message_echoes"] },
    ]);
  });

  it("ended, lets nothing through until it is made again", async () => {
    const posts = webhook();
    await graphDelete("/me/subscribed_apps");
    expect((await graph("/me/subscribed_apps")).body).toEqual({ data: [] });
    await act(USER, { text: "nobody hears this" });
    await graph("/me/subscribed_apps", { subscribed_fields: ["messages"] });
    await act(USER, { text: "but this" });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
    expect(eventsOf(posts)[0].message.text).toBe("but this");
  });

  it("refuses fields there are not", async () => {
    const { error } = (await graph("/me/subscribed_apps", { subscribed_fields: ["moods"] })).body;
    expect(error.message).toContain("subscribed_fields[0]");
  });
});

describe("debug_token", () => {
  it.each([
    ["a page's", TOKEN, { type: "PAGE", is_valid: true, profile_id: PAGE_ID }],
    ["the app's", APP_TOKEN, { type: "APP", is_valid: true }],
    ["nobody's", "x", { is_valid: false, error: { code: 190 } }],
  ])("tells what a token is: %s", async (_name, token, data) => {
    const path = `/debug_token?input_token=${encodeURIComponent(token)}`;
    expect((await graph(path, undefined, APP_TOKEN)).body.data).toMatchObject(data);
  });

  it("is for the app only", async () => {
    expect((await graph(`/debug_token?input_token=${TOKEN}`)).body.error.code).toBe(190);
  });
});

describe("connecting a page", () => {
  const secrets = `client_id=${APP_ID}&client_secret=${APP_SECRET}`;
  const exchange = (query: string) => graph(`/oauth/access_token?${secrets}&${query}`, undefined, null);

  async function login() {
    const query = new URLSearchParams({ client_id: APP_ID, redirect_uri, state: "s 1" });
    const response = await request(`/v25.0/dialog/oauth?${query}`, { redirect: "manual" });
    return new URL(response.headers.get("Location") ?? "");
  }

  it("leads from the dialog over code and tokens to the pages", async () => {
    const back = await login();
    expect(back.origin + back.pathname).toBe(redirect_uri);
    expect(back.searchParams.get("state")).toBe("s 1");
    const code = back.searchParams.get("code");
    const short = await exchange(`redirect_uri=${encodeURIComponent(redirect_uri)}&code=${code}`);
    const long = await exchange(`grant_type=fb_exchange_token&fb_exchange_token=${short.body.access_token}`);
    const { data } = (await graph("/me/accounts", undefined, long.body.access_token)).body;
    expect(data).toMatchObject([{ id: PAGE_ID, name: "Sample Page", access_token: TOKEN }]);
  });

  it("takes a code once, and only for its own address", async () => {
    const code = (await login()).searchParams.get("code");
    expect((await exchange(`redirect_uri=https://elsewhere.example&code=${code}`)).body.error.code).toBe(100);
    expect((await exchange(`redirect_uri=${redirect_uri}&code=${code}`)).status).toBe(200);
    expect((await exchange(`redirect_uri=${redirect_uri}&code=${code}`)).body.error.code).toBe(100);
  });

  it("needs the app's secret", async () => {
    const answer = await graph(`/oauth/access_token?client_id=${APP_ID}&client_secret=x`, undefined, null);
    expect(answer.body.error.code).toBe(101);
  });
});

it("forgets subscriptions on reset", async () => {
  const posts = webhook();
  await graphDelete("/me/subscribed_apps");
  await control("POST", "/reset");
  await act(USER, { text: "hello" });
  await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
});
