import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { type Config, readConfig } from "../../src/env.ts";
import { pageId } from "../../src/ids.ts";
import type { ListedChannel } from "../../src/pages/directory/channels.ts";
import { directoryOf } from "../../src/pages/served.ts";
import { forgetSetup } from "../../src/pages/setup.ts";
import { checkDue } from "../../src/self-check/round.ts";
import { appView, pageView } from "../../src/self-check/view.ts";

/** Meta, in the place of `fetch`, and a gateway whose pages it has, as far as checks go. */

export const APP = "900100200300";
export const OTHER_APP = "900100200301";
export const VERIFY_TOKEN = "verify-token-of-tests";
export const HERE = "https://gateway.example";
export const CALLBACK = `${HERE}/webhook`;
export const SCOPES = ["pages_show_list", "pages_messaging", "pages_manage_metadata"];
export const FIELDS = [
  "messages",
  "messaging_postbacks",
  "message_echoes",
  "messaging_optins",
  "messaging_referrals",
  "messaging_handovers",
  "standby",
];

interface MetaPage {
  id: string;
  token: string;
  /** Of the token, as `debug_token` tells. */
  facts: Record<string, unknown>;
  /** `null`: the app isn't on the page. */
  fields: string[] | null;
  /** The page's Instagram account. */
  account?: string;
}

interface Subscription {
  callback_url: string;
  fields: string[];
  active?: boolean;
}

interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  body: any;
  token: string;
}

type Answer = { status?: number; body: unknown };

export const refusal = (code: number, message: string, error_subcode?: number): Answer => ({
  status: 400,
  body: { error: { message, type: "OAuthException", code, error_subcode, fbtrace_id: "A" } },
});

export class Meta {
  readonly calls: Call[] = [];
  readonly pages: MetaPage[] = [];
  readonly secrets = new Map([
    [APP, "first-app-secret"],
    [OTHER_APP, "other-app-secret"],
  ]);
  /** By app and object. */
  readonly subscriptions = new Map<string, Subscription>();
  /** Fields that there are not. */
  readonly unknownFields = new Set<string>();
  /** Answers instead of the usual ones, by `METHOD path`; what throws isn't reached. */
  readonly instead = new Map<string, () => Answer>();
  isUp = true;
  /** Whether the gateway's handshake comes back. */
  isReachingUs = true;

  constructor() {
    this.subscriptions.set(`${APP} page`, { callback_url: CALLBACK, fields: FIELDS });
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      if (!this.isUp) throw new Error("Network connection lost.");
      const { status = 200, body } = this.#answer(await callIn(new Request(input, init)));
      return Response.json(body, { status });
    });
  }

  page(more: Partial<MetaPage> = {}, facts: Record<string, unknown> = {}): MetaPage {
    const id = String(Math.floor(1e15 + Math.random() * 8e15));
    const known = {
      type: "PAGE",
      profile_id: id,
      app_id: APP,
      is_valid: true,
      expires_at: 0,
      scopes: SCOPES,
    };
    const page = { id, token: `TOKEN-OF-${id}`, facts: { ...known, ...facts }, fields: FIELDS, ...more };
    this.pages.push(page);
    return page;
  }

  /** What was changed. */
  changes(): Call[] {
    return this.calls.filter(({ method }) => method !== "GET");
  }

  #answer(call: Call): Answer {
    this.calls.push(call);
    const { method, path, query, token } = call;
    const instead = this.instead.get(`${method} ${path}`);
    if (instead) return instead();
    const [node = "", edge] = path.split("/");
    const app = [...this.secrets].find(([id, secret]) => token === `${id}|${secret}`)?.[0];
    if (path === "debug_token") {
      if (app === undefined) return refusal(190, "Invalid OAuth access token signature.");
      const page = this.pages.find((one) => one.token === query.get("input_token"));
      const facts = page?.facts ?? {
        is_valid: false,
        error: { code: 190, message: "Malformed" },
        scopes: [],
      };
      return { body: { data: facts } };
    }
    if (edge === "subscriptions") {
      return app === node ? this.#subscriptions(app, call) : refusal(190, "Invalid OAuth access token.");
    }
    const page = this.pages.find((one) => one.token === token && (one.id === node || node === "me"));
    if (!page) return refusal(190, "Invalid OAuth access token.", 463);
    if (edge === "subscribed_apps") return this.#subscribedApps(page, call);
    return {
      body: { id: page.id, ...(page.account ? { instagram_business_account: { id: page.account } } : {}) },
    };
  }

  #subscriptions(app: string, { method, body }: Call): Answer {
    if (method === "GET") {
      const data = ["page", "instagram"].flatMap((object) => {
        const one = this.subscriptions.get(`${app} ${object}`);
        const fields = one?.fields.map((name) => ({ name, version: "v25.0" }));
        return one ? [{ object, active: true, ...one, fields }] : [];
      });
      return { body: { data } };
    }
    const fields: string[] = body.fields.split(",");
    const unknown = fields.find((field) => this.unknownFields.has(field));
    if (unknown !== undefined) return refusal(100, `(#100) Param fields: unknown field ${unknown}`);
    if (!this.isReachingUs || body.verify_token !== VERIFY_TOKEN) {
      return refusal(2200, "(#2200) Callback verification failed");
    }
    this.subscriptions.set(`${app} ${body.object}`, { callback_url: body.callback_url, fields });
    return { body: { success: true } };
  }

  #subscribedApps(page: MetaPage, { method, body }: Call): Answer {
    if (method === "GET") {
      return { body: { data: page.fields ? [{ id: APP, subscribed_fields: page.fields }] : [] } };
    }
    const fields: string[] = body.subscribed_fields;
    if (fields.some((field) => this.unknownFields.has(field))) return refusal(100, "(#100) unknown field");
    page.fields = fields;
    return { body: { success: true } };
  }
}

async function callIn(request: Request): Promise<Call> {
  const { pathname, searchParams } = new URL(request.url);
  const text = await request.text();
  return {
    method: request.method,
    path: pathname.replace(/^\/v\d+\.\d+\//, ""),
    query: searchParams,
    body: text === "" ? {} : JSON.parse(text),
    token: request.headers.get("authorization")?.replace("Bearer ", "") ?? "",
  };
}

/** A gateway with these pages in its secrets, and no others. */
export function gatewayWith(pages: MetaPage[], more: Record<string, string> = {}): Config {
  const read = readConfig({
    ...env,
    PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(pages.map(({ id, token }) => [id, token]))),
    SEALING_KEY: btoa("s".repeat(32)),
    PUBLIC_URL: HERE,
    ...more,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  for (const { id } of pages) forgetSetup(pageId(id));
  return read.config;
}

/** Of a page that was connected at run time. */
export const listed = (page: string, more: Partial<ListedChannel> = {}): ListedChannel => ({
  id: crypto.randomUUID(),
  source: "facebook",
  sourceChannelId: page,
  facebookPage: page,
  appId: null,
  name: null,
  imageUrl: null,
  isConnected: true,
  tokenIn: "object",
  connectedAt: 1,
  ...more,
});

/** Forgets every channel and check there was. */
export const emptyDirectory = (): Promise<void> =>
  runInDurableObject(directoryOf(env), (_, { storage }) => {
    for (const table of ["channel", "checked"]) storage.sql.exec(`DELETE FROM ${table}`);
  });

/** Checks everything, as the cron trigger does, and shows what is known then. */
export async function check(config: Config, now = Date.now(), atMost?: number) {
  const turns = await checkDue({ config, env }, now, atMost);
  return { turns, ...(await shown(config)) };
}

export async function shown(config: Config) {
  const list = await directoryOf(env).listChecks([...config.pageTokens.keys()], null, null, 1000);
  const none = { lastWebhookAt: null, gates: [] };
  return {
    apps: config.apps.map(({ id }) => appView(id, (id && list.apps.get(id)) || null)),
    pages: list.pages.map((one) => pageView(one, none)),
  };
}

/** The state of the only page, and the codes of its problems. */
export async function checkOne(config: Config, now?: number): Promise<[string, ...string[]]> {
  const { pages } = await check(config, now);
  const [page, ...others] = pages;
  if (!page || others.length > 0) throw new Error(`${pages.length} pages`);
  return [page.state, ...page.problems.map(({ code }) => code)];
}

/** The state of the first app, and the codes of its problems. */
export async function checkFirstApp(config: Config): Promise<[string, ...string[]]> {
  const [app] = (await check(config)).apps;
  if (!app) throw new Error("no app");
  return [app.state, ...app.problems.map(({ code }) => code)];
}
