import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pageSubject } from "../../src/pages/directory/check.ts";
import { Directory } from "../../src/pages/directory.ts";
import { directoryOf } from "../../src/pages/served.ts";
import type { Finding } from "../../src/self-check/finding.ts";
import { nameOf, type Problem, stateOf, tell } from "../../src/self-check/problems.ts";
import { selfCheck } from "../../src/self-check/round.ts";
import { check, emptyDirectory, gatewayWith, listed, Meta, shown } from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const good: Finding = { kind: "checked", problems: [], fields: {} };
const bad: Finding = { kind: "checked", problems: [{ code: "token_invalid" }], fields: {} };
const missed: Finding = { kind: "missed", problem: { code: "graph_unreachable" }, isReached: false };

describe("pages whose turn it is", () => {
  it("come round all, whoever of them is in trouble or can't be reached", async () => {
    const plan = fc.record({
      pages: fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }).map(String), {
        minLength: 1,
        maxLength: 25,
      }),
      findings: fc.array(fc.constantFrom(good, bad, missed), { minLength: 25, maxLength: 25 }),
      atMost: fc.integer({ min: 2, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ pages, findings, atMost }) => {
        await emptyDirectory();
        const turns = new Map<string, number>();
        // Half of a round's turns are nobody's privilege.
        const rounds = Math.ceil(pages.length / Math.floor(atMost / 2));
        for (let round = 1; round <= rounds; round++) {
          const due = await directoryOf(env).dueChecks(pages, atMost);
          expect(due.pages.length).toBe(Math.min(atMost, pages.length));
          const names = due.pages.map(({ page }) => page);
          for (const name of names) turns.set(name, (turns.get(name) ?? 0) + 1);
          const notes = names.map((name) => ({
            subject: pageSubject(name),
            at: round,
            finding: findings[pages.indexOf(name)] ?? good,
          }));
          await directoryOf(env).noteChecks(notes);
        }
        expect([...turns.keys()].sort()).toEqual([...pages].sort());
      }),
      { numRuns: 60 },
    );
  });

  it("are first those in trouble, then those whose last turn was longest ago", async () => {
    const directory = directoryOf(env);
    const notes = ["1", "2", "3", "4"].map((page, at) => ({
      subject: pageSubject(page),
      at: at + 1,
      finding: page === "4" ? bad : good,
    }));
    await directory.noteChecks(notes);
    const due = await directory.dueChecks(["1", "2", "3", "4", "5"], 3);
    expect(due.pages.map(({ page }) => page)).toEqual(["4", "5", "1"]);
  });

  it("are those that are served: what was disconnected or taken out of the secrets is forgotten", async () => {
    const directory = directoryOf(env);
    await directory.put(listed("1"));
    await directory.put(listed("2", { isConnected: false }));
    await directory.put(listed("3", { tokenIn: "secret" }));
    const note = (page: string) => ({ subject: pageSubject(page), at: 1, finding: bad });
    await directory.noteChecks(["1", "2", "3", "4", "5"].map(note));
    const due = await directory.dueChecks(["4"], 10);
    expect(due.pages.map(({ page }) => page).sort()).toEqual(["1", "4"]);
    const back = await directory.listChecks(["3", "4", "5"], null, null, 10);
    expect(back.pages.map(({ page, check }) => [page, check?.state])).toEqual([
      ["1", "trouble"],
      ["4", "trouble"],
      ["3", undefined],
      ["5", undefined],
    ]);
  });
});

describe("a round", () => {
  it("takes so many pages, and the next one the others", async () => {
    const meta = new Meta();
    const config = gatewayWith(Array.from({ length: 13 }, () => meta.page()));
    const first = await check(config, 1000, 7);
    const second = await check(config, 2000, 7);
    expect([first.turns.length, second.turns.length]).toEqual([7, 7]);
    expect(new Set([...first.turns, ...second.turns]).size).toBe(13);
  });

  it("ends when Meta can't be reached, and the others keep their turn", async () => {
    const meta = new Meta();
    const config = gatewayWith(Array.from({ length: 13 }, () => meta.page()));
    meta.isUp = false;
    const { turns } = await check(config, 1000);
    expect(turns).toHaveLength(5);
    meta.isUp = true;
    const next = await check(config, 2000, 8);
    expect(next.turns.filter((page) => turns.includes(page))).toEqual([]);
  });

  it("ends when what was found can't be noted, as where an invocation may ask for no more; the next goes on", async () => {
    const meta = new Meta();
    const config = gatewayWith(Array.from({ length: 13 }, () => meta.page()));
    const { noteChecks } = Directory.prototype;
    let calls = 0;
    vi.spyOn(Directory.prototype, "noteChecks").mockImplementation(function (this: Directory, notes) {
      if (++calls > 3) throw new Error("Too many subrequests.");
      return noteChecks.call(this, notes);
    });
    const { turns } = await check(config, 1000);
    expect(turns).toHaveLength(10);
    vi.mocked(Directory.prototype.noteChecks).mockRestore();
    expect((await check(config, 2000, 3)).turns.filter((page) => turns.includes(page))).toEqual([]);
  });

  it("goes on when the gateway itself fails at one page", async () => {
    const meta = new Meta();
    const pages = [meta.page(), meta.page()];
    const failing = pages[0]?.id ?? "";
    vi.spyOn(env.PAGE, "getByName").mockImplementation((name) => {
      if (name === failing) throw new Error("object overloaded");
      return env.PAGE.get(env.PAGE.idFromName(name));
    });
    const { pages: found } = await check(gatewayWith(pages));
    expect(found.map(({ page_id, state, problems }) => [page_id, state, problems[0]?.code])).toEqual([
      [failing, "unknown", "check_failed"],
      [pages[1]?.id, "ok", undefined],
    ]);
  });

  it("is told in the log by what is news: trouble when it comes and when it goes, and every repair", async () => {
    const meta = new Meta();
    const page = meta.page();
    const config = gatewayWith([page]);
    const lines: string[] = [];
    for (const level of ["log", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation(({ event, subject, problems = [] }) => {
        if (subject === pageSubject(page.id)) lines.push([event, ...problems].join(" "));
      });
    }
    const round = async (facts: Record<string, unknown>, fields: string[] | null = page.fields) => {
      Object.assign(page, { facts: { ...page.facts, ...facts }, fields });
      await check(config);
      return lines.splice(0);
    };
    expect(await round({})).toEqual([]);
    expect(await round({ is_valid: false })).toEqual(["check_found token_invalid"]);
    expect(await round({})).toEqual([]);
    expect(await round({ is_valid: true })).toEqual(["check_good"]);
    expect(await round({}, null)).toEqual(["check_repaired not_subscribed"]);
    expect(await round({}, null)).toEqual(["check_repaired not_subscribed"]);
    expect(await round({})).toEqual([]);
  });

  it("says since when things are as they are", async () => {
    const meta = new Meta();
    const page = meta.page({}, { is_valid: false });
    const config = gatewayWith([page]);
    await check(config, 1000);
    await check(config, 2000);
    expect((await shown(config)).pages).toMatchObject([
      { since: "1970-01-01T00:00:01.000Z", checked_at: "1970-01-01T00:00:02.000Z" },
    ]);
  });

  it("by the cron trigger checks the deployment's own pages", async () => {
    const meta = new Meta();
    await selfCheck(env, Date.now());
    expect(meta.calls.map(({ path }) => path)).toContain("debug_token");
  });

  it("without settings does nothing", async () => {
    const meta = new Meta();
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const unset = { ...env, META_APP_SECRET: "" };
    await selfCheck(unset, Date.now());
    expect(meta.calls).toEqual([]);
    expect(error).toHaveBeenCalledWith({ event: "self_check_without_settings" });
  });
});

describe("a problem", () => {
  const all: Problem[] = [
    { code: "permission_missing", about: "pages_messaging", reason: "(#200) No" },
    { code: "not_subscribed", isRepaired: true },
    { code: "token_expires_soon", about: "2026-12-01" },
  ];

  it("is told as a sentence, with Meta's words, and with what to do", () => {
    for (const problem of all) {
      const { detail, remedy } = tell(problem);
      expect(detail).toContain(problem.about ?? "");
      expect(detail).toContain(problem.reason ?? "");
      expect(remedy).toMatch(/^[A-Z].*\.$/s);
    }
    expect(all.map(nameOf)).toEqual([
      "permission_missing:pages_messaging",
      "not_subscribed",
      "token_expires_soon",
    ]);
  });

  it("decides how things are: as the worst says", () => {
    expect(stateOf([])).toBe("ok");
    expect(stateOf(all)).toBe("trouble");
    expect(stateOf(all.slice(1))).toBe("warning");
    expect(stateOf(all.slice(1, 2))).toBe("repaired");
    expect(stateOf([{ code: "fields_missing", about: "messages, standby" }])).toBe("trouble");
    expect(stateOf([{ code: "fields_missing", about: "standby" }])).toBe("warning");
  });
});
