import type { DeliverWork } from "../conversation/work.ts";
import type { Bot, BotSettings } from "./bot.ts";
import { callBot, MAX_ANSWER_BYTES } from "./call.ts";
import { readAnswer } from "./native-answer.ts";

/** Goes up when a bot that ignores what it doesn't know could no longer work. */
const VERSION = "1";

/**
 * The gateway's own protocol (docs/bot-protocol.md): one signed POST per delivery, the answer holds the replies.
 */
export function nativeBot(
  settings: Pick<BotSettings, "url" | "timeoutMs" | "signingKeys" | "splitText">,
): Bot {
  return {
    deliver(work) {
      const call = {
        url: settings.url,
        id: work.delivery,
        delivery: work.delivery,
        body: requestBody(work, new Date()),
        headers: { "messengate-version": VERSION },
        signal: AbortSignal.timeout(settings.timeoutMs),
        maxBytes: MAX_ANSWER_BYTES,
      };
      const { platform } = work.conversation;
      return callBot(call, settings, (text) => readAnswer(text, { platform, split: settings.splitText }));
    },
  };
}

/** The raw events go in as the text that was stored: parsing it once more would only cost. */
function requestBody({ conversation, events }: DeliverWork, now: Date): string {
  const { id, page, user, platform, windowClosesAt, owner, state, stateVersion, stateRefused, profile } =
    conversation;
  const about = {
    id,
    page_id: page,
    user_id: user,
    platform,
    window: { closes_at: windowClosesAt === null ? null : new Date(windowClosesAt).toISOString() },
    owner,
    state_version: stateVersion,
    ...(stateRefused === null ? {} : { state_refused: stateRefused }),
  };
  const list = events.map(
    (event) =>
      `{"id":${JSON.stringify(event.id)},"type":${JSON.stringify(event.type)},"timestamp":${event.at},` +
      `${event.isStandby ? '"standby":true,' : ""}"raw":${event.raw}` +
      `${event.media ? `,"media":${JSON.stringify(event.media)}` : ""}}`,
  );
  return (
    `{"type":"conversation.events","timestamp":${JSON.stringify(now.toISOString())},` +
    `"data":{"conversation":${JSON.stringify(about).slice(0, -1)},"profile":${profile ?? "null"},"state":${state ?? "null"}},` +
    `"events":[${list.join(",")}]}}`
  );
}
