import { beforeEach, describe, expect, it } from "vitest";
import { hexHmac } from "../../src/simulator/webhook/signature.ts";
import { APP_SECRET, freshSimulator, graph, PAGE_ID, TOKEN, webhook, write } from "./world.ts";

const USER = "7001";
const APP_TOKEN = `900100200300|${APP_SECRET}`;

const proof = await hexHmac("SHA-256", APP_SECRET, APP_TOKEN);
const ask = (user: string, more = "", token = APP_TOKEN) =>
  graph(`/${user}/ids_for_pages?appsecret_proof=${proof}${more}`, undefined, token);

beforeEach(async () => {
  await freshSimulator();
  webhook();
});

describe("GET /{person}/ids_for_pages", () => {
  it("tells to which pages a person has written, and as whom", async () => {
    await write(USER, "hello");
    expect((await ask(USER)).body).toEqual({
      data: [{ id: USER, page: { id: PAGE_ID, name: "Sample Page" } }],
      paging: { cursors: { before: btoa(PAGE_ID), after: btoa(PAGE_ID) } },
    });
    expect((await ask(USER, `&after=${btoa(PAGE_ID)}`)).body).toEqual({ data: [] });
    expect((await ask(USER, "&page=1")).body).toEqual({ data: [] });
  });

  it("knows nobody who was never there", async () => {
    expect((await ask("7999")).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });

  it("needs the app's token, and its proof", async () => {
    await write(USER, "hello");
    expect((await ask(USER, "", TOKEN)).body.error.code).toBe(190);
    const without = await graph(`/${USER}/ids_for_pages`, undefined, APP_TOKEN);
    expect(without.body.error).toMatchObject({ code: 100, type: "GraphMethodException" });
  });
});
