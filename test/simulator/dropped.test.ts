import { beforeEach, describe, expect, it } from "vitest";
import {
  APP_SECRET,
  act,
  control,
  eventsOf,
  eventually,
  freshSimulator,
  graph,
  PAGE_ID,
  sendTo,
  TOKEN,
  webhook,
} from "./world.ts";

/** What Meta takes away without being asked: tokens and subscriptions. */

const USER = "7001";
const APP_TOKEN = `900100200300|${APP_SECRET}`;
const setToken = (token: string | null) => control("PUT", `/pages/${PAGE_ID}/token`, { token });
const factsOf = async (token: string) =>
  (await graph(`/debug_token?input_token=${token}`, undefined, APP_TOKEN)).body.data;

beforeEach(freshSimulator);

describe("a page's token", () => {
  it("is good no more when the page gets another one, which is", async () => {
    webhook();
    await act(USER, { text: "hello" });
    expect((await setToken("A-NEW-TOKEN")).status).toBe(200);
    expect((await sendTo(USER, { text: "hi" })).body.error).toMatchObject({ code: 190, error_subcode: 460 });
    expect(await factsOf(TOKEN)).toMatchObject({ is_valid: false });
    expect(await factsOf("A-NEW-TOKEN")).toMatchObject({ is_valid: true, profile_id: PAGE_ID });
    expect((await graph("/me?fields=id,access_token", undefined, "A-NEW-TOKEN")).body).toEqual({
      id: PAGE_ID,
      access_token: "A-NEW-TOKEN",
    });
  });

  it("is what it was after null, and after a reset", async () => {
    for (const back of [() => setToken(null), () => control("POST", "/reset")]) {
      await setToken("A-NEW-TOKEN");
      await back();
      expect(await factsOf(TOKEN)).toMatchObject({ is_valid: true });
      expect((await graph("/me", undefined, "A-NEW-TOKEN")).body.error.code).toBe(190);
    }
  });

  it("must be some text", async () => {
    expect((await control("PUT", `/pages/${PAGE_ID}/token`, { token: "" })).status).toBe(400);
    expect((await control("PUT", "/pages/1/token", { token: "x" })).body.error.code).toBe("no_such_page");
  });
});

describe("a subscription that Meta drops", () => {
  it("to a page lets nothing through until it is made again", async () => {
    const posts = webhook();
    await control("DELETE", `/pages/${PAGE_ID}/subscription`);
    expect((await graph("/me/subscribed_apps")).body).toEqual({ data: [] });
    await act(USER, { text: "nobody hears this" });
    await graph("/me/subscribed_apps", { subscribed_fields: ["messages"] });
    await act(USER, { text: "but this" });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
  });

  it("of the app's own is gone for all pages", async () => {
    const posts = webhook();
    await control("DELETE", "/subscription");
    expect((await graph("/900100200300/subscriptions", undefined, APP_TOKEN)).body).toEqual({ data: [] });
    await act(USER, { text: "nobody hears this" });
    await control("POST", "/reset");
    await act(USER, { text: "but this" });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
  });
});
