import type { Changes } from "./position.ts";

/** Logs what someone may have to look into. @param conversation its id, which holds a person's page-scoped id */
export function logTrouble(conversation: string | undefined, { entries, failed }: Changes): void {
  for (const { outcome, origin, attempts } of entries) {
    if (outcome !== "dead") continue;
    const { status, reason } = attempts.at(-1) ?? {};
    console.error({ event: "dead_letter", conversation, delivery: origin.id, status, reason });
  }
  for (const { code, reason } of failed) {
    console.warn({ event: "message_failed", conversation, code, reason });
  }
}
