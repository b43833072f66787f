import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listChannels } from "../../src/api/channels.ts";
import { calling, freshPage, Meta, refusal, SCOPES } from "../api/channels-world.ts";
import { agreed, BrowserWindow, formOf, startLink } from "./browser.ts";

afterEach(() => vi.restoreAllMocks());

const connected = async (id: string) => (await env.PAGE.getByName(id).channel())?.isConnected ?? false;

describe("choosing pages", () => {
  it("shows the pages the person looks after, as a form without script", async () => {
    const [one, two] = [freshPage({ name: "Fish & Chips" }), freshPage()];
    const { status, text, headers } = await new BrowserWindow().picks(new Meta(one, two));
    expect(status).toBe(200);
    for (const page of [one, two]) expect(text).toContain(`value="facebook:${page.id}"`);
    expect(text).toContain("Fish &amp; Chips");
    expect(text).toContain('<html lang="en">');
    expect(text).toMatch(/<fieldset>\s*<legend>/);
    expect(text).not.toMatch(/<script|onclick|EAA/);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src https:; form-action 'self'/,
    );
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("has the style in the page that the policy allows", async () => {
    const { text, headers } = await new BrowserWindow().picks(new Meta(freshPage()));
    const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? "";
    const hash = new Uint8Array(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)),
    ).toBase64();
    expect(headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
  });

  it("connects what is ticked and nothing else, and says what has become of it", async () => {
    const [one, two, three] = [freshPage(), freshPage(), freshPage()];
    const meta = new Meta(one, two, three);
    const browser = new BrowserWindow();
    const picker = await browser.picks(meta, { return_url: "https://shop.example/done" });
    meta.instead.set(`POST ${two.id}/subscribed_apps`, () => refusal(200, "You need MODERATE"));
    const form = formOf(picker, `facebook:${one.id}`, `facebook:${two.id}`);
    const { status, text } = await browser.open("/oauth/pages", form);
    expect(status).toBe(200);
    expect(text).toContain("Partly connected");
    expect(text).toContain("(#200) You need MODERATE, while subscribing to the page.");
    expect(text).toContain('href="https://shop.example/done"');
    expect(await Promise.all([one, two, three].map(({ id }) => connected(id)))).toEqual([true, false, false]);
    const { body } = await calling(listChannels, {});
    expect(body.data).toContainEqual(expect.objectContaining({ source_channel_id: one.id, connected: true }));

    meta.instead.clear();
    const again = await browser.open("/oauth/pages");
    expect(again.text).toContain("connected</span>");
    expect((await browser.open("/oauth/pages", formOf(again, `facebook:${two.id}`))).text).toContain(
      "✓ Connected",
    );
    expect(await connected(two.id)).toBe(true);
  });

  it("connects Instagram accounts where they were asked for and granted", async () => {
    const account = `178416000${Date.now()}`;
    const page = freshPage({ account });
    const browser = new BrowserWindow();
    const picker = await browser.picks(new Meta(page), { instagram: true });
    const { text } = await browser.open("/oauth/pages", formOf(picker, `instagram:${account}`));
    expect(text).toContain("✓ Connected");
    expect([await connected(account), await connected(page.id)]).toEqual([true, false]);
  });

  it("says why there are no Instagram accounts", async () => {
    const meta = new Meta(freshPage({ account: "17841" }));
    meta.granted = SCOPES.filter((one) => !one.startsWith("instagram"));
    const { text } = await new BrowserWindow().picks(meta, { instagram: true });
    expect(text).toContain("Instagram accounts aren’t listed");
    expect(text).not.toContain("instagram:17841");
  });

  it("can't choose pages on which the person may not, whatever the form says", async () => {
    const [without, mine] = [freshPage({ tasks: ["ANALYZE"] }), freshPage({ tasks: ["MESSAGING"] })];
    const browser = new BrowserWindow();
    const picker = await browser.picks(new Meta(without, mine));
    expect(picker.text).toMatch(new RegExp(`value="facebook:${without.id}" disabled`));
    const { text } = await browser.open("/oauth/pages", formOf(picker, `facebook:${without.id}`));
    expect(text).toContain("not_permitted");
    expect(await connected(without.id)).toBe(false);
  });

  it("connects no page but those that the key is good for with which the link was made", async () => {
    const [mine, other] = [freshPage(), freshPage()];
    const meta = new Meta(mine, other);
    const browser = new BrowserWindow();
    const { location: dialog } = await browser.open(await startLink(browser.config, {}, [mine.id]));
    const { location } = await browser.open(agreed(meta, dialog));
    const picker = await browser.open(location);
    expect(picker.text).toMatch(new RegExp(`value="facebook:${mine.id}" checked`));
    expect(picker.text).toMatch(new RegExp(`value="facebook:${other.id}" disabled`));
    const both = formOf(picker, `facebook:${mine.id}`, `facebook:${other.id}`);
    expect((await browser.open("/oauth/pages", both)).text).toContain("This link is for other pages.");
    expect([await connected(mine.id), await connected(other.id)]).toEqual([true, false]);
  });

  it("asks again when nothing is ticked", async () => {
    const browser = new BrowserWindow();
    const picker = await browser.picks(new Meta(freshPage(), freshPage()));
    const { status, text } = await browser.open("/oauth/pages", formOf(picker));
    expect(status).toBe(400);
    expect(text).toContain('role="alert">Choose at least one page.');
  });

  it("says what to do when there is no page", async () => {
    const { text } = await new BrowserWindow().picks(new Meta());
    expect(text).toContain("no_pages");
  });

  it("passes on why Meta doesn't list them", async () => {
    const meta = new Meta();
    meta.instead.set("GET me/accounts", () => refusal(190, "Session has expired", 463));
    const { status, text } = await new BrowserWindow().picks(meta);
    expect(status).toBe(502);
    expect(text).toContain("Session has expired");
  });

  it("takes no form that another site has sent along, or that was made for another browser", async () => {
    const page = freshPage();
    const meta = new Meta(page);
    const [browser, other] = [new BrowserWindow(), new BrowserWindow()];
    await browser.picks(meta);
    const theirs = formOf(await other.picks(meta), `facebook:${page.id}`);
    const none = new URLSearchParams({ channel: `facebook:${page.id}` });
    for (const form of [theirs, none]) {
      const shown = await browser.open("/oauth/pages", form);
      expect([shown.status, shown.text.includes("form_invalid")]).toEqual([403, true]);
    }
    expect(await connected(page.id)).toBe(false);
  });

  it("shows nothing without a login", async () => {
    new Meta();
    for (const form of [undefined, new URLSearchParams({ channel: "facebook:1" })]) {
      const shown = await new BrowserWindow().open("/oauth/pages", form);
      expect([shown.status, shown.text.includes("no_login")]).toEqual([403, true]);
    }
  });
});
