import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "../../src/cli/job.ts";
import { NEEDED_FIELDS, USUAL_FIELDS } from "../../src/cli/meta/fields.ts";
import type { GraphResult } from "../../src/cli/meta/graph.ts";
import { SetupRecord } from "../../src/cli/places/record.ts";
import { fieldsWanted, subscribed } from "../../src/cli/steps/fields.ts";
import { readFlags } from "../../src/cli/terminal/flags.ts";
import { Report } from "../../src/cli/terminal/report.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "messengate-fields-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const jobWith = (...argv: string[]): Pick<Job, "flags" | "record" | "report"> => ({
  flags: readFlags(argv),
  record: new SetupRecord(folder, "production"),
  report: new Report(new PassThrough().resume()),
});

/** Meta, which has no such field. */
function without(refused: string, asked: string[][] = []) {
  return (fields: readonly string[]): Promise<GraphResult<unknown>> => {
    asked.push([...fields]);
    if (!fields.includes(refused)) return Promise.resolve({ ok: true, value: {} });
    return Promise.resolve({ ok: false, code: 100, subcode: undefined, message: `unknown field ${refused}` });
  };
}

describe("the fields that are subscribed to", () => {
  it("are those that the gateway knows what to do with", () => {
    expect(fieldsWanted(jobWith())).toEqual(USUAL_FIELDS);
    expect(NEEDED_FIELDS.every((field) => USUAL_FIELDS.includes(field))).toBe(true);
  });

  it("are those without which nothing works where Meta refuses one, and the others aren't asked for again", async () => {
    const job = jobWith();
    const done = await subscribed(job, ["already"], without("feed"));
    expect(done).toEqual({ ok: true, value: { fields: ["already", ...NEEDED_FIELDS] } });
    expect(job.report.lines).toMatchObject([
      { step: "Fields", text: expect.stringContaining("unknown field feed") },
    ]);
    expect(fieldsWanted(jobWith())).not.toContain("feed");
  });

  it("are exactly those that are named", async () => {
    const asked: string[][] = [];
    const done = await subscribed(jobWith("--fields", "messages,feed"), [], without("feed", asked));
    expect(done).toMatchObject({ ok: false, code: 100 });
    expect(asked).toEqual([["messages", "feed"]]);
  });

  it("stay the same when something else is wrong", async () => {
    const asked: string[][] = [];
    const failing = (fields: readonly string[]): Promise<GraphResult<unknown>> => {
      asked.push([...fields]);
      return Promise.resolve({ ok: false, code: 2, subcode: undefined, message: "Service unavailable" });
    };
    expect(await subscribed(jobWith(), [], failing)).toMatchObject({ ok: false, code: 2 });
    expect(asked).toHaveLength(1);
  });
});
