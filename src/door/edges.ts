import type { Handle } from "./call.ts";
import type { Method } from "./incoming.ts";
import { sendMessage } from "./messages.ts";
import { asking, clearing, posting } from "./relay.ts";
import { controlThread } from "./thread-control.ts";
import { uploadAttachment } from "./uploads.ts";

/** What of a page can be reached through the door: the path's second part, then the method. All else is refused. */
const EDGES: Readonly<Record<string, Partial<Record<Method, Handle>>>> = {
  messages: { POST: sendMessage },
  message_attachments: { POST: uploadAttachment },
  messenger_profile: {
    GET: asking("GET", "messenger_profile", ["fields", "platform"]),
    POST: posting("messenger_profile", [
      ...["greeting", "get_started", "persistent_menu", "ice_breakers", "whitelisted_domains", "commands"],
      ...["home_url", "target_audience", "payment_settings"],
    ]),
    DELETE: clearing("messenger_profile"),
  },
  custom_user_settings: {
    GET: asking("GET", "custom_user_settings", ["psid"]),
    POST: posting("custom_user_settings", ["persistent_menu"]),
    DELETE: asking("DELETE", "custom_user_settings", ["psid", "params"]),
  },
  personas: {
    GET: asking("GET", "personas", ["fields", "limit", "after", "before"]),
    POST: posting("personas"),
  },
  pass_thread_control: { POST: controlThread("pass_thread_control") },
  take_thread_control: { POST: controlThread("take_thread_control") },
  request_thread_control: { POST: controlThread("request_thread_control") },
  release_thread_control: { POST: controlThread("release_thread_control") },
  thread_owner: { GET: asking("GET", "thread_owner", ["recipient"]) },
  secondary_receivers: { GET: asking("GET", "secondary_receivers", ["fields", "limit", "after", "before"]) },
};

export const edgeNamed = (name: string): Partial<Record<Method, Handle>> | undefined =>
  Object.hasOwn(EDGES, name) ? EDGES[name] : undefined;
