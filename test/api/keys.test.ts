import { describe, expect, it } from "vitest";
import { call } from "../support/api.ts";
import { codeOf } from "../support/gateway.ts";

const page_id = "100200300400500";
const conversation_id = `${page_id}_7001`;
const id = "msg_00000000000000000000000000000000";

/** Every call, as it would be made of a page. */
const CALLS: [path: string, body: Record<string, unknown>][] = [
  ["/deliveries.list", { page_id }],
  ["/deliveries.info", { id, conversation_id }],
  ["/deliveries.replay", { id, conversation_id }],
  ["/deliveries.replay", { since: "2026-01-01T00:00:00Z", page_id }],
  ["/deliveries.comparisons", { page_id }],
  ["/deliveries.forget-comparisons", { page_id }],
  ["/conversations.info", { conversation_id }],
  ["/conversations.set-owner", { conversation_id, owner: "human" }],
  ["/conversations.pass-thread", { conversation_id, target_app_id: "5" }],
  ["/conversations.take-thread", { conversation_id }],
  ["/conversations.request-thread", { conversation_id }],
  ["/conversations.release-thread", { conversation_id }],
  ["/conversations.thread-owner", { conversation_id }],
  ["/conversations.receivers", { page_id }],
  ["/messages.list", { conversation_id }],
  ["/messages.send", { conversation_id, message: { text: "hi" } }],
  ["/messages.send", { page_id, user_id: "7001", message: { text: "hi" } }],
  ["/profile.get", { page_id }],
  ["/profile.diff", { page_id, profile: {} }],
  ["/profile.apply", { page_id, profile: {} }],
  ["/profile.user-menu", { conversation_id, persistent_menu: null }],
  ["/personas.list", { page_id }],
  ["/personas.create", { page_id, name: "Ada", profile_picture_url: "https://files.invalid/a.png" }],
  ["/personas.delete", { page_id, persona_id: "1" }],
  ["/attachments.upload", { page_id, type: "image", url: "https://files.invalid/a.png" }],
];

describe("a key that is good for one page", () => {
  it.each(CALLS)("isn't for another: %s %j", async (path, body) => {
    const [status, code] = await codeOf(await call(path, body, "elsewhere"));
    // A delivery that can't be seen isn't there.
    expect([
      [403, "page_not_allowed"],
      [404, "no_such_delivery"],
    ]).toContainEqual([status, code]);
  });

  it("means that page where none is named", async () => {
    const { page_id: _, ...unnamed } = { page_id, profile: {} };
    expect(await codeOf(await call("/profile.diff", unnamed, "elsewhere"))).toEqual([404, "no_such_page"]);
  });
});
