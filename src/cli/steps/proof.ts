import * as z from "zod/mini";
import { graphOf, isLoopback, type Job } from "../job.ts";
import type { MetaPage } from "../meta/tokens.ts";
import { Trouble } from "../terminal/trouble.ts";
import { until } from "../terminal/until.ts";

/** Whether the page answers. Only the simulator lets a machine write as a user; at Meta a person has to. */

/** The simulator may have something to deliver again first. */
const LIMIT_MS = 20_000;
const WORDS = "Hello";

const threadSchema = z.object({
  messages: z.array(z.object({ from: z.string(), text: z.optional(z.string()) })),
});

export async function theTest(job: Job, pages: readonly MetaPage[]): Promise<void> {
  const { report } = job;
  const [page] = pages;
  if (!page) return;
  const simulator = await simulatorAt(new URL(graphOf(job).root).origin);
  if (simulator === undefined) {
    report.step(
      "Test",
      "skipped",
      `write to the page: https://m.me/${page.id}`,
      "Until the app is live, only people with a role in it get answers.",
    );
    return;
  }
  const began = Date.now();
  // Somebody new: nothing in their conversation can be in the way.
  const user = String(began);
  await post(`${simulator}/_sim/users/${user}/messages`, { text: WORDS, page_id: page.id });
  const reply = await until(() => replyTo(simulator, user, page.id), LIMIT_MS, 20);
  if (reply === undefined) {
    const how = "Look at what the gateway logged above: docs/deploying.md, “Troubleshooting”, has each code.";
    throw new Trouble(
      "test_failed",
      `A user wrote “${WORDS}”, and no answer came within ${LIMIT_MS / 1000} s.`,
      how,
    );
  }
  report.step(
    "Test",
    "done",
    `a user wrote “${WORDS}”, the page answered “${reply}” after ${Date.now() - began} ms`,
  );
}

/** @returns its address, if it is one */
async function simulatorAt(origin: string): Promise<string | undefined> {
  if (!isLoopback(origin)) return undefined;
  const answer = await fetch(`${origin}/_sim/health`, { redirect: "manual" }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.status === 200 ? origin : undefined;
}

/** What the page has written to the user; `undefined`: nothing yet. */
async function replyTo(simulator: string, user: string, page: string): Promise<string | undefined> {
  const answer = await fetch(`${simulator}/_sim/users/${user}/thread?page_id=${page}`);
  const thread = threadSchema.safeParse(await answer.json()).data;
  return thread?.messages.find(({ from }) => from === "page")?.text;
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  await answer.body?.cancel();
}
