import { describe, expect, it } from "vitest";
import { call } from "../support/api.ts";
import { freshConversation } from "../support/conversation.ts";
import { codeOf } from "../support/gateway.ts";

type Method = "GET" | "PUT" | "PATCH";

function someState() {
  const path = `/conversations/${freshConversation().name}/state`;
  return (method: Method, body?: unknown, headers = {}) => call(path, body, "bot", headers, method);
}

describe("/conversations/{id}/state", () => {
  it("is none at first, then what was put, with its version as ETag", async () => {
    const state = someState();
    expect(await (await state("GET")).json()).toEqual({ state: null, state_version: 0, expires_at: null });
    const put = await state("PUT", { state: { step: 1 } });
    expect([put.status, put.headers.get("etag")]).toEqual([200, '"1"']);
    const got = await state("GET");
    expect(await got.json()).toMatchObject({ state: { step: 1 }, state_version: 1 });
    expect(got.headers.get("etag")).toBe('"1"');
  });

  it("is changed in parts by PATCH", async () => {
    const state = someState();
    await state("PUT", { state: { step: 1, cart: { a: 1, b: 2 } } });
    const patched = await state("PATCH", { state: { step: 2, cart: { a: null } } });
    expect(await patched.json()).toMatchObject({ state: { step: 2, cart: { b: 2 } }, state_version: 2 });
  });

  it("isn't changed where it isn't what the caller thinks it is", async () => {
    const state = someState();
    await state("PUT", { state: 1 });
    expect(await codeOf(await state("PUT", { state: 2, state_version: 0 }))).toEqual([412, "stale_version"]);
    expect(await codeOf(await state("PUT", { state: 2 }, { "if-match": '"0"' }))).toEqual([
      412,
      "stale_version",
    ]);
    expect((await state("PUT", { state: 2 }, { "if-match": '"1"' })).status).toBe(200);
    expect((await state("PUT", { state: 3, state_version: 2 })).status).toBe(200);
    expect((await state("PUT", { state: 4 }, { "if-match": "*" })).status).toBe(200);
  });

  it("has an end if it is given one", async () => {
    const state = someState();
    const { expires_at } = await (await state("PUT", { state: 1, state_ttl: 3600 })).json<{
      expires_at: string;
    }>();
    const left = Date.parse(expires_at) - Date.now();
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  it.each([
    [{}, {}, [400, "invalid_body"]],
    [{ state: 1, state_version: "1" }, {}, [400, "invalid_body"]],
    [{ state: 1, state_ttl: 0 }, {}, [400, "invalid_body"]],
    [{ state: 1 }, { "if-match": "1" }, [400, "invalid_version"]],
    [{ state: "x".repeat(65_536) }, {}, [413, "state_too_large"]],
  ])("refuses %j under %j", async (body, headers, code) => {
    const state = someState();
    expect(await codeOf(await state("PUT", body, headers))).toEqual(code);
    expect((await (await state("GET")).json<{ state_version: number }>()).state_version).toBe(0);
  });

  it("is only of conversations, and of pages the key is good for", async () => {
    const get = (id: string, role: "bot" | "elsewhere" = "bot") =>
      call(`/conversations/${id}/state`, undefined, role, {}, "GET");
    expect(await codeOf(await get("7"))).toEqual([400, "invalid_path"]);
    expect(await codeOf(await get("%zz"))).toEqual([400, "invalid_path"]);
    expect(await codeOf(await get("999_7"))).toEqual([404, "no_such_page"]);
    expect(await codeOf(await get("100200300400500_7", "elsewhere"))).toEqual([403, "page_not_allowed"]);
  });
});
