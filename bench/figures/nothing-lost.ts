import type { Bench } from "../bench.ts";
import type { Figure } from "../figure.ts";

/**
 * Ends the servers and counts what they stored: a rate of answers would mean nothing if not all of it were there.
 * Everything a gateway with a bot acknowledged went to the bot as well, or an earlier figure would not have ended.
 */
export async function nothingLost({ servers }: Bench): Promise<Figure> {
  let acknowledged = 0;
  let difference = 0;
  for (const server of servers) {
    await server[Symbol.asyncDispose]();
    acknowledged += server.acknowledged;
    difference += Math.abs(server.acknowledged - server.stored());
  }
  return {
    id: "nothing-lost",
    what: "events acknowledged but not stored, or stored twice, in this run",
    value: difference,
    unit: "events",
    budget: { atMost: 0 },
    detail: { acknowledged },
  };
}
