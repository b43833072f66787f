import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { deliver } from "../../src/dispatch/deliver.ts";
import { freshProfile } from "../../src/dispatch/profile.ts";
import { graphEnd } from "../../src/pages/ends.ts";
import { setupOf } from "../../src/pages/setup.ts";
import { contextOf, deliverWorkOf, freshPage, lineOf, listening, refusal } from "./bench.ts";

const DAY = 24 * 3_600_000;
const ADA = { first_name: "Ada", last_name: "Doe", id: "7001" };
afterEach(() => vi.restoreAllMocks());

const asking = async (conversation: Partial<DeliverWork["conversation"]>, settings = {}) => {
  const page = freshPage();
  const context = contextOf(page, settings);
  const setup = await setupOf(context, page);
  return freshProfile(graphEnd(context.config, setup), setup.settings, deliverWorkOf(page, conversation));
};

describe("who the user is", () => {
  it("is asked of Meta when it is due, and known for a week", async () => {
    const calls = listening(() => Response.json(ADA));
    const profile = await asking({ isProfileDue: true });
    expect(JSON.parse(profile?.value ?? "")).toEqual({ first_name: "Ada", last_name: "Doe" });
    expect(profile?.dueInMs).toBe(7 * DAY);
    expect(calls).toHaveLength(1);
    expect(await asking({ isProfileDue: false })).toBeUndefined();
    expect(calls).toHaveLength(1);
  });

  it("isn't told without consent, and not asked again for a day", async () => {
    listening(() => refusal(100, 2018218));
    expect(await asking({ isProfileDue: true, profile: '{"name":"old"}' })).toEqual({
      value: null,
      dueInMs: DAY,
    });
  });

  it("stays as known when Meta is only in trouble, and is asked again soon", async () => {
    listening(() => new Response("busy", { status: 503 }));
    const profile = await asking({ isProfileDue: true, profile: '{"name":"old"}' });
    expect(profile?.value).toBe('{"name":"old"}');
    expect(profile?.dueInMs).toBeLessThan(DAY / 24);
  });

  it("is nobody's question where the page wants none, or there is nobody with an id", async () => {
    const calls = listening(() => Response.json(ADA));
    expect(await asking({ isProfileDue: true }, { user_fields: [] })).toBeUndefined();
    const page = freshPage();
    const { user: _, ...rest } = deliverWorkOf(page).conversation;
    for (const user of ["page", "ref:4711"]) {
      expect(await asking({ ...rest, isProfileDue: true, user: user as typeof _ })).toBeUndefined();
    }
    expect(calls).toEqual([]);
  });

  it("has other fields on Instagram", async () => {
    const calls = listening(() => Response.json({ name: "Ada", username: "ada" }));
    await asking({ isProfileDue: true, platform: "instagram" });
    expect(calls[0]?.path).toContain("fields=name%2Cusername%2Cprofile_pic");
  });
});

describe("a delivery", () => {
  it("has the profile along, and reports it also when the bot fails: Meta isn't asked at every attempt", async () => {
    const page = freshPage();
    const calls = listening(({ path }) =>
      path.includes("bot.invalid") ? new Response("", { status: 503 }) : Response.json(ADA),
    );
    const work = deliverWorkOf(page, { isProfileDue: true });
    const report = await deliver(
      contextOf(page, { typing: false, mark_seen: false }),
      lineOf(work),
      work,
      "ordinary",
    );
    expect(report.outcome).toMatchObject({ kind: "retry" });
    expect(JSON.parse(report.profile?.value ?? "")).toMatchObject({ first_name: "Ada" });
    expect(JSON.stringify(calls.at(-1)?.body)).toContain("Ada");
  });
});
