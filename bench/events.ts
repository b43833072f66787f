import { createHmac, randomBytes } from "node:crypto";

/** What the load is made of: webhook POSTs as Meta sends them, signed and written out before any clock starts. */

export const APP_SECRET = "bench-app-secret";
export const PAGE = "104857600000001";

/** The bot stand-in answers a text that begins so with one message that repeats it, every other text with nothing. */
export const ASKS_FOR_REPLY = "reply:";

/** … and before it replies it lets so many milliseconds pass. */
export const ASKS_TO_WAIT = /^reply:after:(\d+):/;

export interface UserText {
  user: string;
  text: string;
}

const run = randomBytes(24).toString("hex");
let events = 0;
let users = 0;

/** User ids never seen before, in the form of Meta's. */
export const newUsers = (count: number): string[] =>
  Array.from({ length: count }, () => String(7_000_000_000_000_000 + users++));

/** Texts of ordinary length, to these users in turn. */
export const textsOf = (list: readonly string[], count: number): UserText[] =>
  Array.from({ length: count }, (_, at) => ({
    user: list[at % list.length] ?? "",
    text: "Hello, is the blue one still available in size 42?",
  }));

/** One POST with all of these messages, an entry each: the bytes to be written to a connection. */
export function webhookPost(messages: readonly UserText[]): Buffer {
  const now = Date.now();
  const entry = messages.map(({ user, text }) => ({
    id: PAGE,
    time: now,
    messaging: [
      {
        sender: { id: user },
        recipient: { id: PAGE },
        timestamp: now,
        // A mid of Meta's has some 90 characters.
        message: { mid: `m_${run}${String(events++).padStart(40, "0")}`, text },
      },
    ],
  }));
  const body = JSON.stringify({ object: "page", entry });
  const signature = createHmac("sha256", APP_SECRET).update(body).digest("hex");
  const head = [
    "POST /webhook HTTP/1.1",
    "host: 127.0.0.1",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-hub-signature-256: sha256=${signature}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** A POST per message. */
export const singlePosts = (messages: readonly UserText[]): Buffer[] =>
  messages.map((message) => webhookPost([message]));
