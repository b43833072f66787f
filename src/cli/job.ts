import { type Household, portsIn } from "../../scripts/parts.ts";
import { Graph } from "./meta/graph.ts";
import type { Place } from "./places/place.ts";
import type { SetupRecord } from "./places/record.ts";
import type { Ask } from "./terminal/ask.ts";
import type { Flags } from "./terminal/flags.ts";
import type { Given } from "./terminal/given.ts";
import type { Report } from "./terminal/report.ts";
import { Trouble } from "./terminal/trouble.ts";

/** What every step of a command has at hand. */
export interface Job {
  flags: Flags;
  /** What came with the command. */
  given: Given;
  ask: Ask;
  report: Report;
  /** Where the settings stand. */
  place: Place;
  record: SetupRecord;
  /** Messengate's folder. */
  folder: string;
  environment: NodeJS.ProcessEnv;
  /** What is started along the way, and ended with the command. */
  household: Household;
  /** The app and page that the simulator plays, if it does. */
  played: Played | undefined;
}

export interface Played {
  app: { id: string; secret: string };
  page: { id: string; name: string; token: string };
}

/** Settings that are no secrets. */
export const VARIABLES = [
  "META_APP_ID",
  "BOT_URL",
  "BOT_PROTOCOL",
  "PUBLIC_URL",
  "GRAPH_URL",
  "GRAPH_VERSION",
  "FACEBOOK_URL",
] as const;
export type Variable = (typeof VARIABLES)[number];

const FLAGS = {
  META_APP_ID: "appId",
  BOT_URL: "botUrl",
  BOT_PROTOCOL: "botProtocol",
  PUBLIC_URL: "publicUrl",
  GRAPH_URL: "graphUrl",
} as const;
const FLAG_OF: Partial<Record<Variable, (typeof FLAGS)[keyof typeof FLAGS]>> = FLAGS;

/** What was given along with the command, by flag or variable. */
export function givenFor(job: Pick<Job, "flags" | "given">, name: Variable): string | undefined {
  const flag = FLAG_OF[name];
  return (flag === undefined ? undefined : job.flags[flag]) ?? job.given.variable(name);
}

/** What was given, else what stands there. */
export const settingOf = (job: Job, name: Variable): string | undefined =>
  givenFor(job, name) ?? job.place.known().get(name);

const DEFAULT_GRAPH_URL = "https://graph.facebook.com";
const DEFAULT_FACEBOOK_URL = "https://www.facebook.com";
const DEFAULT_GRAPH_VERSION = "v25.0";

export function graphOf(job: Job): Graph {
  const url = job.played ? simulatorUrl(job) : (settingOf(job, "GRAPH_URL") ?? DEFAULT_GRAPH_URL);
  return new Graph(url.replace(/\/+$/, ""), settingOf(job, "GRAPH_VERSION") ?? DEFAULT_GRAPH_VERSION);
}

/** Where people log in. */
export function dialogRootOf(job: Job): string {
  const url = job.played ? simulatorUrl(job) : (settingOf(job, "FACEBOOK_URL") ?? DEFAULT_FACEBOOK_URL);
  return `${url.replace(/\/+$/, "")}/${settingOf(job, "GRAPH_VERSION") ?? DEFAULT_GRAPH_VERSION}`;
}

/** @throws Trouble if PORT, SIMULATOR_PORT or BOT_PORT is none */
export function portsOf({ environment }: Job) {
  try {
    return portsIn(environment);
  } catch (error) {
    throw new Trouble(
      "setting_malformed",
      `${error instanceof Error ? error.message : error}.`,
      "Give a number up to 65535.",
    );
  }
}

export const simulatorUrl = (job: Job): string => `http://127.0.0.1:${portsOf(job).simulator}`;
export const localUrl = (job: Job): string => `http://127.0.0.1:${portsOf(job).gateway}`;

/** Whether a URL leads to this machine. */
export const isLoopback = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(URL.parse(url)?.hostname ?? "");

/** Names with which a command is given again. */
export function again({ flags }: Job, ...more: string[]): string {
  const where = flags.place === "local" ? ["--local"] : flags.place === "staging" ? ["--env staging"] : [];
  return ["npm run setup --", ...where, ...(flags.isSimulated ? ["--simulator"] : []), ...more].join(" ");
}
