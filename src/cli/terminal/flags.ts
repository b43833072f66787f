import { parseArgs } from "node:util";
import { isAllowedUrl } from "../../env-formats.ts";
import { Trouble } from "./trouble.ts";

export const ROTATIONS = [
  "verify-token",
  "signing-secret",
  "sealing-key",
  "api-keys",
  "app-secret",
  "page-token",
] as const;
export type Rotation = (typeof ROTATIONS)[number];

/** Which gateway: the one on this machine, or a Worker. */
export type PlaceName = "local" | "staging" | "production";

type Command =
  | { name: "setup" | "status" | "undo" | "show-secrets" | "help" }
  | { name: "rotate"; what: Rotation; isFinish: boolean };

/** Where a secret comes from: a variable of the environment, or a file (`-`: standard input). */
export interface SecretSource {
  from: "env" | "file";
  name: string;
}

export interface Flags {
  command: Command;
  place: PlaceName;
  /** Play Meta and the bot, too. */
  isSimulated: boolean;
  /** End after the test instead of going on. */
  isCheck: boolean;
  isDeploying: boolean;
  /** Log in at Facebook, even where there are tokens. */
  isLoggingIn: boolean;
  hasBrowser: boolean;
  /** Nothing is asked. */
  isSilent: boolean;
  /** What would have to be confirmed is. */
  isConfirmed: boolean;
  isJson: boolean;
  isDeletingSecrets: boolean;
  appId: string | undefined;
  appSecret: SecretSource | undefined;
  pageIds: readonly string[];
  pageTokens: readonly SecretSource[];
  botUrl: string | undefined;
  botProtocol: string | undefined;
  publicUrl: string | undefined;
  graphUrl: string | undefined;
  fields: readonly string[] | undefined;
  config: string | undefined;
}

const text = { type: "string" } as const;
const many = { type: "string", multiple: true } as const;
const on = { type: "boolean" } as const;

const OPTIONS = {
  help: on,
  status: on,
  undo: on,
  rotate: text,
  finish: on,
  "show-secrets": on,
  local: on,
  simulator: on,
  check: on,
  env: text,
  "app-id": text,
  "app-secret-env": text,
  "app-secret-file": text,
  "page-id": many,
  "page-token-env": many,
  "page-token-file": many,
  oauth: on,
  "no-browser": on,
  "bot-url": text,
  "bot-protocol": text,
  "public-url": text,
  "graph-url": text,
  fields: text,
  config: text,
  "no-deploy": on,
  "delete-secrets": on,
  yes: on,
  "non-interactive": on,
  json: on,
} as const;

/** @throws Trouble for flags that can't be, without repeating their values: one may be a secret */
export function readFlags(argv: readonly string[]): Flags {
  refuseSecrets(argv);
  const values = parsed(argv);
  const command = commandOf(values);
  const { local = false, env } = values;
  if (env !== undefined && env !== "staging" && env !== "production") {
    throw new Trouble("unknown_flag", "--env is staging or production.", HELP_HINT);
  }
  const contradict = (what: string, how: string) => new Trouble("flags_contradict", what, how);
  if (local && env !== undefined) throw contradict("--local and --env exclude each other.", "Leave one out.");
  for (const name of ["simulator", "check"] as const) {
    if (values[name] && !local) throw contradict(`--${name} is for --local.`, "Add --local.");
  }
  if (values.simulator && values["graph-url"] !== undefined) {
    throw contradict("--simulator starts its own Graph.", "Leave --graph-url out.");
  }
  for (const name of ["bot-url", "public-url", "graph-url"] as const) {
    const url = values[name];
    if (url !== undefined && !isAllowedUrl(url)) {
      const how = "Give an https URL of a public host; plain http is for this machine only.";
      throw new Trouble("setting_malformed", `--${name} is no URL that can be used.`, how);
    }
  }
  const files = [values["app-secret-file"] ?? [], values["page-token-file"] ?? []].flat();
  if (files.filter((file) => file === "-").length > 1) {
    throw contradict("Standard input can be but one secret.", "Give the others by variables or files.");
  }
  const { "app-id": appId, "page-id": pageIds = [] } = values;
  if (appId !== undefined && !/^\d{1,32}$/.test(appId)) {
    throw new Trouble(
      "setting_malformed",
      "--app-id is not made of digits.",
      "It is shown at the top of the app's dashboard.",
    );
  }
  return {
    command,
    place: local ? "local" : (env ?? "production"),
    isSimulated: values.simulator ?? false,
    isCheck: values.check ?? false,
    isDeploying: !values["no-deploy"],
    isLoggingIn: values.oauth ?? false,
    hasBrowser: !values["no-browser"],
    isSilent: (values.yes ?? false) || (values["non-interactive"] ?? false),
    isConfirmed: values.yes ?? false,
    isJson: values.json ?? false,
    isDeletingSecrets: values["delete-secrets"] ?? false,
    appId,
    appSecret: sources(values["app-secret-env"], values["app-secret-file"])[0],
    pageIds: pageIds.flatMap(listed),
    pageTokens: sources(values["page-token-env"], values["page-token-file"]),
    botUrl: values["bot-url"],
    botProtocol: values["bot-protocol"],
    publicUrl: values["public-url"]?.replace(/\/+$/, ""),
    graphUrl: values["graph-url"]?.replace(/\/+$/, ""),
    fields: values.fields === undefined ? undefined : listed(values.fields),
    config: values.config,
  };
}

const HELP_HINT = "`npm run setup -- --help` lists them.";

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const name = /'(--?[\w-]+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const what =
      name === undefined ? "There is something beside flags." : `${name} is no flag, or lacks its value.`;
    throw new Trouble("unknown_flag", what, HELP_HINT);
  }
}

function commandOf(values: ReturnType<typeof parsed>): Command {
  const named = (["help", "status", "undo", "show-secrets"] as const).filter((name) => values[name]);
  const { rotate, finish = false } = values;
  const [name = "setup", ...more] = named;
  if (more.length > 0 || (rotate !== undefined && named.length > 0)) {
    throw new Trouble("flags_contradict", "These are different commands.", "Give one of them at a time.");
  }
  if (rotate === undefined) {
    if (finish) throw new Trouble("flags_contradict", "--finish is for --rotate.", "Add --rotate=….");
    return { name };
  }
  const what = ROTATIONS.find((one) => one === rotate);
  if (!what)
    throw new Trouble(
      "unknown_flag",
      "--rotate is of no such thing.",
      `It is one of ${ROTATIONS.join(", ")}.`,
    );
  return { name: "rotate", what, isFinish: finish };
}

const HARMLESS = ["show-secrets", "delete-secrets"];

/** A value on the command line is seen by everybody who lists processes, and stays in the shell's history. */
function refuseSecrets(argv: readonly string[]): void {
  for (const arg of argv) {
    const name = /^--([\w-]*(?:secret|token|key|password)[\w-]*)/.exec(arg)?.[1];
    if (name === undefined || HARMLESS.includes(name) || /-(env|file)$/.test(name)) continue;
    throw new Trouble(
      "secret_in_flag",
      `--${name} would hold a secret, which then stands in the list of processes and in your shell's history.`,
      "Give secrets by prompt, by a variable (--app-secret-env NAME), by a file or by standard input (--app-secret-file PATH or -); and make a new one, since this one has been seen.",
    );
  }
}

const listed = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");

type Named = string | readonly string[] | undefined;
const sources = (variables: Named, files: Named): SecretSource[] => [
  ...[variables ?? []].flat().map((name): SecretSource => ({ from: "env", name })),
  ...[files ?? []].flat().map((name): SecretSource => ({ from: "file", name })),
];
