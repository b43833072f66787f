import { describe, expect, it } from "vitest";
import { type PageSettings, parsePageSettings, settingsOf } from "../../src/pages/settings.ts";

const PAGE = "1001";
const settingsIn = (written: unknown, page = PAGE): PageSettings => {
  const parsed = parsePageSettings(JSON.stringify(written));
  if ("malformed" in parsed) throw new Error(parsed.malformed);
  return settingsOf(parsed.of(page));
};

describe("a page's settings", () => {
  it("are the built-in ones where nothing is written", () => {
    expect(settingsIn({})).toEqual(settingsOf({}));
    expect(settingsOf({})).toMatchObject({
      humanAgent: false,
      pauseOnInboxReply: true,
      handBackMs: 12 * 3_600_000,
      pause: null,
    });
  });

  it("are its own, before the default's, before the built-in ones", () => {
    const written = {
      default: { human_agent: true, hand_back_minutes: 30, typing: false },
      "1001": { hand_back_minutes: null, persona_id: "81" },
    };
    expect(settingsIn(written)).toMatchObject({
      humanAgent: true,
      handBackMs: null,
      persona: "81",
      typing: false,
      markSeen: true,
    });
    expect(settingsIn(written, "1002")).toMatchObject({ handBackMs: 1_800_000, persona: null });
  });

  it.each([
    ["{", /not JSON/],
    ['{"default":{"human_agnet":true}}', /^default\.human_agnet: there is no such setting/],
    ['{"my page":{}}', /my page/],
    ['{"1001":{"hand_back_minutes":-1}}', /^1001\.hand_back_minutes: /],
    // A pause has to fit into the time that a message may take.
    ['{"1001":{"pause":{"ms_per_character":30,"max_ms":20000}}}', /^1001\.pause\.max_ms: /],
    ['{"1001":{"user_fields":["first name"]}}', /^1001\.user_fields\.0: /],
  ])("that are malformed are named by their place: %s", (text, place) => {
    expect(parsePageSettings(text)).toEqual({ malformed: expect.stringMatching(place) });
  });
});
