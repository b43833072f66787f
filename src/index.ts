import { answer } from "./routes.ts";
import { selfCheck } from "./self-check/round.ts";

export { Conversation } from "./conversation/conversation.ts";
export { Dispatcher } from "./dispatch/dispatcher.ts";
export { Directory } from "./pages/directory.ts";
export { Page } from "./pages/page.ts";

export default {
  fetch: answer,
  scheduled: ({ scheduledTime }, env) => selfCheck(env, scheduledTime),
} satisfies ExportedHandler<Cloudflare.Env>;
