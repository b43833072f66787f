import type { ConversationLine } from "../conversation/stub.ts";
import type { SendReport, Work } from "../conversation/work.ts";
import type { Config } from "../env.ts";
import type { Caller } from "./auth.ts";

/** What a call of the HTTP API has to go by, beside the request itself. */
export interface CallContext {
  caller: Caller;
  /** Does work that the call has made ready, after it is answered. @param onSent hears of what was sent */
  start(conversation: ConversationLine, work: Work[], onSent?: (report: SendReport) => void): void;
}

export type ApiCall = (
  request: Request,
  config: Config,
  env: Cloudflare.Env,
  context: CallContext,
) => Promise<Response>;
