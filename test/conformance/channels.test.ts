import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import { INSTAGRAM, OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** Pages that are connected while the gateway runs; Meta's side of it is the simulator's. */

let world: World;
const [SHOP, CLUB] = OTHER_PAGES;

beforeAll(async () => {
  world = await startWorld(
    {},
    {
      SEALING_KEY: randomBytes(32).toString("base64"),
      PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: `TOKEN-OF-${PAGE}` }),
    },
  );
});
afterAll(() => world.end());

const admin = (path: string, body: Record<string, unknown>) => world.call(path, body, "admin");
const connect = (page_id: string, page_token = `TOKEN-OF-${page_id}`) =>
  admin("/channels.facebook.connect", { page_id, page_token });
const subscribed = async (page: string) => (await world.meta.graph(page, "me/subscribed_apps"))["data"];

/** A token of the person who manages the pages. */
async function personToken(): Promise<string> {
  const app = { client_id: "900100200300", redirect_uri: "https://example.com/" };
  const dialog = await fetch(`${world.meta.url}/v25.0/dialog/oauth?${new URLSearchParams(app)}`, {
    redirect: "manual",
  });
  const code = new URL(dialog.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const body = new URLSearchParams({ ...app, code, client_secret: "app-secret-of-this-world" });
  const response = await fetch(`${world.meta.url}/v25.0/oauth/access_token`, { method: "POST", body });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe("a page nobody has heard of", () => {
  it("is received from, answered once it is connected, and still after a restart", async () => {
    const person = world.person(SHOP);
    await person.getsAnswer([{ message: { text: "Welcome to the shop" } }]);
    // It is held: the page's gate says so in the log.
    await eventually(() => expect(world.gateway.output()).toContain("no_token"));

    const { status, body } = await connect(SHOP);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      source: "facebook",
      source_channel_id: SHOP,
      metadata: { name: `Page ${SHOP}`, image_url: expect.stringContaining(SHOP) },
      connected: true,
    });
    expect((await person.seesOne()).text).toBe("Welcome to the shop");

    await world.stop();
    await world.restart();
    const other = world.person(SHOP);
    await other.getsAnswer([{ message: { text: "Welcome again" } }]);
    expect((await other.seesOne()).text).toBe("Welcome again");
  });

  it("can be connected by the token of a person who manages it", async () => {
    const { status, body } = await connect(CLUB, await personToken());
    expect([status, body["warnings"]]).toEqual([200, undefined]);
    const person = world.person(CLUB);
    await person.getsAnswer([{ message: { text: "Hello, member" } }]);
    expect((await person.seesOne()).text).toBe("Hello, member");
  });

  it("is heard no more when it is disconnected", async () => {
    const { body: channel } = await connect(CLUB);
    expect(await subscribed(CLUB)).toHaveLength(1);
    for (const _ of ["once", "twice"]) {
      const { status } = await admin("/channels.facebook.disconnect", { channel_id: channel["id"] });
      expect(status).toBe(204);
    }
    expect(await subscribed(CLUB)).toEqual([]);
    const { body } = await admin("/channels.info", { channel_id: channel["id"] });
    expect(body["connected"]).toBe(false);
  });
});

describe("connecting is refused, in words,", () => {
  it("when the token is another page's", async () => {
    const { status, body } = await connect(SHOP, `TOKEN-OF-${PAGE}`);
    expect([status, body["code"]]).toEqual([422, "token_of_other_page"]);
  });

  it("when it is nobody's", async () => {
    const { status, body } = await connect(SHOP, "EAAG-made-up");
    expect([status, body["code"]]).toEqual([422, "token_invalid"]);
  });

  it("when a permission is missing", async () => {
    await world.meta.page(SHOP, { scopes: ["pages_show_list", "pages_manage_metadata"] });
    const { status, body } = await connect(SHOP);
    await world.meta.page(SHOP, { scopes: ["pages_messaging", "pages_manage_metadata"] });
    expect([status, body["code"]]).toEqual([422, "permission_missing"]);
    expect(body["detail"]).toContain("pages_messaging");
    expect((await connect(SHOP)).status).toBe(200);
  });
});

it("connects the Instagram account of a page, and answers there", async () => {
  const page = OTHER_PAGES[2];
  await world.meta.page(page, { instagram_id: INSTAGRAM });
  const wish = { page_id: page, page_token: `TOKEN-OF-${page}`, account_id: INSTAGRAM };
  const { status, body } = await admin("/channels.instagram.connect", wish);
  expect(status).toBe(200);
  expect(body).toMatchObject({ source: "instagram", source_channel_id: INSTAGRAM, connected: true });
  const person = world.person(INSTAGRAM);
  await person.getsAnswer([{ message: { text: "Hello on Instagram" } }]);
  expect((await person.seesOne()).text).toBe("Hello on Instagram");
});

it("explores what a person manages, and lists what there is", async () => {
  const { body: explored } = await admin("/channels.facebook.explore", { auth_token: await personToken() });
  expect(explored["data"]).toContainEqual({
    page_id: PAGE,
    name: `Page ${PAGE}`,
    image_url: `${world.meta.url}/_sim/pages/${PAGE}/picture`,
    connected: true,
  });
  const { body } = await world.call("/channels.list", {}, "operator");
  expect(body["data"]).toContainEqual(
    expect.objectContaining({ source_channel_id: PAGE, source: "facebook", connected: true }),
  );
});

it("changes how a page is served at once", async () => {
  const { body } = await world.call("/channels.list", { source: "facebook" });
  const channels = body["data"] as { id: string; source_channel_id: string }[];
  const channel_id = channels.find((one) => one.source_channel_id === PAGE)?.id;
  const update = (settings: Record<string, unknown>) => admin("/channels.update", { channel_id, settings });
  expect((await update({ is_on: false })).status).toBe(200);
  const person = world.person();
  const { mid } = await person.acts({ text: "Anybody there?" });
  await eventually(async () => expect(await person.messages()).toHaveLength(1));
  expect((await update({ is_on: null })).body["settings"]).toEqual({});
  await person.tells({ text: "Now?" });
  expect(person.events().map(({ id }) => id)).not.toContain(mid);
});
