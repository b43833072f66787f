import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** Logging in and choosing pages, as a browser does it; Meta's dialog is the simulator's. */

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
beforeEach(() => answers({ answer: "agree", declined: [] }));

const answers = (manner: Record<string, unknown>) =>
  fetch(`${world.meta.url}/_sim/login`, { method: "PUT", body: JSON.stringify(manner) });

/** A browser that goes where it is sent. */
function browser() {
  const cookies = new Map<string, string>();
  return async function open(address: string, form?: URLSearchParams) {
    let url = new URL(address);
    let body = form;
    for (let steps = 0; steps < 10; steps++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const isOurs = url.origin === world.gateway.url;
      const response = await fetch(url, {
        method: body ? "POST" : "GET",
        redirect: "manual",
        headers: isOurs ? { cookie } : {},
        ...(body ? { body } : {}),
      });
      const [, name, value = ""] = /^([^=]+)=([^;]*)/.exec(response.headers.get("set-cookie") ?? "") ?? [];
      if (name !== undefined) cookies.set(name, value);
      const location = response.headers.get("location");
      if (location === null) return { url, status: response.status, text: await response.text() };
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error("it goes round in circles");
  };
}

async function startLink(wish: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await world.call("/oauth.start", wish, "admin");
  expect(status).toBe(200);
  return String(body["url"]);
}

function ticked(text: string, ...pages: string[]): URLSearchParams {
  const form = new URLSearchParams({ form: /name="form" value="([^"]*)"/.exec(text)?.[1] ?? "" });
  for (const page of pages) form.append("channel", `facebook:${page}`);
  return form;
}

describe("logging in with a link", () => {
  it("leads over Meta's dialog to the pages, of which those chosen are connected and answered", async () => {
    const open = browser();
    const picker = await open(await startLink());
    expect([picker.status, picker.url.pathname, picker.url.search]).toEqual([200, "/oauth/pages", ""]);
    for (const page of [PAGE, SHOP, CLUB]) expect(picker.text).toContain(`value="facebook:${page}"`);

    const result = await open(`${world.gateway.url}/oauth/pages`, ticked(picker.text, SHOP, CLUB));
    expect(result.text.match(/✓ Connected/g)).toHaveLength(2);
    const person = world.person(SHOP);
    await person.getsAnswer([{ message: { text: "Welcome" } }]);
    expect((await person.seesOne()).text).toBe("Welcome");
  });

  it("works once", async () => {
    const link = await startLink();
    expect((await browser()(link)).status).toBe(200);
    const again = await browser()(link);
    expect([again.status, again.text.includes("link_used")]).toEqual([409, true]);
  });

  it("is for administrators to give out", async () => {
    expect((await world.call("/oauth.start", {}, "operator")).status).toBe(403);
    const none = await browser()(`${world.gateway.url}/oauth/start`);
    expect([none.status, none.text.includes("link_invalid")]).toEqual([403, true]);
  });

  it("connects nothing when the person cancels", async () => {
    await answers({ answer: "cancel" });
    const shown = await browser()(await startLink());
    expect([shown.status, shown.text.includes("access_denied")]).toEqual([403, true]);
  });

  it("names what the person declined", async () => {
    await answers({ declined: ["pages_manage_metadata"] });
    const shown = await browser()(await startLink());
    expect(shown.text).toContain("permission_missing");
    expect(shown.text).toContain("pages_manage_metadata");
  });

  it("isn't for another browser to end", async () => {
    await answers({ answer: "ask" });
    const [mine, theirs] = [browser(), browser()];
    const dialog = await mine(await startLink());
    expect(dialog.text).toContain("grant_pages_messaging");
    await answers({ answer: "agree" });
    const shown = await theirs(dialog.url.href);
    expect([shown.status, shown.text.includes("other_browser")]).toEqual([403, true]);
    expect((await mine(dialog.url.href)).url.pathname).toBe("/oauth/pages");
  });
});
