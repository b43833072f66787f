import bubblesScript from "./bubbles.client.js";
import bubblesStyle from "./bubbles.css";
import cardsStyle from "./cards.css";
import chatScript from "./chat.client.js";
import page from "./chat.html";
import elementsScript from "./elements.client.js";
import frameStyle from "./frame.css";
import liveScript from "./live.client.js";
import peopleScript from "./people.client.js";
import peopleStyle from "./people.css";
import talkStyle from "./talk.css";
import threadScript from "./thread.client.js";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <path d="M6 5h20a4 4 0 0 1 4 4v11a4 4 0 0 1-4 4H15l-7 5v-5H6a4 4 0 0 1-4-4V9a4 4 0 0 1 4-4Z" fill="#17695c"/>
  <path d="M9 12h14M9 17h8" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>
</svg>`;

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
} as const;

const FILES: Readonly<Record<string, { readonly type: keyof typeof TYPES; readonly text: string }>> = {
  "/": { type: "html", text: page },
  "/icon.svg": { type: "svg", text: ICON },
  "/frame.css": { type: "css", text: frameStyle },
  "/people.css": { type: "css", text: peopleStyle },
  "/talk.css": { type: "css", text: talkStyle },
  "/bubbles.css": { type: "css", text: bubblesStyle },
  "/cards.css": { type: "css", text: cardsStyle },
  "/chat.client.js": { type: "js", text: chatScript },
  "/bubbles.client.js": { type: "js", text: bubblesScript },
  "/thread.client.js": { type: "js", text: threadScript },
  "/people.client.js": { type: "js", text: peopleScript },
  "/live.client.js": { type: "js", text: liveScript },
  "/elements.client.js": { type: "js", text: elementsScript },
};

/** @returns The chat page or one of its files, or null if the path is none of them. */
export function chatAsset(url: URL): Response | null {
  const file = FILES[url.pathname];
  if (!file) return null;
  return new Response(file.text, {
    headers: {
      "Content-Type": TYPES[file.type],
      "Content-Security-Policy": policy(url.host),
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
    },
  });
}

/** Only our own files run. Pictures and sounds a page sends may come from anywhere, as in any chat. */
function policy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' http: https:",
    "media-src 'self' http: https:",
    // Not every browser takes 'self' to include WebSockets.
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
