import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { pageOf } from "../../src/api/target.ts";
import { readConfig } from "../../src/env.ts";
import { pageId } from "../../src/ids.ts";
import { Directory } from "../../src/pages/directory.ts";
import { seal } from "../../src/pages/sealing.ts";

afterEach(() => vi.restoreAllMocks());

const ANYBODY = { pages: undefined };

function config() {
  const read = readConfig({ ...env, SEALING_KEY: btoa("k".repeat(32)) });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

describe("the page a call is about", () => {
  it("is found without the list of all pages, if it was connected while the gateway runs", async () => {
    const page = pageId("5560001000001");
    const token = await seal(config().sealingKeys, "TOKEN", { page, purpose: "page_token" });
    const nameless = { appId: null, name: null, imageUrl: null };
    const connection = { source: "facebook" as const, facebookPage: page, token, ...nameless };
    await env.PAGE.getByName(page).connectChannel(connection);
    const listed = vi.spyOn(Directory.prototype, "list");
    const found = await pageOf(page, config(), env, ANYBODY);
    expect(found).toMatchObject({ ok: true, setup: { page, token: "TOKEN" } });
    expect(listed).not.toHaveBeenCalled();
  });

  it("is none that nobody has connected", async () => {
    const found = await pageOf("5560001000002", config(), env, ANYBODY);
    expect(found.ok ? 200 : found.response.status).toBe(404);
  });
});
