import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser, skipBrowser } from "../e2e/support/browser.ts";
import { OTHER_PAGES, PAGE, startWorld, type World } from "./support/world.ts";

/** The pages of a login in a real browser: by keyboard, without script, on small and large screens. */

const [SHOP] = OTHER_PAGES;

describe.skipIf(skipBrowser)("connecting pages in a browser", () => {
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    world = await startWorld(
      {},
      {
        SEALING_KEY: randomBytes(32).toString("base64"),
        PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: `TOKEN-OF-${PAGE}` }),
      },
    );
    await fetch(`${world.meta.url}/_sim/login`, { method: "PUT", body: '{"answer":"ask"}' });
    browser = await openBrowser();
  });
  afterAll(() => Promise.all([browser?.close(), world?.end()]));

  it.each([
    [1280, 900],
    [375, 700],
  ])("works at a width of %d without script and mouse", async (width, height) => {
    const context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: false });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    const { body } = await world.call("/oauth.start", {}, "admin");

    await page.goto(String(body["url"]));
    await page.getByRole("button", { name: "Continue" }).press("Enter");
    await page.waitForURL(`${world.gateway.url}/oauth/pages`);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Choose what to connect");
    const group = page.getByRole("group", { name: "Pages you look after" });
    const box = group.getByRole("checkbox", { name: new RegExp(`Page ${SHOP}`) });
    expect(await box.isChecked()).toBe(false);

    // Tab goes from box to box, and Space ticks the one it has come to: the second page's.
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    expect(await box.isChecked()).toBe(true);
    const list = await group.boundingBox();
    expect((list?.x ?? 0) + (list?.width ?? 0)).toBeLessThanOrEqual(width);
    await page.keyboard.press("Enter");

    await page.getByRole("heading", { name: "Connected" }).waitFor();
    expect(await page.getByText("✓ Connected").count()).toBe(1);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
