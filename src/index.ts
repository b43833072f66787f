import { answer } from "./routes.ts";

export { Conversation } from "./conversation/conversation.ts";
export { Dispatcher } from "./dispatch/dispatcher.ts";
export { Directory } from "./pages/directory.ts";
export { Page } from "./pages/page.ts";

export default { fetch: answer } satisfies ExportedHandler<Cloudflare.Env>;
