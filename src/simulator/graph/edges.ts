import type { Edge } from "./call.ts";
import { deleteNode, readNode } from "./nodes.ts";
import { createPersona, listPersonas } from "./personas.ts";
import {
  deleteProfile,
  deleteUserSettings,
  readProfile,
  readUserSettings,
  setProfile,
  setUserSettings,
} from "./profile.ts";
import { send } from "./send.ts";
import { readSubscribedApps, subscribeToPage, unsubscribeFromPage } from "./subscribed-apps.ts";
import { controlThread, extendThread, readSecondaryReceivers, readThreadOwner } from "./thread-control.ts";
import { upload } from "./uploads.ts";

/** What can be done with a node itself, by method. */
export const NODE_CALLS: Readonly<Record<string, Edge>> = { GET: readNode, DELETE: deleteNode };

/** What a page's token can do on its own page or Instagram account: the path's second part, then the method. */
export const OWN_EDGES: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  messages: { POST: send },
  message_attachments: { POST: upload },
  messenger_profile: { GET: readProfile, POST: setProfile, DELETE: deleteProfile },
  custom_user_settings: { GET: readUserSettings, POST: setUserSettings, DELETE: deleteUserSettings },
  personas: { GET: listPersonas, POST: createPersona },
  pass_thread_control: { POST: controlThread("pass") },
  take_thread_control: { POST: controlThread("take") },
  request_thread_control: { POST: controlThread("request") },
  release_thread_control: { POST: controlThread("release") },
  extend_thread_control: { POST: extendThread },
  thread_owner: { GET: readThreadOwner },
  secondary_receivers: { GET: readSecondaryReceivers },
  subscribed_apps: { GET: readSubscribedApps, POST: subscribeToPage, DELETE: unsubscribeFromPage },
};
