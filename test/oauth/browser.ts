import { env } from "cloudflare:workers";
import type { Config } from "../../src/env.ts";
import { comeBack } from "../../src/oauth/callback.ts";
import { connectPages, showPages } from "../../src/oauth/picker.ts";
import { makeStartLink, start } from "../../src/oauth/start.ts";
import { calling, configWith, type Meta } from "../api/channels-world.ts";

/** Somebody's browser, with its cookies, in front of the gateway. */

const ORIGIN = "https://gateway.invalid";
const ROUTES: Record<string, (request: Request, config: Config, env: Cloudflare.Env) => Promise<Response>> = {
  "GET /oauth/start": start,
  "GET /connector/callback": comeBack,
  "GET /oauth/pages": showPages,
  "POST /oauth/pages": connectPages,
};

export interface Shown {
  status: number;
  text: string;
  headers: Headers;
  /** Where it leads. */
  location: URL;
}

export class BrowserWindow {
  readonly config: Config;
  readonly #cookies = new Map<string, string>();

  constructor(config = configWith()) {
    this.config = config;
  }

  async open(address: string | URL, form?: URLSearchParams): Promise<Shown> {
    const url = new URL(address, ORIGIN);
    const method = form ? "POST" : "GET";
    const handle = ROUTES[`${method} ${url.pathname}`];
    if (!handle) throw new Error(`no ${method} ${url.pathname}`);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = new Request(url, {
      method,
      headers: { cookie },
      ...(form ? { body: form.toString() } : {}),
    });
    const response = await handle(request, this.config, env);
    const set = /^([^=]+)=([^;]*)/.exec(response.headers.get("set-cookie") ?? "");
    if (set?.[1] !== undefined) this.#cookies.set(set[1], set[2] ?? "");
    return {
      status: response.status,
      text: await response.text(),
      headers: response.headers,
      location: new URL(response.headers.get("location") ?? "none:"),
    };
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  /** Begins a login. @returns Meta's dialog, to which it leads */
  async begins(wish: Record<string, unknown> = {}): Promise<URL> {
    return (await this.open(await startLink(this.config, wish))).location;
  }

  /** Logs in at Meta. @returns the address with which Meta sends the browser back */
  async logsIn(meta: Meta, wish: Record<string, unknown> = {}): Promise<URL> {
    const dialog = await this.begins(wish);
    return agreed(meta, dialog);
  }

  /** Logs in, and sees what can be connected. */
  async picks(meta: Meta, wish: Record<string, unknown> = {}): Promise<Shown> {
    const { location } = await this.open(await this.logsIn(meta, wish));
    return this.open(location);
  }
}

/** @param pages that the key is good for with which the link is made; all, if there are none */
export async function startLink(
  config: Config,
  wish: Record<string, unknown> = {},
  pages?: string[],
): Promise<string> {
  const { status, body } = await calling(makeStartLink, wish, config, {
    name: "admin",
    role: "admin",
    pages,
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.url;
}

/** What Meta makes of a dialog in which the person agrees. */
export function agreed(meta: Meta, { searchParams: asked }: URL): URL {
  const code = crypto.randomUUID();
  meta.codes.set(code, asked.get("code_challenge") ?? "");
  const back = new URL(asked.get("redirect_uri") ?? "");
  back.searchParams.set("state", asked.get("state") ?? "");
  back.searchParams.set("code", code);
  return back;
}

/** The form on a page, with these boxes ticked. */
export function formOf({ text }: Shown, ...ticked: string[]): URLSearchParams {
  const form = new URLSearchParams({ form: /name="form" value="([^"]*)"/.exec(text)?.[1] ?? "" });
  for (const value of ticked) {
    if (!text.includes(`value="${value}"`)) throw new Error(`no box for ${value}`);
    form.append("channel", value);
  }
  return form;
}
