import type { Caller } from "../api/auth.ts";
import type { CallContext } from "../api/call.ts";
import type { Config } from "../env.ts";
import type { GraphClient } from "../graph/client.ts";
import type { PageSetup } from "../pages/setup.ts";
import type { Incoming } from "./incoming.ts";

/** Where calls come in, the same for all of a batch. */
export interface Door {
  config: Config;
  env: Cloudflare.Env;
  context: Pick<CallContext, "start">;
  /** What the client has called, for addresses that lead back here. */
  origin: string;
  /** As in the client's path. */
  version: string;
}

/** A call whose caller and page are known. */
export interface DoorCall extends Incoming {
  door: Door;
  caller: Caller;
  setup: PageSetup;
  graph: GraphClient;
}

export type Handle = (call: DoorCall) => Promise<Response>;
