import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { showThinking } from "../../src/dispatch/feel.ts";
import { GraphClient } from "../../src/graph/client.ts";
import { PAGE_ITSELF } from "../../src/ids.ts";
import { deliverWorkOf, freshPage } from "./bench.ts";

const page = freshPage();
const graph = new GraphClient({ url: "https://graph.invalid", version: "v25.0", appSecret: "s" }, page, "t");
const BOTH = { markSeen: true, typing: true };

let acts: string[];
/** How long Meta takes for an action, ms. */
let takes: number;
beforeEach(() => {
  vi.useFakeTimers();
  [acts, takes] = [[], 0];
  vi.spyOn(GraphClient.prototype, "act").mockImplementation(async (_, action) => {
    acts.push(action);
    if (takes > 0) await new Promise((done) => setTimeout(done, takes));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const thinking = (
  settings = BOTH,
  conversation: Partial<DeliverWork["conversation"]> = {},
  more: Partial<DeliverWork> = {},
) => showThinking({ graph }, settings, deliverWorkOf(page, conversation, more));
const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("while the bot thinks", () => {
  it("the user sees nothing of a bot that answers at once: its reply says it all", async () => {
    const feel = thinking();
    await passes(400);
    await feel.end("reply");
    await passes(60_000);
    expect(acts).toEqual([]);
  });

  it("the message is seen, and dots show for as long as it takes", async () => {
    const feel = thinking();
    await passes(600);
    expect(acts).toEqual(["mark_seen", "typing_on"]);
    await passes(15_000);
    expect(acts).toEqual(["mark_seen", "typing_on", "typing_on"]);
    await feel.end("reply");
    await passes(60_000);
    expect(acts).toHaveLength(3);
  });

  it.each([
    ["only seen", { markSeen: true, typing: false }, ["mark_seen"]],
    ["only dots", { markSeen: false, typing: true }, ["typing_on"]],
    ["neither", { markSeen: false, typing: false }, []],
  ])("%s, if the page has it so", async (_, settings, expected) => {
    const feel = thinking(settings);
    await passes(1000);
    await feel.end("reply");
    expect(acts).toEqual(expected);
  });

  it.each<[string, Partial<DeliverWork["conversation"]>, Partial<DeliverWork>]>([
    ["for the page itself", { user: PAGE_ITSELF }, {}],
    ["while it is a person's turn", { owner: "human" }, {}],
    [
      "to what is only shown to us",
      {},
      { events: deliverWorkOf(page).events.map((one) => ({ ...one, isStandby: true })) },
    ],
    ["to a receipt", {}, { events: deliverWorkOf(page).events.map((one) => ({ ...one, type: "read" })) }],
  ])("nothing shows %s", async (_, conversation, more) => {
    const feel = thinking(BOTH, conversation, more);
    await passes(5000);
    await feel.end("nothing");
    expect(acts).toEqual([]);
  });

  it("nothing shows while Graph can't be reached", async () => {
    const feel = showThinking({ graph: undefined }, BOTH, deliverWorkOf(page));
    await passes(5000);
    await feel.end("nothing");
    expect(acts).toEqual([]);
  });
});

describe("when the bot is done", () => {
  it.each([
    ["with nothing to say, the dots end", "nothing" as const, ["mark_seen", "typing_on", "typing_off"]],
    ["for now, they stay", "later" as const, ["mark_seen", "typing_on"]],
    ["because it failed, they end", "failure" as const, ["mark_seen", "typing_on", "typing_off"]],
  ])("%s", async (_, next, expected) => {
    const feel = thinking();
    await passes(1000);
    await feel.end(next);
    expect(acts).toEqual(expected);
  });

  it("at once, what it has taken is seen; what it hasn't is not", async () => {
    for (const next of ["nothing", "later", "failure"] as const) await thinking().end(next);
    expect(acts).toEqual(["mark_seen", "mark_seen"]);
  });

  it("the reply waits for one action that hangs, not for those that were to follow", async () => {
    takes = 1500;
    const feel = thinking();
    await passes(501);
    let isOver = false;
    const over = feel.end("reply").then(() => {
      isOver = true;
    });
    await passes(1400);
    expect(isOver).toBe(false);
    await passes(100);
    await over;
    await passes(60_000);
    expect(acts).toEqual(["mark_seen"]);
  });

  it("dots that were on their way arrive before the reply", async () => {
    takes = 300;
    const feel = thinking({ markSeen: false, typing: true });
    await passes(501);
    const order: string[] = [];
    const over = feel.end("reply").then(() => order.push("reply"));
    await passes(298);
    expect(order).toEqual([]);
    await passes(2);
    await over;
    expect(acts).toEqual(["typing_on"]);
  });
});
