import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listChecks } from "../../src/api/checks.ts";
import type { Config } from "../../src/env.ts";
import { answerHealth } from "../../src/health.ts";
import { directoryOf } from "../../src/pages/served.ts";
import { envelope, text } from "../fixtures/events.ts";
import { codeOf, post } from "../support/gateway.ts";
import { check, emptyDirectory, gatewayWith, listed, Meta } from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const ADMIN = { name: "admin", role: "admin" } as const;

const ask = (query: string, key?: string): Promise<Response> =>
  answerHealth(
    new Request(`https://gateway.invalid/healthz${query}`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    }),
    env,
  );

async function detail(config: Config, query = "", pages?: string[]) {
  const caller = pages ? { ...ADMIN, pages } : ADMIN;
  const response = await listChecks(new URLSearchParams(`detail${query}`), config, env, caller);
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  return { status: response.status, body: (await response.json()) as any };
}

describe("/healthz", () => {
  it("says no more than whether the gateway is configured, to whoever asks", async () => {
    const response = await ask("");
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
  });

  it("shows details to admins alone", async () => {
    expect(await codeOf(await ask("?detail"))).toEqual([401, "key_required"]);
    expect(await codeOf(await ask("?detail=1", "wrong-key-of-the-tests-0001"))).toEqual([
      401,
      "key_required",
    ]);
    expect(await codeOf(await ask("?detail", "operator-key-of-the-tests-1"))).toEqual([403, "role_too_low"]);
    const response = await ask("?detail", "admin-key-of-the-tests-0001");
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});

describe("/healthz?detail", () => {
  it("shows apps and pages that nobody has checked yet", async () => {
    const { body } = await detail(gatewayWith([new Meta().page({ id: "1" })]));
    expect(body).toEqual({
      status: "unknown",
      apps: [{ id: "900100200300", state: "unknown", problems: [], since: null, checked_at: null }],
      pages: [
        {
          page_id: "1",
          name: null,
          source: "facebook",
          state: "unknown",
          problems: [],
          since: null,
          checked_at: null,
          last_webhook_at: null,
          gates: [],
        },
      ],
      counts: { ok: 0, repaired: 0, warning: 0, trouble: 0, off: 0, unknown: 1 },
      pagination_data: { previous_cursor: null, next_cursor: null, total: 1 },
    });
  });

  it("shows what a check has found, and what to do", async () => {
    const meta = new Meta();
    const page = meta.page({}, { is_valid: false, error: { message: "Session has expired" } });
    await directoryOf(env).put(listed(page.id, { name: "The Shop", tokenIn: "secret" }));
    const config = gatewayWith([page]);
    await check(config, 1000);
    const { body } = await detail(config);
    expect(body.status).toBe("trouble");
    expect(body.pages).toMatchObject([
      {
        page_id: page.id,
        name: "The Shop",
        state: "trouble",
        problems: [
          {
            code: "token_invalid",
            detail: "The page's token is no longer good. (Meta: Session has expired)",
            remedy: "Connect the page again, with a new token.",
          },
        ],
        checked_at: "1970-01-01T00:00:01.000Z",
      },
    ]);
  });

  it("shows which gates are shut, and until when", async () => {
    const meta = new Meta();
    const page = meta.page();
    const trouble = { conversation: "1_2", isProbe: false, successes: 0 };
    const object = env.PAGE.getByName(page.id);
    await object.trouble("graph", { ...trouble, reason: "rate_limited", afterMs: 60_000 });
    await object.trouble("bot", { ...trouble, reason: "bot_gone", afterMs: undefined });
    const { body } = await detail(gatewayWith([page]));
    expect(body.pages[0].gates).toEqual([
      { side: "bot", reason: "bot_gone", until: null },
      { side: "graph", reason: "rate_limited", until: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });

  it("lists many pages in portions, each once, those in trouble first", async () => {
    const meta = new Meta();
    const pages = Array.from({ length: 24 }, (_, at) =>
      meta.page({}, at % 8 === 3 ? { is_valid: false } : {}),
    );
    const config = gatewayWith(pages);
    await check(config);
    const ids: string[] = [];
    const states: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${cursor}`;
      const { body } = await detail(config, `&page_size=7${more}`);
      expect(body.pagination_data).toMatchObject({ previous_cursor: cursor, total: 24 });
      ids.push(...body.pages.map((one: { page_id: string }) => one.page_id));
      states.push(...body.pages.map((one: { state: string }) => one.state));
      cursor = body.pagination_data.next_cursor;
    } while (cursor !== null);
    expect([...ids].sort()).toEqual(pages.map(({ id }) => id).sort());
    expect(states).toEqual([...Array(3).fill("trouble"), ...Array(21).fill("ok")]);
  });

  it("asks the objects of the pages it shows, and no others", async () => {
    const meta = new Meta();
    const config = gatewayWith(Array.from({ length: 12 }, () => meta.page()));
    const asked = vi.spyOn(env.PAGE, "getByName");
    await detail(config, "&page_size=5");
    expect(asked).toHaveBeenCalledTimes(5);
    expect(meta.calls).toEqual([]);
  });

  it("shows a key that is good for some pages no others, nor the apps", async () => {
    const meta = new Meta();
    const mine = meta.page();
    const theirs = meta.page({}, { is_valid: false });
    const config = gatewayWith([mine, theirs]);
    await check(config);
    const { body } = await detail(config, "", [mine.id]);
    expect(body).toMatchObject({ status: "ok", apps: [], pages: [{ page_id: mine.id }] });
    expect(JSON.stringify(body)).not.toContain(theirs.id);
    expect(body.pagination_data.total).toBe(1);
  });

  it("refuses what is no cursor or size", async () => {
    const config = gatewayWith([]);
    for (const query of ["&cursor=x", "&page_size=0", "&page_size=51", "&page_size=many"]) {
      expect(await detail(config, query)).toMatchObject({ status: 400, body: { code: "invalid_query" } });
    }
  });
});

describe("the last webhook of a page", () => {
  const PAGE = "100200300400500";
  const lastOf = async () => (await env.PAGE.getByName(PAGE).vitals()).lastWebhookAt;
  const webhook = () => post(envelope([text(`m_${crypto.randomUUID()}`, "hi", "7001")]));

  it("is told once in some minutes, however many come", async () => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({}));
    const { Page } = await import("../../src/pages/page.ts");
    const told = vi.spyOn(Page.prototype, "noteWebhook");
    const before = Date.now();
    for (let at = 0; at < 5; at++) expect((await webhook()).status).toBe(200);
    await vi.waitFor(async () => expect(await lastOf()).toBeGreaterThanOrEqual(before));
    expect(told).toHaveBeenCalledTimes(1);
    vi.spyOn(Date, "now").mockReturnValue(before + 6 * 60_000);
    await webhook();
    vi.restoreAllMocks();
    await vi.waitFor(async () => expect(await lastOf()).toBe(before + 6 * 60_000));
  });

  it("isn't one that wasn't signed, nor of a page that nobody knows", async () => {
    const body = envelope([text("m_x", "hi", "7001")], "4711");
    await post(body);
    await exports.default.fetch(
      new Request("https://gateway.invalid/webhook", { method: "POST", body: JSON.stringify(body) }),
    );
    expect((await env.PAGE.getByName("4711").vitals()).lastWebhookAt).toBeNull();
  });
});
