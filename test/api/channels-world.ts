import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { ApiCall, CallContext } from "../../src/api/call.ts";
import type { Config } from "../../src/env.ts";
import { readConfig } from "../../src/env.ts";

/** Meta and a gateway with sealing keys, as far as connecting pages takes them. */

export const APP = "900100200300";
const SECRET = "first-app-secret";
export const KEYS = {
  new: btoa("n".repeat(32)),
  old: btoa("o".repeat(32)),
};
export const SCOPES = [
  "pages_show_list",
  "pages_messaging",
  "pages_manage_metadata",
  "instagram_basic",
  "instagram_manage_messages",
];
const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600;

/** A page nobody else has. */
export interface MetaPage {
  id: string;
  token: string;
  name: string;
  tasks?: string[];
  account?: string;
  hasNoRole?: boolean;
}

interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: string;
  token: string | undefined;
}

type Answer = { status?: number; body: unknown };

let pages = 0;
export const freshPage = (more: Partial<MetaPage> = {}): MetaPage => {
  const id = `5550001000${String(++pages).padStart(5, "0")}`;
  return { id, token: `EAAG-page-token-${id}`, name: `Page ${pages}`, ...more };
};

/** Plays Meta in the place of `fetch`. */
export class Meta {
  readonly calls: Call[] = [];
  readonly pages: MetaPage[];
  /** What tokens are, beside pages' own. */
  readonly tokens = new Map<string, Record<string, unknown>>();
  /** Fields by page, while the app is on it. */
  readonly subscribed = new Map<string, string[]>();
  /** Answers instead of the usual ones, by `METHOD path`. */
  readonly instead = new Map<string, (call: Call) => Answer>();
  granted = SCOPES;
  declined: string[] = [];
  /** Codes that were given out, with the challenge they came with. */
  readonly codes = new Map<string, string>();

  constructor(...pages: MetaPage[]) {
    this.pages = pages;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const { status = 200, body } = this.#answer(await callIn(new Request(input, init), init?.body));
      return Response.json(body, { status });
    });
  }

  /** A token of a person who manages the pages. */
  person(token = `EAAU-person-${crypto.randomUUID()}`, more: Record<string, unknown> = {}): string {
    this.tokens.set(token, { type: "USER", user_id: "1", expires_at: IN_AN_HOUR, ...more });
    return token;
  }

  pathsOf(method: string): string[] {
    return this.calls.filter((one) => one.method === method).map(({ path }) => path);
  }

  #answer(call: Call): Answer {
    this.calls.push(call);
    const { method, path, token = "" } = call;
    const instead = this.instead.get(`${method} ${path}`);
    if (instead) return instead(call);
    if (path === "debug_token") return { body: { data: this.#facts(call.query.get("input_token") ?? "") } };
    if (path === "oauth/access_token") return this.#exchange(new URLSearchParams(call.body));
    if (path === "me/permissions") return { body: { data: this.#permissions() } };
    if (path === "me/accounts") {
      const managed = this.pages.filter(({ hasNoRole }) => !hasNoRole);
      return { body: { data: managed.map((page) => this.#node(page, call)) } };
    }
    const [id, edge] = path.split("/");
    const page = this.pages.find((one) => one.id === id || (id === "me" && one.token === token));
    if (!page) return refusal(100, `Unsupported get request. Object with ID '${id}' does not exist`, 33);
    if (edge === undefined) return { body: this.#node(page, call) };
    if (edge !== "subscribed_apps" || token !== page.token) return refusal(190, "Invalid OAuth access token");
    if (method === "POST") this.subscribed.set(page.id, JSON.parse(call.body).subscribed_fields);
    if (method === "DELETE") this.subscribed.delete(page.id);
    return { body: { success: true } };
  }

  #facts(token: string): Record<string, unknown> {
    const common = { app_id: APP, is_valid: true, expires_at: 0, scopes: SCOPES };
    const page = this.pages.find((one) => one.token === token);
    const known = this.tokens.get(token);
    if (page) return { ...common, type: "PAGE", profile_id: page.id, ...known };
    return known
      ? { ...common, ...known }
      : { is_valid: false, error: { code: 190, message: `Bad ${token}` } };
  }

  #exchange(fields: URLSearchParams): Answer {
    if (fields.get("client_id") !== APP || fields.get("client_secret") !== SECRET) {
      return refusal(101, "Error validating application.");
    }
    const code = fields.get("code");
    if (code !== null && !this.codes.has(code)) {
      return refusal(100, "This authorization code has been used.", 36009);
    }
    const isLong = fields.get("grant_type") === "fb_exchange_token";
    const token = this.person(`EAAU-${isLong ? "long" : "short"}-${crypto.randomUUID()}`);
    return { body: { access_token: token, token_type: "bearer", expires_in: 3600 } };
  }

  #permissions() {
    return [
      ...this.granted.map((permission) => ({ permission, status: "granted" })),
      ...this.declined.map((permission) => ({ permission, status: "declined" })),
    ];
  }

  #node({ id, name, token, tasks, account, hasNoRole }: MetaPage, { query }: Call) {
    const wantsToken = query.get("fields")?.includes("access_token") && !hasNoRole;
    return {
      id,
      name,
      picture: { data: { url: `https://cdn.invalid/${id}.png` } },
      ...(wantsToken ? { access_token: token } : {}),
      ...(tasks ? { tasks } : {}),
      ...(account && query.get("fields")?.includes("instagram_business_account")
        ? { instagram_business_account: { id: account, username: `ig.${id}`, profile_picture_url: null } }
        : {}),
    };
  }
}

export const refusal = (code: number, message: string, error_subcode?: number): Answer => ({
  status: 400,
  body: { error: { message, type: "OAuthException", code, error_subcode, fbtrace_id: "A" } },
});

async function callIn(request: Request, body: unknown): Promise<Call> {
  const { pathname, searchParams } = new URL(request.url);
  return {
    method: request.method,
    path: pathname.replace(/^\/v\d+\.\d+\//, ""),
    query: searchParams,
    body: body instanceof URLSearchParams ? body.toString() : await request.text(),
    token: request.headers.get("authorization")?.replace("Bearer ", ""),
  };
}

/** The gateway's settings, with keys to seal under. */
export function configWith(more: Record<string, string> = {}): Config {
  const read = readConfig({
    ...env,
    SEALING_KEY: KEYS.new,
    FACEBOOK_URL: "https://facebook.invalid",
    ...more,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

const context: CallContext = { caller: { name: "admin", role: "admin" }, start: () => {} };

/** Makes a call of the HTTP API, past the check of the key. */
export async function calling(
  handle: ApiCall,
  body: unknown,
  config: Config = configWith(),
  caller: CallContext["caller"] = context.caller,
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
): Promise<{ status: number; body: any; text: string }> {
  const request = new Request("https://gateway.invalid/call", { method: "POST", body: JSON.stringify(body) });
  const response = await handle(request, config, env, { ...context, caller });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text), text };
}
