import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/person.ts";
import type { Json } from "./support/simulator.ts";
import { APP, OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** What Meta takes away is seen, and put right where it can be; Meta's side of it is the simulator's. */

let world: World;
let tunnel: Server;
let address: string;
const [SHOP, CLUB] = OTHER_PAGES;
const PAGES = [PAGE, SHOP, CLUB];

beforeAll(async () => {
  tunnel = await openTunnel(() => world.gateway.url);
  address = `http://127.0.0.1:${(tunnel.address() as AddressInfo).port}`;
  world = await startWorld(
    { default: { callbacks: ["page.needs_reauth"] } },
    {
      PUBLIC_URL: address,
      SEALING_KEY: randomBytes(32).toString("base64"),
      PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(PAGES.map((id) => [id, `TOKEN-OF-${id}`]))),
    },
  );
});
afterAll(async () => {
  tunnel.close();
  tunnel.closeAllConnections();
  await world.end();
});

/** The gateway's address for the world, as of a tunnel to a machine at home. */
async function openTunnel(to: () => string): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "GET", url = "/", headers } = request;
    const signed = headers["x-hub-signature-256"];
    const answer = await fetch(to() + url, {
      method,
      headers: typeof signed === "string" ? { "x-hub-signature-256": signed } : {},
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const meta = async (method: string, path: string, body?: Json) => {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${world.meta.url}/_sim${path}`, init);
  expect(response.status).toBe(200);
};

interface Seen {
  state: string;
  problems: { code: string; detail: string; remedy: string }[];
}

interface Found {
  apps: (Seen & { id: string })[];
  pages: (Seen & { page_id: string; last_webhook_at: string | null; gates: Json[] })[];
}

async function check(body: Json = {}): Promise<Found> {
  const answer = await world.call("/channels.check", body, "admin");
  expect(answer.status).toBe(200);
  return answer.body as unknown as Found;
}

async function detail(key?: string): Promise<{ status: number; body: Found & { status: string } }> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${world.gateway.url}/healthz?detail`, { headers });
  return { status: response.status, body: (await response.json()) as Found & { status: string } };
}

const codes = ({ state, problems }: Seen) => [state, ...problems.map(({ code }) => code)];
const fieldsOf = async (page: string) => {
  const { data } = await world.meta.graph(page, "me/subscribed_apps");
  return (data as { subscribed_fields: string[] }[])[0]?.subscribed_fields;
};

describe("a check", () => {
  it("registers an app that Meta sends nothing for, and finds all well from then on", async () => {
    expect((await check()).apps.map(codes)).toEqual([["repaired", "app_not_subscribed"]]);
    const { apps, pages } = await check();
    expect(apps).toMatchObject([{ id: APP, state: "ok" }]);
    expect(pages.map(({ page_id, ...seen }) => [page_id, ...codes(seen)]).sort()).toEqual(
      PAGES.map((page) => [page, "ok"]),
    );
    await world.person().getsAnswer([{ message: { text: "through the tunnel" } }]);
  });

  it("subscribes a page again that Meta has dropped, to what it was subscribed to", async () => {
    await check({ page_id: SHOP });
    const before = await fieldsOf(SHOP);
    await meta("DELETE", `/pages/${SHOP}/subscription`);
    const person = world.person(SHOP);
    await person.acts({ text: "nobody hears this" });
    const { pages } = await check({ page_id: SHOP });
    expect(pages.map(codes)).toEqual([["repaired", "not_subscribed"]]);
    expect(await fieldsOf(SHOP)).toEqual(before);
    await person.getsAnswer([{ message: { text: "Back again" } }]);
    expect((await person.seesOne()).text).toBe("Back again");
    expect((await check({ page_id: SHOP })).pages.map(codes)).toEqual([["ok"]]);
  });

  it("subscribes the app again that Meta has dropped", async () => {
    await check({ page_id: PAGE });
    await meta("DELETE", "/subscription");
    expect((await check({ page_id: PAGE })).apps.map(codes)).toEqual([["repaired", "app_not_subscribed"]]);
    const person = world.person();
    await person.getsAnswer([{ message: { text: "All of us are back" } }]);
    expect((await person.seesOne()).text).toBe("All of us are back");
  });

  it("names a permission that was taken back", async () => {
    await world.meta.page(SHOP, { scopes: ["pages_show_list", "pages_manage_metadata"] });
    const { pages } = await check({ page_id: SHOP });
    expect(pages.map(codes)).toEqual([["trouble", "permission_missing:pages_messaging"]]);
    await world.meta.page(SHOP, { scopes: ["pages_messaging", "pages_manage_metadata"] });
    expect((await check({ page_id: SHOP })).pages.map(codes)).toEqual([["ok"]]);
  });
});

describe("a page whose token Meta takes back", () => {
  const told = () => world.bot.eventsOf(`${CLUB}_page`).filter(({ type }) => type === "page.needs_reauth");

  it("has its bot told once, holds what it writes, and sends it with a new token", async () => {
    await check({ page_id: CLUB });
    await meta("PUT", `/pages/${CLUB}/token`, { token: "THE-NEW-TOKEN" });
    expect((await check({ page_id: CLUB })).pages.map(codes)).toEqual([["trouble", "token_invalid"]]);
    await eventually(() => expect(told()).toHaveLength(1));
    expect(told()[0]?.raw).toMatchObject({ page_id: CLUB, reason: "token_refused" });

    const person = world.person(CLUB);
    await person.getsAnswer([{ message: { text: "Late, but here" } }]);
    await eventually(async () => {
      const { gates } = (await check({ page_id: CLUB })).pages[0] ?? { gates: [] };
      expect(gates).toMatchObject([{ side: "graph", reason: "needs_reauth" }]);
    });
    const connected = { page_id: CLUB, page_token: "THE-NEW-TOKEN" };
    expect((await world.call("/channels.facebook.connect", connected, "admin")).status).toBe(200);
    expect((await person.seesOne()).text).toBe("Late, but here");
    const { pages } = await check({ page_id: CLUB });
    expect(pages).toMatchObject([{ state: "ok", gates: [], last_webhook_at: expect.any(String) }]);
    expect(told()).toHaveLength(1);
  });

  it("sends what was held when the old token is good again, and somebody checks", async () => {
    await meta("PUT", `/pages/${SHOP}/token`, { token: "ANOTHER-TOKEN" });
    const person = world.person(SHOP);
    await person.getsAnswer([{ message: { text: "As soon as it goes" } }]);
    await eventually(async () => {
      const { gates } = (await check({ page_id: SHOP })).pages[0] ?? { gates: [] };
      expect(gates).toHaveLength(1);
    });
    await meta("PUT", `/pages/${SHOP}/token`, { token: null });
    expect((await check({ page_id: SHOP })).pages.map(codes)).toEqual([["ok"]]);
    expect((await person.seesOne()).text).toBe("As soon as it goes");
  });
});

describe("/healthz?detail", () => {
  it("shows an admin what was found, and nobody else", async () => {
    await check();
    expect((await detail()).status).toBe(401);
    expect((await detail("operator-key-of-conformance-1")).status).toBe(403);
    const { status, body } = await detail("admin-key-of-the-conformance-1");
    expect([status, body.status]).toEqual([200, "ok"]);
    expect(body.pages.map(({ page_id }) => page_id).sort()).toEqual(PAGES);
    expect(JSON.stringify(body)).not.toMatch(/TOKEN-OF|app-secret/);
    const plain = await fetch(`${world.gateway.url}/healthz`);
    expect(await plain.json()).toEqual({ status: "ok" });
  });

  it("still knows it after a restart", async () => {
    await world.stop();
    await world.restart();
    const { body } = await detail("admin-key-of-the-conformance-1");
    expect(body.apps.map(codes)).toEqual([["ok"]]);
  });
});
