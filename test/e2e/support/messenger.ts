import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort, type Running, serveWorker } from "../../../scripts/processes.ts";
import { type SeenMessage, Simulator } from "../../conformance/support/simulator.ts";
import { SIGNING_SECRET } from "./native-deliveries.ts";

/** The simulator in Meta's place, and if wanted the gateway before it, for programs that are asked by either. */

export const APP = {
  id: "900100200300",
  secret: "app-secret-of-the-examples",
  verifyToken: "verify-token-of-the-examples",
};

export const tokenOf = (page: string): string => `PAGE-TOKEN-OF-${page}`;

export interface Messenger {
  /** Where its Graph API is. */
  url: string;
  meta: Simulator;
  /** Does something as a person; docs/simulator.md, "Acting as a person". */
  act(user: string, page: string, body: Record<string, unknown>): Promise<void>;
  /** Waits until the page has written so many messages to the person. @returns them */
  sees(user: string, page: string, count: number): Promise<SeenMessage[]>;
  end(): Promise<void>;
}

const LIMIT_MS = 15_000;

/** @param webhook where Meta posts what happens */
export async function startMessenger(pages: readonly string[], webhook: string): Promise<Messenger> {
  const folder = mkdtempSync(join(tmpdir(), "messengate-examples-"));
  const simulator = await serveWorker("simulator", await freePort(), folder, {
    SIM_PAGES: JSON.stringify(pages.map((id) => ({ id, name: `Page ${id}`, token: tokenOf(id) }))),
    SIM_APP_ID: APP.id,
    SIM_APP_SECRET: APP.secret,
    SIM_VERIFY_TOKEN: APP.verifyToken,
    SIM_WEBHOOK_URL: webhook,
  });
  const meta = new Simulator(simulator.url);
  const seen = async (user: string, page: string) =>
    (await meta.thread(user, page)).messages.filter(({ from }) => from === "page");
  return {
    url: simulator.url,
    meta,
    act: async (user, page, body) => {
      await meta.act(user, { page_id: page, ...body });
    },
    sees: (user, page, count) =>
      vi.waitFor(
        async () => {
          const all = await seen(user, page);
          if (all.length !== count)
            throw new Error(`${all.length} messages, not ${count}: ${JSON.stringify(all)}`);
          return all;
        },
        { timeout: LIMIT_MS, interval: 20 },
      ),
    async end() {
      await simulator.end("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The gateway as shipped. */
export async function startGateway(
  port: number,
  graphUrl: string,
  pages: readonly string[],
  settings: Record<string, string>,
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "messengate-examples-"));
  const gateway = await serveWorker("gateway", port, folder, {
    META_APP_ID: APP.id,
    META_APP_SECRET: APP.secret,
    META_VERIFY_TOKEN: APP.verifyToken,
    PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(pages.map((page) => [page, tokenOf(page)]))),
    BOT_SIGNING_SECRET: SIGNING_SECRET,
    GRAPH_URL: graphUrl,
    ...settings,
  });
  return {
    ...gateway,
    async end(signal = "SIGKILL") {
      await gateway.end(signal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
