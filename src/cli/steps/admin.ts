import * as z from "zod/mini";
import type { Job } from "../job.ts";
import { GatewayApi } from "../places/gateway-api.ts";
import { adminKeyIn } from "../places/secrets.ts";
import { until } from "../terminal/until.ts";

/**
 * The gateway, to be called with an admin key: the one that is given, or that setup made.
 * @param apiKeys `API_KEYS`, as far as they are known here
 */
export function apiAt(job: Job, url: string, apiKeys: string | undefined): GatewayApi | undefined {
  const key = job.given.variable("MESSENGATE_API_KEY") ?? adminKeyIn(apiKeys ?? "");
  job.report.conceal(key);
  return key === undefined ? undefined : new GatewayApi(url, key);
}

/** A key that was written just now isn't everywhere at once. */
const KEY_LIMIT_MS = 30_000;

/** Waits until the gateway knows the key, or says something else of it. */
export async function untilKnown(api: GatewayApi): Promise<void> {
  await until(
    async () => {
      const answer = await api.call("/channels.list", {}, z.unknown());
      return answer.ok || ![0, 401, 503].includes(answer.status) ? true : undefined;
    },
    KEY_LIMIT_MS,
    1000,
  );
}
