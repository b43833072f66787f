import * as z from "zod/mini";
import { type ChannelWorld, connect } from "../channels/connect.ts";
import type { Config } from "../env.ts";
import { readLimited } from "../webhook/body.ts";
import type { Browser } from "./browser.ts";
import { type Choice, choicesOf } from "./choices.ts";
import { failurePage } from "./page.ts";
import { pickerPage, type Result, resultPage } from "./picker-page.ts";
import { type Session, sessionOf } from "./session.ts";
import { digest, sign, verify } from "./signed.ts";

/** Choosing pages: the person sees what they look after, and ticks what the gateway is to serve. */

/** A choice is some 30 bytes. */
const MAX_FORM_BYTES = 64 * 1024;
/** Pages connected at the same time; a Worker has six connections. */
const AT_ONCE = 4;

/** `GET /oauth/pages` */
export async function showPages(request: Request, config: Config, env: Cloudflare.Env): Promise<Response> {
  const known = await sessionOf(request, { config, env });
  return known ? picker({ config, env }, known) : noSession();
}

/** `POST /oauth/pages`: connects what is ticked. */
export async function connectPages(request: Request, config: Config, env: Cloudflare.Env): Promise<Response> {
  const world = { config, env };
  const known = await sessionOf(request, world);
  if (!known) return noSession();
  const bytes = await readLimited(request, MAX_FORM_BYTES);
  const form = new URLSearchParams(bytes ? new TextDecoder().decode(bytes) : "");
  if (!(await isOurForm(config, known.browser, form.get("form") ?? ""))) {
    return failurePage({
      status: 403,
      code: "form_invalid",
      title: "This form isn’t ours",
      text: "It was not made for you here, or has been changed.",
      next: "Go back to the list of pages, reload it, and choose again.",
    });
  }
  const choices = await choicesOf(world, known.session);
  if (!choices.ok) return noPages(choices.reason);
  const chosen = new Set(form.getAll("channel"));
  const wanted = choices.value.filter(({ value }) => chosen.has(value));
  if (wanted.length === 0) return picker(world, known, "Choose at least one page.");
  const results: Result[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    results.push(...(await Promise.all(wanted.slice(at, at + AT_ONCE).map((one) => connected(world, one)))));
  }
  return resultPage(results, known.session.back, config);
}

async function connected(world: ChannelWorld, choice: Choice): Promise<Result> {
  const { wish } = choice;
  if ("obstacle" in wish) {
    return { choice, warnings: [], refused: { code: "not_permitted", detail: wish.obstacle } };
  }
  const done = await connect(world, wish);
  return done.ok
    ? { choice, warnings: done.warnings, refused: null }
    : { choice, warnings: [], refused: done };
}

async function picker(
  world: ChannelWorld,
  { browser, session }: { browser: Browser; session: Session },
  complaint?: string,
): Promise<Response> {
  const choices = await choicesOf(world, session);
  if (!choices.ok) return noPages(choices.reason);
  const form = await sign(world.config.sealingKeys, "form", { of: await formMark(browser) });
  return pickerPage({ choices: choices.value, form, session, complaint, config: world.config });
}

const formSchema = z.object({ of: z.string() });

/** Only pages of ours, shown to this browser, hold the text: another site can't have it sent along (CSRF). */
async function isOurForm({ sealingKeys }: Config, browser: Browser, text: string): Promise<boolean> {
  const form = await verify(sealingKeys, "form", text, formSchema);
  return form !== undefined && form.of === (await formMark(browser));
}

const formMark = ({ login, secret }: Browser): Promise<string> => digest(`form ${login} ${secret}`);

const noSession = (): Promise<Response> =>
  failurePage({
    status: 403,
    code: "no_login",
    title: "Please log in again",
    text: "Nobody is logged in here, or the ten minutes to choose pages are over.",
    next: "Begin again with a new link: whoever gave you the last one gets another with POST /oauth.start.",
  });

const noPages = (reason: string): Promise<Response> =>
  failurePage({
    status: 502,
    code: "pages_not_listed",
    title: "Facebook didn’t list your pages",
    text: `Facebook says: ${reason}`,
    next: "Reload this page in a moment; if it stays so, begin again with a new link.",
  });
