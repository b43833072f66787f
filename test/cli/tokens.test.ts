import { afterEach, describe, expect, it } from "vitest";
import { checkApp } from "../../src/cli/meta/app.ts";
import { Graph } from "../../src/cli/meta/graph.ts";
import { type MetaPage, pagesBehind } from "../../src/cli/meta/tokens.ts";
import { type MetaStandIn, metaStandIn, refusal } from "./support/meta.ts";

const app = { id: "900100200300", secret: "the-app-secret" };
const ALL = ["pages_show_list", "pages_messaging", "pages_manage_metadata"];
const PAGE = { is_valid: true, type: "PAGE", app_id: app.id, profile_id: "100", scopes: ALL, expires_at: 0 };

let meta: MetaStandIn | undefined;
afterEach(() => meta?.end());

/** What Meta knows of tokens, and whose pages a person's lead to. */
async function behind(
  token: string,
  known: Record<string, unknown>,
  accounts: unknown[] = [],
  chosen: string[] = [],
): Promise<MetaPage[]> {
  meta = await metaStandIn(({ path, parameters }) => {
    if (path === "/debug_token") {
      const data = known[parameters["input_token"] ?? ""];
      return { body: { data: data ?? { is_valid: false, error: { message: "The session is over." } } } };
    }
    if (path === "/oauth/access_token")
      return { body: { access_token: `lasting-${parameters["fb_exchange_token"]}` } };
    if (path === "/me/accounts") return { body: accounts[Number(parameters["after"] ?? 0)] };
    return path === "/100" ? { body: { name: "Sample Page" } } : undefined;
  });
  return pagesBehind(new Graph(meta.url, "v25.0"), app, token, () => Promise.resolve(chosen));
}

describe("the app", () => {
  it("is known by its secret", async () => {
    meta = await metaStandIn(({ parameters }) =>
      parameters["access_token"] === "900100200300|the-app-secret"
        ? { body: { data: { is_valid: true, type: "APP", application: "Shop" } } }
        : refusal(190, "Invalid OAuth access token signature."),
    );
    const graph = new Graph(meta.url, "v25.0");
    expect(await checkApp(graph, app)).toBe("Shop");
    await expect(checkApp(graph, { ...app, secret: "another" })).rejects.toMatchObject({
      code: "app_secret_wrong",
      message: expect.stringContaining("Invalid OAuth access token signature."),
    });
  });

  it("can't be told where nobody speaks Graph", async () => {
    const graph = new Graph("http://127.0.0.1:9", "v25.0");
    await expect(checkApp(graph, app)).rejects.toMatchObject({ code: "graph_unreachable" });
  });
});

describe("a page's token", () => {
  it("leads to its page", async () => {
    expect(await behind("token", { token: PAGE })).toEqual([
      { id: "100", name: "Sample Page", token: "token", warnings: [] },
    ]);
    const named = meta?.requests.find(({ path }) => path === "/100");
    expect(named?.parameters["appsecret_proof"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is told from one that is no longer good, in Meta's words", async () => {
    await expect(behind("old", {})).rejects.toMatchObject({
      code: "token_invalid",
      message: expect.stringContaining("The session is over."),
    });
  });

  it("has to be of this app", async () => {
    await expect(behind("token", { token: { ...PAGE, app_id: 5 } })).rejects.toMatchObject({
      code: "token_of_another",
      message: expect.stringContaining("app 5"),
    });
    await expect(behind("token", { token: { ...PAGE, type: "APP" } })).rejects.toMatchObject({
      code: "token_of_another",
    });
  });

  it("names the permissions it lacks", async () => {
    await expect(behind("token", { token: { ...PAGE, scopes: ["pages_messaging"] } })).rejects.toMatchObject({
      code: "permissions_missing",
      message: "The token lacks pages_manage_metadata.",
    });
  });

  it("lacks a permission that was granted for other pages alone", async () => {
    const granular_scopes = [{ scope: "pages_messaging", target_ids: ["200"] }];
    await expect(behind("token", { token: { ...PAGE, granular_scopes } })).rejects.toMatchObject({
      message: "The token lacks pages_messaging.",
    });
  });

  it("warns of its end", async () => {
    const [page] = await behind("token", { token: { ...PAGE, expires_at: 1_790_000_000 } });
    expect(page?.warnings).toEqual([expect.stringContaining("ends on 2026-09-21")]);
  });
});

describe("a person's token", () => {
  const USER = { is_valid: true, type: "USER", app_id: app.id, scopes: ALL };
  const pages = [
    {
      data: [{ id: "99", name: "Other", access_token: "page-99" }],
      paging: { next: "https://graph.facebook.com/next", cursors: { after: "1" } },
    },
    {
      data: [{ id: 100, name: "Sample Page", access_token: "page-100" }],
      paging: { cursors: { after: "2" } },
    },
  ];

  it("is exchanged for one that lasts, and leads to the chosen of all its pages", async () => {
    const found = await behind("user", { user: USER, "page-100": PAGE }, pages, ["100"]);
    expect(found).toMatchObject([{ id: "100", token: "page-100" }]);
    const asked = meta?.requests.filter(({ path }) => path === "/me/accounts") ?? [];
    expect(asked.map(({ parameters }) => parameters["access_token"])).toEqual([
      "lasting-user",
      "lasting-user",
    ]);
  });

  it("isn't exchanged if it is a system user's, which lasts", async () => {
    await behind("user", { user: { ...USER, type: "SYSTEM_USER" }, "page-100": PAGE }, pages, ["100"]);
    expect(meta?.requests.some(({ path }) => path === "/oauth/access_token")).toBe(false);
  });

  it("names the permissions that were declined", async () => {
    await expect(behind("user", { user: { ...USER, scopes: ["pages_messaging"] } })).rejects.toMatchObject({
      message: "The token lacks pages_show_list, pages_manage_metadata.",
    });
  });

  it("says so if it leads nowhere", async () => {
    await expect(behind("user", { user: USER }, [{ data: [] }])).rejects.toMatchObject({
      code: "page_not_found",
    });
  });
});
