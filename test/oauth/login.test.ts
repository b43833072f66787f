import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sign } from "../../src/oauth/signed.ts";
import { makeStartLink } from "../../src/oauth/start.ts";
import { calling, configWith, freshPage, KEYS, Meta, refusal } from "../api/channels-world.ts";
import { agreed, BrowserWindow, startLink } from "./browser.ts";

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

describe("beginning a login", () => {
  it("leads to Meta's dialog for the app, with what is needed and nothing more", async () => {
    const browser = new BrowserWindow();
    const dialog = await browser.begins();
    expect(dialog.origin + dialog.pathname).toBe("https://facebook.invalid/v25.0/dialog/oauth");
    const asked = Object.fromEntries(dialog.searchParams);
    expect(asked).toMatchObject({
      client_id: "900100200300",
      redirect_uri: "https://gateway.invalid/connector/callback",
      response_type: "code",
      scope: "pages_show_list,pages_messaging,pages_manage_metadata",
      code_challenge_method: "S256",
    });
    expect(asked["code_challenge"]).toMatch(/^[\w-]{43}$/);
  });

  it("asks for Instagram's permissions, or by a configuration, when it is told to", async () => {
    const browser = new BrowserWindow();
    expect((await browser.begins({ instagram: true })).searchParams.get("scope")).toContain(
      "instagram_manage_messages",
    );
    const { searchParams } = await browser.begins({ config_id: "4242" });
    expect([searchParams.get("config_id"), searchParams.get("scope")]).toEqual(["4242", null]);
  });

  it("makes no link that is too long to be followed", async () => {
    const config = configWith();
    const refusal = async (wish: Record<string, unknown>, pages?: string[]) => {
      const caller = { name: "admin", role: "admin" as const, pages };
      const { status, body } = await calling(makeStartLink, wish, config, caller);
      return [status, body.code];
    };
    const invalid = [400, "invalid_body"];
    expect(await refusal({ return_url: `https://shop.example/${"ü".repeat(300)}` })).toEqual(invalid);
    const many = Array.from({ length: 200 }, (_, at) => String(100200300400500 + at));
    expect(await refusal({}, many)).toEqual(invalid);
    const return_url = `https://shop.example/${"x".repeat(900)}`;
    const browser = new BrowserWindow(config);
    const back = agreed(new Meta(freshPage()), await browser.begins({ return_url }));
    expect((await browser.open(back)).status).toBe(303);
  });

  it("goes by PUBLIC_URL where there is one", async () => {
    const config = configWith({ PUBLIC_URL: "https://chat.example.com/" });
    expect(await startLink(config)).toMatch(/^https:\/\/chat\.example\.com\/oauth\/start\?link=/);
    const { searchParams } = await new BrowserWindow(config).begins();
    expect(searchParams.get("redirect_uri")).toBe("https://chat.example.com/connector/callback");
  });

  it("binds it to the browser by a cookie that no script and no other site gets", async () => {
    const { headers } = await new BrowserWindow().open(await startLink(configWith()));
    const cookie = headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-messengate-login=[\w-]{43}\.[\w-]{43}; Path=\/; Max-Age=\d+;/);
    for (const one of ["HttpOnly", "SameSite=Lax", "Secure"]) expect(cookie).toContain(one);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("does without https on a developer's own machine", async () => {
    const config = configWith({ PUBLIC_URL: "http://127.0.0.1:8787" });
    const { headers } = await new BrowserWindow(config).open(await startLink(config));
    expect(headers.get("set-cookie")).toMatch(/^messengate-login=/);
    expect(headers.get("set-cookie")).not.toContain("Secure");
  });

  it("takes a link once", async () => {
    const link = await startLink(configWith());
    expect((await new BrowserWindow().open(link)).status).toBe(302);
    const again = await new BrowserWindow().open(link);
    expect(again.status).toBe(409);
    expect(again.text).toContain("link_used");
  });

  it("takes a link for ten minutes", async () => {
    const link = await startLink(configWith());
    pass(10 * MINUTE);
    const late = await new BrowserWindow().open(link);
    expect([late.status, late.text.includes("link_expired")]).toEqual([410, true]);
  });

  it("takes nothing that isn't such a link", async () => {
    const config = configWith();
    const link = new URL(await startLink(config));
    const text = link.searchParams.get("link") ?? "";
    const state = (await new BrowserWindow().begins()).searchParams.get("state") ?? "";
    for (const odd of ["", "x", `${text}A`, `A${text}`, text.replace(".", ""), state]) {
      const shown = await new BrowserWindow().open(`/oauth/start?link=${encodeURIComponent(odd)}`);
      expect([shown.status, shown.text.includes("link_invalid")]).toEqual([403, true]);
    }
    expect((await new BrowserWindow(configWith({ SEALING_KEY: KEYS.old })).open(link)).status).toBe(403);
    const rotated = configWith({ SEALING_KEY: `${KEYS.old},${KEYS.new}` });
    expect((await new BrowserWindow(rotated).open(link)).status).toBe(302);
  });

  it.each([
    [{ SEALING_KEY: "" }, {}, 409, "sealing_key_required"],
    [{ META_APP_ID: "" }, {}, 409, "app_id_required"],
    [{}, { app_id: "42" }, 400, "no_such_app"],
    [{}, { return_url: "javascript:alert(1)" }, 400, "invalid_body"],
    [{}, { return_url: "http://shop.example/" }, 400, "invalid_body"],
  ])("gives no link with %j, %j", async (settings, wish, status, code) => {
    const answer = await calling(makeStartLink, wish, configWith(settings));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe("coming back from Meta", () => {
  it("redeems the code with PKCE's verifier, and leaves neither code nor state in the address bar", async () => {
    const meta = new Meta(freshPage());
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    const { status, location, headers } = await browser.open(back);
    expect(status).toBe(303);
    expect(location.href).toBe("https://gateway.invalid/oauth/pages");
    expect(headers.get("cache-control")).toBe("no-store");
    const fields = new URLSearchParams(meta.calls.find(({ path }) => path === "oauth/access_token")?.body);
    expect(fields.get("redirect_uri")).toBe("https://gateway.invalid/connector/callback");
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(fields.get("code_verifier") ?? ""),
    );
    const challenge = new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
    expect(meta.codes.get(fields.get("code") ?? "")).toBe(challenge);
  });

  it("has no secret in any address that is called", async () => {
    const meta = new Meta(freshPage());
    const browser = new BrowserWindow();
    await browser.open(await browser.logsIn(meta));
    for (const { query } of meta.calls) {
      expect(query.toString()).not.toMatch(/first-app-secret|EAAU|code_verifier/);
    }
  });

  it("refuses a state that was changed, or made for something else", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    const state = back.searchParams.get("state") ?? "";
    const [payload = "", signature = ""] = state.split(".");
    const other = { ...JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))), app: "42" };
    const forged = btoa(JSON.stringify(other)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const elsewhere = await sign(configWith({ SEALING_KEY: KEYS.old }).sealingKeys, "state", other);
    const link = await sign(browser.config.sealingKeys, "start link", other);
    for (const odd of ["", state.slice(1), `${forged}.${signature}`, elsewhere, link]) {
      back.searchParams.set("state", odd);
      const shown = await browser.open(back);
      expect([shown.status, shown.text.includes("state_invalid")]).toEqual([400, true]);
    }
    expect(meta.calls).toEqual([]);
  });

  it("refuses another browser, and one that has begun another login since", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    const other = new BrowserWindow();
    expect((await other.open(back)).text).toContain("other_browser");
    await other.begins();
    expect(await other.open(back)).toMatchObject({
      status: 403,
      text: expect.stringContaining("other_browser"),
    });
    expect(meta.calls).toEqual([]);
    expect((await browser.open(back)).status).toBe(303);
  });

  it("refuses a second time, whether the first went well or not", async () => {
    const meta = new Meta(freshPage());
    for (const answer of ["code", "error"]) {
      const browser = new BrowserWindow();
      const back = await browser.logsIn(meta);
      if (answer === "error") {
        back.searchParams.delete("code");
        back.searchParams.set("error", "access_denied");
      }
      await browser.open(back);
      const calls = meta.calls.length;
      const again = await browser.open(back);
      expect([again.status, again.text.includes("state_used")]).toEqual([409, true]);
      expect(meta.calls.length).toBe(calls);
    }
  });

  it("refuses what comes later than ten minutes", async () => {
    const browser = new BrowserWindow();
    const back = await browser.logsIn(new Meta());
    pass(10 * MINUTE);
    const late = await browser.open(back);
    expect([late.status, late.text.includes("state_expired")]).toEqual([410, true]);
  });

  it("says that nothing was connected when the person cancels", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    back.searchParams.delete("code");
    back.searchParams.set("error", "access_denied");
    back.searchParams.set("error_reason", "user_denied");
    const shown = await browser.open(back);
    expect([shown.status, shown.text.includes("access_denied")]).toEqual([403, true]);
    expect(shown.text).toContain("Nothing was connected");
    expect(meta.calls).toEqual([]);
  });

  it("passes on what Meta says, as text and never as markup", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    back.searchParams.delete("code");
    back.searchParams.set("error_code", "1349187");
    back.searchParams.set("error_message", '<script>alert("x")</script>');
    const shown = await browser.open(back);
    expect(shown.text).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(shown.text).not.toContain("<script");
  });

  it("says when Meta doesn't take the code, without repeating it", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    const code = back.searchParams.get("code") ?? "";
    meta.instead.set("POST oauth/access_token", () => refusal(100, `Code ${code} has expired`, 36007));
    const shown = await browser.open(back);
    expect(shown.text).toContain("code_refused");
    expect(shown.text).toContain("(#100/36007) Code [token] has expired");
  });

  it("doesn't repeat the person's token when Meta does, whatever the status", async () => {
    const meta = new Meta();
    const browser = new BrowserWindow();
    const back = await browser.logsIn(meta);
    let spoken = 0;
    meta.instead.set("POST oauth/access_token", ({ body }) => {
      const token = new URLSearchParams(body).get("fb_exchange_token");
      if (spoken++ === 0) return { body: { access_token: "EAAU-short-lived" } };
      return { body: { error: { code: 190, message: `Malformed access token ${token}` } } };
    });
    const shown = await browser.open(back);
    expect(shown.text).toContain("Malformed access token [token]");
    expect(shown.text).not.toContain("EAAU");
  });

  it("names the permissions that were declined", async () => {
    const meta = new Meta();
    meta.granted = ["pages_show_list"];
    meta.declined = ["pages_messaging", "pages_manage_metadata"];
    const browser = new BrowserWindow();
    const shown = await browser.open(await browser.logsIn(meta));
    expect([shown.status, shown.text.includes("permission_missing")]).toEqual([403, true]);
    expect(shown.text).toContain("pages_messaging and pages_manage_metadata");
    expect((await browser.open("/oauth/pages")).status).toBe(403);
  });
});

describe("the person's token", () => {
  it("is kept sealed, for ten minutes, and then deleted", async () => {
    const meta = new Meta(freshPage());
    const browser = new BrowserWindow();
    await browser.picks(meta);
    const directory = env.DIRECTORY.getByName("pages");
    const rows = () =>
      runInDurableObject(directory, (_, { storage }) =>
        storage.sql.exec("SELECT * FROM login WHERE token IS NOT NULL").toArray(),
      );
    expect(JSON.stringify(await rows())).toContain("v1.");
    expect(JSON.stringify(await rows())).not.toContain("EAAU");
    pass(10 * MINUTE);
    expect((await browser.open("/oauth/pages")).text).toContain("no_login");
    await runDurableObjectAlarm(directory);
    expect(await rows()).toEqual([]);
  });

  it("isn't another browser's to use, even if it knows the login", async () => {
    const meta = new Meta(freshPage());
    const browser = new BrowserWindow();
    const dialog = await browser.begins();
    await browser.open(agreed(meta, dialog));
    const [payload = ""] = (dialog.searchParams.get("state") ?? "").split(".");
    const { login } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const thief = new BrowserWindow();
    thief.setCookie("__Host-messengate-login", `${login}.${"A".repeat(43)}`);
    expect((await thief.open("/oauth/pages")).text).toContain("no_login");
    expect((await browser.open("/oauth/pages")).status).toBe(200);
  });
});
