import type { Changes } from "./position.ts";

/** Logs what someone may have to look into. @param conversation its id, which holds a person's page-scoped id */
export function logTrouble(conversation: string | undefined, { entries, failed }: Changes): void {
  for (const { outcome, origin, attempts } of entries) {
    if (outcome !== "dead") continue;
    const { status, reason } = attempts.at(-1) ?? {};
    console.error({ event: "dead_letter", conversation, delivery: origin.id, status, reason });
  }
  for (const [at, { entry, state }] of failed.entries()) {
    const { code, reason } = state;
    const before = failed[at - 1];
    // What isn't sent at all is worth one line, however many messages it has.
    if (before?.entry === entry && before.state === state) continue;
    console.warn({ event: "message_failed", conversation, code, reason });
  }
}
