import { describe, expect, it } from "vitest";
import { check, type Evidence } from "./checks.ts";
import type { BotLine, GraphLine } from "./journal.ts";

/** A check that can't fail is none: each kind of harm is found. */

const delivery = (id: string, numbers: number[], state: number | null): BotLine => ({
  kind: "delivery",
  at: 0,
  id,
  user: "7",
  numbers,
  state,
  trouble: null,
});
const accepted = (text: string, at: number, mid = `${text}@${at}`): GraphLine => ({
  kind: "accepted",
  at,
  mid,
  user: "7",
  text,
  metadata: "",
  trouble: null,
});
const answered = (mid: string, at: number): GraphLine => ({ kind: "answered", at, mid });

/** Events 0 and 1: "re: 0", then "re: 1 a" and "re: 1 b". */
const sound: Evidence = {
  acked: new Map([["7", [0, 1]]]),
  bot: [delivery("d1", [0], null), delivery("d2", [1], 0)],
  graph: [accepted("re: 0", 1), accepted("re: 1 a", 2), accepted("re: 1 b", 3)],
  kills: [],
  echoes: true,
};
const nothing = { lost: [], disordered: [], doubled: [], excused: [], violations: [] };

describe("a run is sound", () => {
  it("when every event and every reply came once, in order", () => {
    expect(check(sound)).toEqual(nothing);
  });

  it("also when the bot was asked again", () => {
    const bot = [delivery("d1", [0], null), ...sound.bot];
    expect(check({ ...sound, bot })).toEqual(nothing);
  });
});

describe("found are", () => {
  it("an event that never came", () => {
    expect(check({ ...sound, bot: sound.bot.slice(0, 1) }).lost).toEqual(["event 7 1"]);
  });

  it("a reply that never came", () => {
    expect(check({ ...sound, graph: sound.graph.slice(0, 2) }).lost).toEqual(['reply 7 "re: 1 b"']);
  });

  it("events out of order", () => {
    const bot = [delivery("d1", [1], null), delivery("d2", [0], 1)];
    expect(check({ ...sound, bot }).disordered).toEqual(["event 7 0"]);
  });

  it("replies out of order", () => {
    const graph = [accepted("re: 1 a", 1), accepted("re: 0", 2), accepted("re: 1 b", 3)];
    expect(check({ ...sound, graph }).disordered).toEqual(['reply 7 "re: 0"']);
  });

  it("a doubled reply that comes after the next one, as doubled and out of order", () => {
    const { doubled, disordered } = check({ ...sound, graph: [...sound.graph, accepted("re: 0", 9)] });
    expect([doubled.length, disordered.length]).toEqual([1, 1]);
  });

  it("an event in two deliveries, a delivery that changes, a state that was lost", () => {
    const bot = [delivery("d1", [0], null), delivery("d1", [0, 1], null), delivery("d2", [0, 1], null)];
    expect(check({ ...sound, bot }).violations).toEqual([
      "delivery d1 changed from 0 to 0,1",
      "7 0,1: state null, the bot left 0",
      "event 7 0 came in two deliveries",
    ]);
  });

  it("what the bot or Graph objected to", () => {
    const bot: BotLine[] = [...sound.bot, { kind: "violation", what: "bot: no signature" }];
    expect(check({ ...sound, bot }).violations).toEqual(["bot: no signature"]);
  });
});

describe("a doubled reply", () => {
  const twice = [accepted("re: 0", 1, "first"), accepted("re: 0", 25_000, "second"), ...sound.graph.slice(1)];

  it("has no excuse when Meta echoed the first", () => {
    expect(check({ ...sound, graph: twice }).doubled).toHaveLength(1);
  });

  it("has no excuse when the answer left and nobody was killed", () => {
    const graph = [...twice, answered("first", 2)];
    expect(check({ ...sound, graph, echoes: false }).doubled).toHaveLength(1);
  });

  it("is excused when no answer left and no echo came", () => {
    const findings = check({ ...sound, graph: twice, echoes: false });
    expect([findings.doubled.length, findings.excused.length]).toEqual([0, 1]);
  });

  it("is excused when the gateway was killed just after the answer and no echo came", () => {
    const graph = [...twice, answered("first", 2)];
    const findings = check({ ...sound, graph, echoes: false, kills: [500] });
    expect([findings.doubled.length, findings.excused.length]).toEqual([0, 1]);
  });
});
