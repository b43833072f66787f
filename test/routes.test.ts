import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { codeOf, get } from "./support/gateway.ts";

describe("the routes", () => {
  it("tell health without showing a setting", async () => {
    const response = await get("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("answer an unknown path with a problem", async () => {
    const response = await get("/nothing");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await codeOf(response)).toEqual([404, "not_found"]);
  });

  it("answer a wrong method with the right ones", async () => {
    const response = await exports.default.fetch(
      new Request("https://gateway.invalid/webhook", { method: "DELETE" }),
    );
    expect(response.headers.get("allow")).toBe("GET, POST");
    expect(await codeOf(response)).toEqual([405, "method_not_allowed"]);
  });
});
