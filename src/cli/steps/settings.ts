import { decodeSigningSecret } from "../../env-formats.ts";
import { givenFor, graphOf, isLoopback, type Job, simulatorUrl, VARIABLES } from "../job.ts";
import type { MetaApp } from "../meta/app.ts";
import type { MetaPage } from "../meta/tokens.ts";
import type { ConfigFile } from "../places/config-file.ts";
import type { Changes, Written } from "../places/place.ts";
import { MADE, type MadeName, mustBeWellFormed, secretsWithin } from "../places/secrets.ts";
import { Trouble } from "../terminal/trouble.ts";
import { echoBotUrl } from "./simulator.ts";

/** What the gateway is to have, and what of it isn't there yet. */
export interface WantedSettings {
  changes: Changes;
  /** Made just now. */
  fresh: MadeName[];
  /** There already, where nobody can read them. */
  unreadable: MadeName[];
  /** In clear, as far as this side knows them. */
  verifyToken: string | undefined;
  signingSecret: string | undefined;
  apiKeys: string | undefined;
}

/** What the gateway is for. */
export interface Target {
  app: MetaApp;
  pages: readonly MetaPage[];
  config: ConfigFile | undefined;
  /** `undefined`: as it is. */
  bot: string | undefined;
}

/** @param made a secret that nobody gave; `undefined`: it stays out */
export function wantedSettings(
  job: Job,
  target: Target,
  made: (name: MadeName) => string | undefined,
): WantedSettings {
  const secrets = new Map<string, string>();
  const fresh: MadeName[] = [];
  const unreadable: MadeName[] = [];
  const known = job.place.known();
  // While it is rotated, the old one stands behind it.
  if (!("app-secret" in job.record.contents.rotating)) secrets.set("META_APP_SECRET", target.app.secret);
  for (const page of target.pages) putToken(job, secrets, page);
  for (const name of MADE) {
    const there = job.given.variable(name) ?? known.get(name);
    if (there !== undefined) mustBeWellFormed(name, there);
    // A verify token that nobody can read is of no use, and a new one does no harm.
    const isSealed = there === undefined && job.place.has(name) && name !== "META_VERIFY_TOKEN";
    if (isSealed) unreadable.push(name);
    const value = isSealed ? undefined : (there ?? made(name));
    if (value === undefined) continue;
    secrets.set(name, value);
    if (there === undefined) fresh.push(name);
  }
  for (const value of secrets.values()) job.report.conceal(...secretsWithin(value));
  const [verifyToken, signingSecret, apiKeys] = [
    secrets.get("META_VERIFY_TOKEN"),
    secrets.get("BOT_SIGNING_SECRET")?.split(/\s+/)[0],
    secrets.get("API_KEYS"),
  ];
  return {
    changes: { secrets, made: MADE, variables: wantedVariables(job, target) },
    fresh,
    unreadable,
    verifyToken,
    signingSecret: signingSecret && decodeSigningSecret(signingSecret) ? signingSecret : undefined,
    apiKeys,
  };
}

/** Each page has a secret of its own, so that one can be added without knowing the others. */
function putToken(job: Job, secrets: Map<string, string>, { id, token }: MetaPage): void {
  const together = job.place.known().get("PAGE_ACCESS_TOKENS");
  const tokens: unknown = together === undefined ? {} : JSON.parse(together);
  if (typeof tokens === "object" && tokens !== null && id in tokens) {
    // Where both have a page, this one wins.
    secrets.set("PAGE_ACCESS_TOKENS", JSON.stringify({ ...tokens, [id]: token }));
  } else {
    secrets.set(`PAGE_ACCESS_TOKEN_${id}`, token);
  }
}

function wantedVariables(job: Job, { app, config, bot }: Target): Map<string, string> {
  const variables = new Map<string, string>();
  for (const name of VARIABLES) {
    const value = givenFor(job, name);
    if (value !== undefined) variables.set(name, value);
  }
  variables.set("META_APP_ID", app.id);
  if (bot !== undefined) variables.set("BOT_URL", bot);
  if (job.played) {
    variables.set("GRAPH_URL", simulatorUrl(job));
    variables.set("FACEBOOK_URL", simulatorUrl(job));
  }
  const hasSettings = job.place.known().has("PAGE_SETTINGS");
  if (config && (config.pageSettings !== undefined || hasSettings)) {
    variables.set("PAGE_SETTINGS", config.pageSettings ?? "{}");
  }
  return variables;
}

/** That of an earlier run, perhaps on another port. */
const isEchoBot = (url: string): boolean => /^http:\/\/127\.0\.0\.1:\d+\/$/.test(url);

/** Asks where the bot is, unless that is known. @throws Trouble if a gateway there couldn't reach it */
export async function theBot(job: Job): Promise<string> {
  const known = job.place.known().get("BOT_URL");
  if (job.played) {
    return givenFor(job, "BOT_URL") ?? (known === undefined || isEchoBot(known) ? echoBotUrl(job) : known);
  }
  const url =
    givenFor(job, "BOT_URL") ??
    known ??
    (await job.ask.text({
      message: "Your bot's address (it gets a POST for what people write):",
      how: "Give --bot-url, or set BOT_URL.",
      placeholder: "https://bot.example/hook",
      check: (text) => (URL.canParse(text) ? undefined : "It is a URL."),
    }));
  if (job.flags.place !== "local" && isLoopback(url) && !isLoopback(graphOf(job).root)) {
    const how =
      "Give the https address under which the world reaches the bot; for trying things here there is --local.";
    throw new Trouble(
      "bot_url_unusable",
      "The bot's address is one of this machine, which a Worker can't reach.",
      how,
    );
  }
  return url;
}

/** What was done, in words; names only. */
export function told({ title }: { title: string }, wanted: WantedSettings, written: Written): string {
  const replaced = written.secrets.filter((name) => !wanted.fresh.some((one) => one === name));
  const parts = [
    wanted.fresh.length > 0 ? `made ${wanted.fresh.join(", ")}` : "",
    replaced.length > 0 ? `wrote ${replaced.join(", ")}` : "",
    written.variables.length > 0 ? `set ${written.variables.join(", ")}` : "",
    wanted.unreadable.length > 0 ? `kept ${wanted.unreadable.join(", ")}` : "",
  ].filter((part) => part !== "");
  return `${parts.length === 0 ? "all there" : parts.join("; ")} (${title})`;
}
