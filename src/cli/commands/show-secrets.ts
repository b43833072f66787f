import type { Writable } from "node:stream";
import type { Job } from "../job.ts";
import { MADE } from "../places/secrets.ts";
import { Trouble } from "../terminal/trouble.ts";

/**
 * Prints what setup made and keeps, one `NAME=value` a line.
 * @param out gets nothing but these lines
 */
export async function showSecrets({ ask, place, report }: Job, out: Writable): Promise<void> {
  const known = place.known();
  const secrets = MADE.filter((name) => known.has(name));
  if (secrets.length === 0) {
    report.say("Setup keeps no secrets of this place here.");
    return;
  }
  const message = `Print ${secrets.join(", ")} in clear?`;
  if (!(await ask.confirm({ message, how: "Give --yes." }))) {
    throw new Trouble("cancelled", "Nothing was printed.", "Run it again when you want to.");
  }
  for (const name of secrets) out.write(`${name}=${known.get(name)}\n`);
}
