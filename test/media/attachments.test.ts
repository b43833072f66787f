import { describe, expect, it } from "vitest";
import { attachmentsIn, takenBackIn } from "../../src/media/attachments.ts";

const raw = (attachments: unknown) => JSON.stringify({ message: { mid: "m_1", attachments } });

describe("the attachments of an event", () => {
  it("are the files in it, by their place in Meta's list", () => {
    const payload = { url: "https://cdn.invalid/x" };
    const types = ["image", "video", "audio", "file", "sticker"];
    const list = [
      { type: "location", payload: { coordinates: { lat: 1, long: 2 } } },
      ...types.map((type) => ({ type, payload, more: 1 })),
    ];
    expect(attachmentsIn(raw(list))).toEqual(
      types.map((type, at) => ({ index: at + 1, type, url: payload.url })),
    );
  });

  it("are none where there is nothing to keep, whatever stands there", () => {
    const odd = [null, "image", 3, [], {}, { type: "image" }, { type: "image", payload: { url: 5 } }];
    const others = [
      { type: "fallback", url: "https://example.org/page", payload: null },
      { type: "story_mention", payload: { url: "https://cdn.invalid/x" } },
    ];
    for (const one of [odd, others, [], null, "attachments", {}]) expect(attachmentsIn(raw(one))).toEqual([]);
    expect(attachmentsIn('{"postback":{"payload":"attachments"}}')).toEqual([]);
    expect(attachmentsIn('{"message":"attachments","attachments":[]}')).toEqual([]);
    expect(attachmentsIn("")).toEqual([]);
  });
});

describe("an unsend", () => {
  it("names the message it takes back, if it does", () => {
    expect(takenBackIn('{"message":{"mid":"m_1","is_deleted":true}}')).toBe("m_1");
    expect(takenBackIn('{"message":{"is_deleted":true}}')).toBeUndefined();
  });
});
