import { dialogRootOf, graphOf, type Job } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import { logIn } from "../meta/login.ts";
import { type ChoosePages, type MetaPage, pagesBehind } from "../meta/tokens.ts";
import { tokensIn } from "../terminal/given.ts";
import { Trouble } from "../terminal/trouble.ts";

/** The pages that are set up: those whose tokens are at hand, and those whose tokens only the Worker has. */
export interface Pages {
  withToken: MetaPage[];
  /** Ids. Their tokens can't be read back, so nothing can be asked of Meta about them. */
  sealed: string[];
}

/** Finds them; asks, or logs in at Facebook, if there are none, or others are meant. */
export async function thePages(job: Job, app: MetaApp): Promise<Pages> {
  if (job.flags.isLoggingIn) return { withToken: await newPages(job, app), sealed: [] };
  const found = await pagesAtHand(job, app);
  const isMissing = job.flags.pageIds.some((id) => id !== "all" && !idsOf(found).includes(id));
  if (idsOf(found).length > 0 && !isMissing) return found;
  return { withToken: added(job, found.withToken, await newPages(job, app)), sealed: found.sealed };
}

/** Pages with tokens that weren't there before: given, or got by asking. */
export async function newPages(job: Job, app: MetaApp): Promise<MetaPage[]> {
  const given = job.flags.isLoggingIn ? [] : givenTokens(job);
  const tokens = given.length > 0 ? given : [await askedToken(job, app)];
  job.report.conceal(...tokens);
  let pages: MetaPage[] = [];
  for (const token of tokens) {
    pages = added(job, pages, await pagesBehind(graphOf(job), app, token, chooserFor(job)));
  }
  return pages;
}

const givenTokens = (job: Job): string[] => (job.played ? [job.played.page.token] : job.given.pageTokens());

/** Those that need nobody to be asked. */
export async function pagesAtHand(job: Job, app: MetaApp): Promise<Pages> {
  const known = tokensIn(Object.fromEntries(job.place.known()));
  const tokens = [...new Set([...givenTokens(job), ...known.values()])];
  job.report.conceal(...tokens);
  let withToken: MetaPage[] = [];
  for (const token of tokens) {
    withToken = added(job, withToken, await pagesBehind(graphOf(job), app, token, chooserFor(job)));
  }
  const sealed = job.place
    .names()
    .flatMap((name) => /^PAGE_ACCESS_TOKEN_(\d+)$/.exec(name)?.[1] ?? [])
    .filter((id) => !withToken.some((page) => page.id === id));
  return { withToken, sealed };
}

const idsOf = ({ withToken, sealed }: Pages): string[] => [...withToken.map(({ id }) => id), ...sealed];

/** One for each page; the first stays, which is the one that was given. */
function added(job: Job, pages: readonly MetaPage[], more: readonly MetaPage[]): MetaPage[] {
  const all = [...pages];
  for (const page of more) {
    job.report.conceal(page.token);
    if (all.some(({ id }) => id === page.id)) continue;
    all.push(page);
    const warnings = page.warnings.map((warning) => `; ${warning}`).join("");
    const named = page.name === page.id ? page.id : `${page.id} (${page.name})`;
    job.report.step("Page", "good", `${named}: the token is valid and has the permissions${warnings}`);
  }
  return all;
}

async function askedToken(job: Job, app: MetaApp): Promise<string> {
  const { ask, flags } = job;
  const way = flags.isLoggingIn
    ? "login"
    : await ask.choose(
        {
          message: "How is the page connected?",
          how: "Give --page-token-env NAME or --page-token-file PATH, set PAGE_ACCESS_TOKEN, or give --oauth.",
        },
        [
          { value: "login", label: "Log in at Facebook", hint: "works while the app is in development" },
          { value: "token", label: "Paste a page token", hint: "Messenger API Settings › Generate token" },
        ],
      );
  if (way === "token") {
    return ask.secret({ message: "Page access token:", how: "Set PAGE_ACCESS_TOKEN." });
  }
  return logIn({
    graph: graphOf(job),
    app,
    dialogRoot: dialogRootOf(job),
    hasBrowser: flags.hasBrowser,
    ask,
    say: (text) => job.report.say(text),
  });
}

/** Those named by flags; else the only one, those that are set up already, or whichever a person picks. */
function chooserFor(job: Job): ChoosePages {
  const { pageIds } = job.flags;
  return async (pages) => {
    const ids = pages.map(({ id }) => id);
    if (pageIds.includes("all") || (pageIds.length === 0 && ids.length === 1)) return ids;
    const strange = pageIds.find((id) => !ids.includes(id));
    if (strange !== undefined) {
      const how = `Choose it when Facebook asks which pages, or give one of: ${ids.join(", ")}.`;
      throw new Trouble("page_not_found", `The person's token doesn't lead to page ${strange}.`, how);
    }
    if (pageIds.length > 0) return [...pageIds];
    const set = ids.filter((id) => job.place.has(`PAGE_ACCESS_TOKEN_${id}`));
    if (set.length > 0 && !job.ask.isPossible) return set;
    const how = `Give --page-id all, or some of: ${ids.join(", ")}.`;
    const choices = pages.map(({ id, name }) => ({ value: id, label: name, hint: id }));
    return job.ask.chooseSome({ message: "Which pages?", how }, choices);
  };
}
