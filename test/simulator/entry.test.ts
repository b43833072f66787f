import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/simulator/environment.ts";
import simulator from "../../src/simulator/index.ts";
import { control, request } from "./world.ts";

describe("the chat page", () => {
  it("is served with a policy that lets only its own files run", async () => {
    const response = await request("/?user=7001");
    const html = await response.text();
    expect(response.headers.get("Content-Type")).toContain("text/html");
    expect(response.headers.get("Content-Security-Policy")).toMatch(/default-src 'none'; script-src 'self'/);
    expect(html).not.toMatch(/\son\w+=|<script>|<style|style=|https?:\/\//);
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await request(String(path))).status).toBe(200);
    }
  });

  it("has the hooks that browser tests hold on to", async () => {
    const html = await (await request("/")).text();
    for (const hook of ["composer", "send", "thread", "typing", "new-user", "user-list"]) {
      expect(html).toContain(`data-testid="${hook}"`);
    }
  });
});

describe("bindings", () => {
  const good = {
    SIM_PAGES: '[{"id":"1","name":"Page","token":"Sesame-1"}]',
    SIM_APP_ID: "2",
    SIM_APP_SECRET: "Sesame-3",
    SIM_VERIFY_TOKEN: "verify",
    SIM_WEBHOOK_URL: "http://127.0.0.1:8787/webhook",
  };

  it("are read when all are there", () => {
    expect(readEnvironment(good)).toMatchObject({
      ok: true,
      environment: { appId: "2", pages: [{ id: "1" }] },
    });
  });

  it.each([
    ["SIM_PAGES", "[]"],
    ["SIM_PAGES", '[{"id":"x","name":"Page","token":"Sesame-1"}]'],
    ["SIM_PAGES", "Sesame-2"],
    ["SIM_APP_ID", "Sesame-4"],
    ["SIM_APP_SECRET", ""],
    ["SIM_VERIFY_TOKEN", undefined],
    ["SIM_WEBHOOK_URL", "sesame.example"],
  ])("that are wrong are named, never shown: %s = %s", (name, value) => {
    const reading = readEnvironment({ ...good, [name]: value });
    expect(reading.ok).toBe(false);
    if (reading.ok) return;
    expect(reading.problems).toHaveLength(1);
    expect(reading.problems[0]).toContain(name);
    expect(reading.problems[0]).not.toMatch(/sesame/i);
  });

  it("that are missing stop the simulator with a sentence", async () => {
    const answer = await simulator.fetch(new Request("http://simulator.test/_sim/health"), {});
    expect(answer.status).toBe(503);
    expect(JSON.stringify(await answer.json())).toContain("SIM_WEBHOOK_URL");
    expect((await simulator.fetch(new Request("http://simulator.test/_sim/users"), {})).status).toBe(503);
  });
});

describe("the door", () => {
  it("says that all is well", async () => {
    expect(await control("GET", "/health")).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("knows which methods a path takes, and which paths there are", async () => {
    const answer = await control("DELETE", "/users");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe("GET");
    expect((await control("GET", "/nowhere")).status).toBe(404);
  });

  it("refuses to be driven by another site's page", async () => {
    const headers = { Origin: "https://elsewhere.example" };
    const response = await request("/_sim/reset", { method: "POST", headers });
    expect(response.status).toBe(403);
  });

  it("draws a picture of each user, whatever their name", async () => {
    await control("PUT", "/users/7001", { first_name: "<b>", last_name: "&" });
    const response = await request("/_sim/users/7001/picture");
    expect(response.headers.get("Content-Type")).toBe("image/svg+xml");
    expect(await response.text()).not.toContain("<b");
  });
});
