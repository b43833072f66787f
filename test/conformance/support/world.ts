import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Running, serveWorker } from "../../../scripts/processes.ts";
import { signature } from "../../support/webhook.ts";
import { Bot } from "./bot.ts";
import { Person } from "./person.ts";
import { type Json, Simulator } from "./simulator.ts";

export const APP = "900100200300";
/** Meta's page inbox, which is an app like others. */
export const INBOX = "263902037430900";
export const PAGE = "100200300400500";
/** A page for trouble of its own: what stops it must not stop the others. */
export const OTHER_PAGES = ["100200300400501", "100200300400502", "100200300400503"] as const;
/** One for each thing that can stop a page. */
export const TROUBLED_PAGES = Array.from({ length: 24 }, (_, at) => `1002003004006${10 + at}`);
export const INSTAGRAM = "17841400000000001";

const APP_SECRETS = ["app-secret-of-this-world", "former-app-secret-of-this-world"] as const;
export const VERIFY_TOKEN = "verify-token-of-this-world";

const KEYS = {
  bot: "bot-key-of-the-conformance-1",
  operator: "operator-key-of-conformance-1",
  admin: "admin-key-of-the-conformance-1",
};

interface ApiAnswer {
  status: number;
  body: Json;
}

/** The shipped gateway, the simulator as Meta, and a bot, each a process or server of its own. */
export interface World {
  meta: Simulator;
  bot: Bot;
  gateway: Running;
  /** Where the gateway keeps its data. */
  dataDir: string;
  /** Somebody new, on the first page unless said otherwise. */
  person(page?: string): Person;
  /** Calls the HTTP API. */
  call(
    path: string,
    body: Json | FormData,
    role?: keyof typeof KEYS,
    headers?: Record<string, string>,
  ): Promise<ApiAnswer>;
  /** Posts a webhook past the simulator, signed with the first secret unless headers are given. */
  deliver(body: string | Json, headers?: Record<string, string>): Promise<Response>;
  sign(body: string, secret?: "current" | "former"): Promise<string>;
  /** Ends the gateway without warning, or starts it again on the same data. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  end(): Promise<void>;
}

let people = 7000;

/** @param pageSettings as in `PAGE_SETTINGS` */
export async function startWorld(
  pageSettings: Json = {},
  settings: Record<string, string> = {},
): Promise<World> {
  const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const bot = await Bot.listening(signingSecret);
  const stateDir = mkdtempSync(join(tmpdir(), "messengate-conformance-"));
  const [gatewayPort, simulatorPort] = [await freePort(), await freePort()];
  const pages = [PAGE, ...OTHER_PAGES, ...TROUBLED_PAGES].map((id) => ({
    id,
    name: `Page ${id}`,
    token: `TOKEN-OF-${id}`,
  }));
  const tokens = [...pages.map(({ id, token }) => [id, token]), [INSTAGRAM, `TOKEN-OF-${PAGE}`]];

  const simulator = await serveWorker("simulator", simulatorPort, join(stateDir, "simulator"), {
    SIM_PAGES: JSON.stringify(pages),
    SIM_APP_ID: APP,
    SIM_APP_SECRET: APP_SECRETS[0],
    SIM_VERIFY_TOKEN: VERIFY_TOKEN,
    SIM_WEBHOOK_URL: `http://127.0.0.1:${gatewayPort}/webhook`,
  });
  const serve = () =>
    serveWorker("gateway", gatewayPort, join(stateDir, "gateway"), {
      META_APP_SECRET: APP_SECRETS.join(","),
      META_APP_ID: APP,
      META_VERIFY_TOKEN: VERIFY_TOKEN,
      PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(tokens)),
      PAGE_SETTINGS: JSON.stringify(pageSettings),
      BOT_SIGNING_SECRET: signingSecret,
      BOT_URL: `${bot.url}/hook`,
      GRAPH_URL: simulator.url,
      FACEBOOK_URL: simulator.url,
      API_KEYS: JSON.stringify(Object.entries(KEYS).map(([role, key]) => ({ name: role, key, role }))),
      ...settings,
    });

  const world: World = {
    meta: new Simulator(simulator.url),
    bot,
    gateway: await serve(),
    dataDir: join(stateDir, "gateway"),
    person: (page = PAGE) => new Person(world, String(++people), page),
    async call(path, body, role = "operator", headers = {}) {
      const response = await fetch(world.gateway.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${KEYS[role]}`, ...headers },
        body: body instanceof FormData ? body : JSON.stringify(body),
      });
      return {
        status: response.status,
        body: response.status === 204 ? {} : ((await response.json()) as Json),
      };
    },
    sign: (body, secret = "current") => signature(body, APP_SECRETS[secret === "current" ? 0 : 1]),
    async deliver(body, headers) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return fetch(`${world.gateway.url}/webhook`, {
        method: "POST",
        headers: headers ?? { "x-hub-signature-256": await world.sign(text) },
        body: text,
      });
    },
    stop: () => world.gateway.end("SIGKILL"),
    async restart() {
      world.gateway = await serve();
    },
    async end() {
      await Promise.all([world.gateway.end("SIGKILL"), simulator.end("SIGKILL"), bot.end()]);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
  // Receipts only where a test is about them: each would be a call of the bot.
  await world.meta.receipts({ echo: true, delivery: false, read: "off" });
  return world;
}
