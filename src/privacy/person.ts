import type { Config } from "../env.ts";
import { isNamed } from "../graph/app-token.ts";
import { idsForPages } from "../graph/ids-for-pages.ts";
import { conversationId } from "../ids.ts";
import type { DeletionDue, DeletionTried } from "../pages/directory/deletions.ts";
import { eraseConversation } from "./erasing.ts";

/**
 * Deletes the conversations of a person who is known by the id that an app has for them: Meta is asked for their ids at the
 * pages. Also of pages that are no longer served: what they said there may still be stored. Never throws.
 */
export async function erasePerson(
  { app: appId, person }: DeletionDue,
  config: Config,
  env: Pick<Cloudflare.Env, "CONVERSATION" | "PAGE">,
): Promise<DeletionTried> {
  const app = config.apps.filter(isNamed).find(({ id }) => id === appId);
  if (!app) return notMatched("app_unknown");
  const known = await idsForPages(config.graph, app, person);
  if (!known.ok) {
    // Without Meta's own words: they have the person's id.
    if (known.isFinal) return notMatched(known.code);
    console.warn({ event: "data_deletion_waits", app: app.id, code: known.code });
    return { state: "received", conversations: 0 };
  }
  if (known.value.length === 0) return notMatched("nobody");
  let conversations = 0;
  try {
    for (const { page, user } of known.value) {
      if (await eraseConversation(conversationId(page, user), config, env)) conversations++;
    }
  } catch (error) {
    console.error({ event: "data_deletion_waits", app: app.id, code: "not_erased", error: String(error) });
    return { state: "received", conversations };
  }
  return { state: "done", conversations };
}

function notMatched(code: string): DeletionTried {
  console.warn({ event: "data_deletion_not_matched", code });
  return { state: "not_matched", conversations: 0 };
}
