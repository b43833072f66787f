import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Caller } from "../../src/api/auth.ts";
import { checkChannels } from "../../src/api/checks.ts";
import type { Config } from "../../src/env.ts";
import { channelId } from "../../src/pages/channel-id.ts";
import { seal } from "../../src/pages/sealing.ts";
import { directoryOf } from "../../src/pages/served.ts";
import { APP, emptyDirectory, FIELDS, gatewayWith, listed, Meta, OTHER_APP } from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const ADMIN: Caller = { name: "admin", role: "admin" };

async function checking(config: Config, body: unknown, caller = ADMIN) {
  const request = new Request("https://gateway.invalid/channels.check", {
    method: "POST",
    body: JSON.stringify(body),
  });
  const response = await checkChannels(request, config, env, { caller, start: () => {} });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  return { status: response.status, body: (await response.json()) as any };
}

describe("/channels.check", () => {
  it("checks a page and its app now, by the page's id or the channel's", async () => {
    const meta = new Meta();
    const page = meta.page({ fields: null });
    const config = gatewayWith([page, meta.page()]);
    const id = await channelId("facebook", page.id);
    await directoryOf(env).put(listed(page.id, { id, tokenIn: "secret" }));
    expect(await checking(config, { page_id: page.id })).toMatchObject({
      status: 200,
      body: {
        apps: [{ id: APP, state: "ok" }],
        pages: [
          { page_id: page.id, state: "repaired", problems: [{ code: "not_subscribed", repaired: true }] },
        ],
      },
    });
    const { body } = await checking(config, { channel_id: id });
    expect(body.pages).toMatchObject([{ page_id: page.id, state: "ok", problems: [] }]);
    expect(meta.calls.filter(({ path }) => path === "debug_token")).toHaveLength(2);
  });

  it("goes by the token that is set now, not by what was remembered", async () => {
    const meta = new Meta();
    const { id, facts } = meta.page();
    await directoryOf(env).put(listed(id));
    const config = gatewayWith([]);
    for (const token of ["THE-OLD-TOKEN", "THE-NEW-TOKEN"]) {
      meta.pages.push({ id, token, facts, fields: FIELDS });
      // As another isolate does it.
      await env.PAGE.getByName(id).connectChannel({
        source: "facebook",
        facebookPage: id,
        appId: null,
        name: null,
        imageUrl: null,
        token: await seal(config.sealingKeys, token, { page: id, purpose: "page_token" }),
      });
      await checking(config, { page_id: id });
      expect(meta.calls.at(-1)?.token).toBe(token);
    }
  });

  it("without a page checks every app, and pages whose turn it is", async () => {
    const meta = new Meta();
    const pages = Array.from({ length: 23 }, () => meta.page());
    const config = gatewayWith(pages);
    const first = await checking(config, {});
    expect(first.body.apps).toMatchObject([{ id: APP, state: "ok" }]);
    expect(first.body.pages).toHaveLength(8);
    const second = await checking(config, { page_size: 15 });
    const all = [...first.body.pages, ...second.body.pages].map(({ page_id }) => page_id);
    expect(new Set(all).size).toBe(23);
  });

  it("checks the app that a page belongs to", async () => {
    const meta = new Meta();
    const page = meta.page({}, { app_id: OTHER_APP });
    const config = gatewayWith([page], {
      META_APPS: JSON.stringify([{ id: OTHER_APP, secret: "other-app-secret", verify_token: "v" }]),
      PAGE_SETTINGS: JSON.stringify({ [page.id]: { app_id: OTHER_APP } }),
      PUBLIC_URL: "",
    });
    const { body } = await checking(config, { page_id: page.id });
    expect(body.apps).toMatchObject([{ id: OTHER_APP, state: "trouble" }]);
    expect(body.pages[0].problems).not.toContainEqual(
      expect.objectContaining({ code: "token_of_other_app" }),
    );
  });

  it("names what it can't check", async () => {
    const meta = new Meta();
    const [page, other] = [meta.page(), meta.page()];
    const config = gatewayWith([page, other]);
    await directoryOf(env).put(listed("4711", { isConnected: false }));
    const code = async (body: unknown, caller?: Caller) => {
      const answer = await checking(config, body, caller);
      return [answer.status, answer.body.code];
    };
    expect(await code({ page_id: "4712" })).toEqual([404, "no_such_page"]);
    expect(await code({ page_id: "4711" })).toEqual([409, "not_connected"]);
    expect(await code({ channel_id: crypto.randomUUID() })).toEqual([404, "no_such_channel"]);
    expect(await code({ page_id: "x" })).toEqual([400, "invalid_body"]);
    const limited = { ...ADMIN, pages: [page.id] };
    expect(await code({ page_id: other.id }, limited)).toEqual([403, "page_not_allowed"]);
    expect((await checking(config, {}, limited)).body.pages).toMatchObject([{ page_id: page.id }]);
  });

  it("says how it was when Meta doesn't answer", async () => {
    const meta = new Meta();
    const page = meta.page();
    const config = gatewayWith([page]);
    meta.isUp = false;
    expect((await checking(config, { page_id: page.id })).body.pages).toMatchObject([
      { state: "unknown", problems: [{ code: "graph_unreachable" }], checked_at: null },
    ]);
  });
});
