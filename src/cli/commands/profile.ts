import { parseArgs } from "node:util";
import { portsIn } from "../../../scripts/parts.ts";
import { readConfigFile } from "../places/config-file.ts";
import { GatewayApi } from "../places/gateway-api.ts";
import { LocalPlace } from "../places/local-place.ts";
import { SetupRecord } from "../places/record.ts";
import { adminKeyIn } from "../places/secrets.ts";
import {
  inWords,
  type ProfileChange,
  type ProfileDifference,
  profileCall,
  type WantedProfile,
  wantedProfiles,
} from "../steps/profile.ts";
import type { PlaceName } from "../terminal/flags.ts";
import { Report } from "../terminal/report.ts";
import { Trouble } from "../terminal/trouble.ts";
import type { World } from "../terminal/world.ts";

export const PROFILE_HELP = `npm run profile -- diff|apply [flags]

Compares the Messenger profiles in messengate.config.json with those at Meta, or makes Meta's so.
Exit codes: 0: as the file has it; 1: different (diff); 2: something went wrong.

  --page ID              only this page; repeatable. Without it, those that the file names
  --local                the gateway on this machine (PORT: 8787); --env staging: that of staging
  --url URL              the gateway, if it wasn't set up from here
  --config PATH          messengate.config.json unless set
  --platform instagram   of an Instagram account
  --json                 one JSON document on standard output

Its key is MESSENGATE_API_KEY, or the admin key that setup keeps.`;

const OPTIONS = {
  page: { type: "string", multiple: true },
  local: { type: "boolean" },
  env: { type: "string" },
  url: { type: "string" },
  config: { type: "string" },
  platform: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** @returns the exit code */
export async function profileMain(argv: readonly string[], world: World): Promise<number> {
  const report = new Report(world.errors);
  try {
    const { what, values } = parsed(argv);
    if (what === "help") {
      world.output.write(`${PROFILE_HELP}\n`);
      return 0;
    }
    const place: PlaceName = values.local ? "local" : values.env === "staging" ? "staging" : "production";
    const api = gatewayAt(world, place, values.url, report);
    const wanted = await wantedIn(world.folder, values.config, values.page ?? []);
    const platform = values.platform === undefined ? {} : { platform: values.platform };
    const results: (WantedProfile & ProfileDifference)[] = [];
    for (const one of wanted) {
      results.push({ ...one, ...(await profileCall(api, what, { ...one, ...platform })) });
    }
    const text = values.json
      ? JSON.stringify(results, null, 2)
      : results.map((one) => inLines(what, one)).join("\n");
    world.output.write(`${report.clean(text)}\n`);
    const isDifferent = results.some(
      ({ changes, conflict }) => changes.length > 0 || typeof conflict === "string",
    );
    return what === "diff" && isDifferent ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    report.step("Stopped", "failed", `${error.message} [${error.code}]`, error.how);
    return 2;
  }
}

function parsed(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
    if (values.help) return { what: "help", values } as const;
    const what = (["diff", "apply"] as const).find((one) => one === positionals[0]);
    const isOdd =
      positionals.length !== 1 || (values.env ?? "production").match(/^(staging|production)$/) === null;
    if (what && !isOdd && (values.platform ?? "messenger").match(/^(messenger|instagram)$/))
      return { what, values };
  } catch {
    // Told below, with the same words.
  }
  throw new Trouble(
    "unknown_flag",
    "It is diff or apply, and flags.",
    "`npm run profile -- --help` lists them.",
  );
}

function gatewayAt(
  { folder, environment }: World,
  place: PlaceName,
  given: string | undefined,
  report: Report,
): GatewayApi {
  const { kept, deployed } = new SetupRecord(folder, place).contents;
  const keys = place === "local" ? new LocalPlace(folder).known().get("API_KEYS") : kept["API_KEYS"];
  const key = environment["MESSENGATE_API_KEY"] || adminKeyIn(keys ?? "");
  const url =
    given ?? (place === "local" ? `http://127.0.0.1:${portsIn(environment).gateway}` : deployed?.url);
  report.conceal(key);
  if (url === undefined) {
    throw new Trouble(
      "answer_missing",
      "It isn't known where the gateway answers.",
      "Give --url, or set up from here first.",
    );
  }
  if (key) return new GatewayApi(url.replace(/\/+$/, ""), key);
  throw new Trouble(
    "no_admin_key",
    "The gateway's admin key isn't known here.",
    "Set MESSENGATE_API_KEY to a key of role admin.",
  );
}

async function wantedIn(
  folder: string,
  path: string | undefined,
  pages: readonly string[],
): Promise<WantedProfile[]> {
  const config = await readConfigFile(folder, path);
  if (!config) {
    throw new Trouble(
      "config_malformed",
      "There is no messengate.config.json.",
      "Copy messengate.config.example.json.",
    );
  }
  const wanted = wantedProfiles(config, pages.length > 0 ? pages : config.pages);
  if (wanted.length > 0) return wanted;
  throw new Trouble(
    "config_malformed",
    "The file has no profile for these pages.",
    "Give the page a profile there; with a default alone, say which pages with --page.",
  );
}

function inLines(
  what: "diff" | "apply",
  { page, changes, conflict, warnings }: WantedProfile & ProfileDifference,
): string {
  const lines = [...warnings, ...(typeof conflict === "string" ? [conflict] : [])].map(
    (text) => `  ! ${text}`,
  );
  if (changes.length === 0) return [`page ${page}: as the file has it`, ...lines].join("\n");
  const shown = what === "diff" ? changes.flatMap(inSides) : changes.map((change) => `  ${inWords(change)}`);
  return [`page ${page}:`, ...lines, ...shown].join("\n");
}

const inSides = (change: ProfileChange): string[] => [
  `  ${inWords(change)}`,
  ...(change.from == null ? [] : [`    - ${JSON.stringify(change.from)}`]),
  ...(change.to == null ? [] : [`    + ${JSON.stringify(change.to)}`]),
];
