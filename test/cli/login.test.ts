import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Graph } from "../../src/cli/meta/graph.ts";
import { logIn } from "../../src/cli/meta/login.ts";
import { type Ask, askNobody } from "../../src/cli/terminal/ask.ts";
import { challengeOf, type MetaStandIn, metaStandIn, refusal } from "./support/meta.ts";

const app = { id: "900100200300", secret: "the-app-secret" };
let meta: MetaStandIn;
let said: string[];

beforeEach(async () => {
  said = [];
  meta = await metaStandIn(({ path, parameters }) => {
    if (path !== "/oauth/access_token") return undefined;
    return parameters["code"] === "good"
      ? { body: { access_token: "user-token" } }
      : refusal(100, "Bad code.");
  });
});
afterEach(() => meta.end());

/** Begins a login, and waits for the address it prints. */
async function begin(ask: Ask = askNobody(false)) {
  const graph = new Graph(meta.url, "v25.0");
  const dialogRoot = "https://www.facebook.com/v25.0";
  const token = logIn({ graph, app, dialogRoot, hasBrowser: false, ask, say: (text) => said.push(text) });
  token.catch(() => undefined);
  const dialog = await vi.waitFor(() => {
    const address = said.find((text) => text.includes("dialog/oauth"));
    if (address === undefined) throw new Error("not yet");
    return new URL(address.trim());
  });
  const back = (parameters: Record<string, string>) =>
    fetch(`${dialog.searchParams.get("redirect_uri")}?${new URLSearchParams(parameters)}`);
  return { token, dialog, back, state: dialog.searchParams.get("state") ?? "" };
}

describe("a login from the terminal", () => {
  it("asks for what a page needs, and brings the token home", async () => {
    const { token, dialog, back, state } = await begin();
    expect(dialog.origin + dialog.pathname).toBe("https://www.facebook.com/v25.0/dialog/oauth");
    expect(dialog.searchParams.get("scope")).toBe("pages_show_list,pages_messaging,pages_manage_metadata");
    expect((await back({ code: "good", state })).status).toBe(200);
    expect(await token).toBe("user-token");
  });

  it("proves that who exchanges the code is who asked for it", async () => {
    const { token, dialog, back, state } = await begin();
    await back({ code: "good", state });
    await token;
    const [exchange] = meta.requests;
    expect(dialog.searchParams.get("code_challenge_method")).toBe("S256");
    expect(challengeOf(exchange?.parameters["code_verifier"] ?? "")).toBe(
      dialog.searchParams.get("code_challenge"),
    );
    expect(exchange?.parameters["redirect_uri"]).toBe(dialog.searchParams.get("redirect_uri"));
  });

  it("isn't ended by who doesn't know its state", async () => {
    const { token, back, state } = await begin();
    expect((await back({ code: "evil", state: `${state}x` })).status).toBe(400);
    expect((await back({ code: "evil" })).status).toBe(400);
    expect(meta.requests).toEqual([]);
    await back({ code: "good", state });
    expect(await token).toBe("user-token");
  });

  it("answers nothing but its own path", async () => {
    const { back, state, dialog, token } = await begin();
    const redirect = new URL(dialog.searchParams.get("redirect_uri") ?? "");
    expect((await fetch(new URL("/", redirect))).status).toBe(404);
    await back({ code: "good", state });
    await token;
    await expect(fetch(redirect)).rejects.toThrow();
  });

  it("tells that the person said no", async () => {
    const { token, back, state } = await begin();
    await back({ error: "access_denied", state });
    await expect(token).rejects.toMatchObject({
      code: "login_failed",
      message: expect.stringContaining("cancelled"),
    });
  });

  it("tells what Meta said to the code", async () => {
    const { token, back, state } = await begin();
    await back({ code: "used", state });
    await expect(token).rejects.toMatchObject({
      code: "graph_refused",
      message: expect.stringContaining("Bad code."),
    });
  });

  it("takes the address that a browser on another machine ended at", async () => {
    const typed = Promise.withResolvers<string>();
    const { token, state } = await begin({
      ...askNobody(false),
      isPossible: true,
      text: () => typed.promise,
    });
    typed.resolve(`http://localhost:1/callback?code=good&state=${state}`);
    expect(await token).toBe("user-token");
  });

  it("doesn't take the address of another login", async () => {
    const typed = Promise.withResolvers<string>();
    const { token } = await begin({ ...askNobody(false), isPossible: true, text: () => typed.promise });
    typed.resolve("http://localhost:1/callback?code=good&state=another");
    await expect(token).rejects.toMatchObject({ code: "login_failed" });
    expect(meta.requests).toEqual([]);
  });
});
