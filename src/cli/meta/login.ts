import { spawn } from "node:child_process";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";
import * as z from "zod/mini";
import type { Ask } from "../terminal/ask.ts";
import { Trouble } from "../terminal/trouble.ts";
import type { MetaApp } from "./app.ts";
import { type Graph, refused } from "./graph.ts";

/**
 * Logging in at Facebook from a terminal (RFC 8252): the browser comes back to a listener on this machine, with a state
 * that only this run knows, and a code that is good only along with what this run keeps (PKCE, RFC 7636).
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */

const SCOPES = ["pages_show_list", "pages_messaging", "pages_manage_metadata"];
const LIMIT_MS = 10 * 60_000;

export interface LoginWorld {
  graph: Graph;
  app: MetaApp;
  /** `https://www.facebook.com/v25.0` */
  dialogRoot: string;
  hasBrowser: boolean;
  ask: Ask;
  say(text: string): void;
}

const tokenSchema = z.object({ access_token: z.string() });

/** @returns the person's token */
export async function logIn({ graph, app, dialogRoot, hasBrowser, ask, say }: LoginWorld): Promise<string> {
  const state = randomBytes(32).toString("base64url");
  const verifier = randomBytes(48).toString("base64url");
  const listener = await listen(state);
  try {
    const redirectUri = `http://localhost:${listener.port}/callback`;
    const dialog = `${dialogRoot}/dialog/oauth?${new URLSearchParams({
      client_id: app.id,
      redirect_uri: redirectUri,
      state,
      scope: SCOPES.join(","),
      response_type: "code",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    })}`;
    say("Log in and choose the page:");
    say(`  ${dialog}`);
    if (hasBrowser) openBrowser(dialog);
    const code = await Promise.race([listener.code, pasted(ask, state, listener.closed)]);
    const parameters = {
      client_id: app.id,
      client_secret: app.secret,
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    };
    const answer = await graph.call("GET", "oauth/access_token", parameters, undefined, tokenSchema);
    if (!answer.ok)
      throw refused(
        "The login couldn't be completed",
        answer,
        "Try again; a code is good once, and not for long.",
      );
    return answer.value.access_token;
  } finally {
    listener.close();
  }
}

interface Listener {
  port: number;
  code: Promise<string>;
  /** Aborted when nobody listens any more. */
  closed: AbortSignal;
  close(): void;
}

async function listen(state: string): Promise<Listener> {
  const done = Promise.withResolvers<string>();
  const closed = new AbortController();
  // Whoever awaits it may come later.
  done.promise.catch(() => undefined);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const page = (status: number, text: string) => {
      response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        connection: "close",
      });
      response.end(`${text}\n`);
    };
    if (request.method !== "GET" || url.pathname !== "/callback") return page(404, "There is nothing here.");
    const result = codeIn(url, state);
    // Somebody else's request ends nothing: the person's own may still come.
    if (result === "foreign") return page(400, "This isn't the login that was begun in the terminal.");
    page(result.ok ? 200 : 400, result.ok ? "Done. Go on in the terminal." : result.trouble.message);
    if (result.ok) done.resolve(result.code);
    else done.reject(result.trouble);
  });
  const port = await portOf(server);
  const late = setTimeout(() => {
    done.reject(
      new Trouble(
        "login_failed",
        "Nobody came back from Facebook.",
        "Run it again, or give a page token instead.",
      ),
    );
  }, LIMIT_MS);
  const close = () => {
    clearTimeout(late);
    closed.abort();
    server.close();
    server.closeAllConnections();
  };
  return { port, code: done.promise, closed: closed.signal, close };
}

/** On this machine alone. */
function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address && typeof address === "object") resolve(address.port);
      else reject(new Error("no port"));
    });
  });
}

type CodeResult = { ok: true; code: string } | { ok: false; trouble: Trouble } | "foreign";

/** What an address tells that Facebook sent the browser to. */
function codeIn({ searchParams }: URL, state: string): CodeResult {
  if (!isSame(searchParams.get("state") ?? "", state)) return "foreign";
  const code = searchParams.get("code");
  if (code !== null && code !== "") return { ok: true, code };
  const denied = searchParams.get("error") === "access_denied";
  const what = denied ? "The login was cancelled at Facebook." : "Facebook sent no code.";
  const how = denied
    ? "Run it again and agree, or give a page token instead."
    : "If the app is live, Facebook takes no address of this machine: give a page token instead, or connect pages at the gateway (docs/channels.md).";
  return { ok: false, trouble: new Trouble("login_failed", what, how) };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** For a browser on another machine: it ends at an address that doesn't open, which can be pasted. Never comes if nobody is asked. */
async function pasted(ask: Ask, state: string, signal: AbortSignal): Promise<string> {
  if (!ask.isPossible) return new Promise(() => undefined);
  const check = (text: string) => (URL.canParse(text) ? undefined : "Paste the whole address.");
  const message =
    "Waiting for the browser. If it can't come back to this machine, paste the address it ends at:";
  const address = await ask
    .text({ message, how: "--page-token-env", check, signal })
    .catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
  // The browser came back in the meantime.
  if (address === undefined) return new Promise(() => undefined);
  const result = codeIn(new URL(address), state);
  if (result === "foreign") {
    throw new Trouble(
      "login_failed",
      "This address is of another login.",
      "Run it again, and paste the address that this login ends at.",
    );
  }
  if (!result.ok) throw result.trouble;
  return result.code;
}

function openBrowser(url: string): void {
  const [program, ...args] = BROWSERS[process.platform] ?? ["xdg-open"];
  if (program === undefined) return;
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  // Where there is none, the address is printed already.
  child.once("error", () => undefined);
  child.unref();
}

const BROWSERS: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
