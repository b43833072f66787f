import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parsePageTokens } from "../../env-formats.ts";
import type { Flags, SecretSource } from "./flags.ts";
import { Trouble } from "./trouble.ts";

/** Secrets of the gateway; no other program gets them along with the environment. */
const SECRET_NAMES =
  /^(META_APP_SECRET|META_APPS|META_VERIFY_TOKEN|PAGE_ACCESS_TOKEN\w*|BOT_SIGNING_SECRET\w*|BOT_TOKEN\w*|BOT_APP_SECRET|API_KEYS|SEALING_KEY|MESSENGATE_API_KEY)$/;

/** What is given along with the command: by flags, by the environment, by files. */
export class Given {
  readonly #flags: Flags;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #folder: string;
  /** Standard input is read once. */
  readonly #files = new Map<string, string>();

  constructor(flags: Flags, environment: NodeJS.ProcessEnv, folder: string) {
    this.#flags = flags;
    this.#environment = environment;
    this.#folder = folder;
  }

  /** A variable of the environment; an empty one is none. */
  variable(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  appSecret(): string | undefined {
    const { appSecret } = this.#flags;
    return appSecret ? this.#read(appSecret) : this.variable("META_APP_SECRET");
  }

  /** Tokens as they are given, of pages or of people. */
  pageTokens(): string[] {
    const { pageTokens } = this.#flags;
    if (pageTokens.length > 0) return pageTokens.map((source) => this.#read(source));
    const single = this.variable("PAGE_ACCESS_TOKEN");
    return [...(single === undefined ? [] : [single]), ...tokensIn(this.#environment).values()];
  }

  /** The environment for other programs: without the gateway's secrets. */
  environmentForOthers(): NodeJS.ProcessEnv {
    const { appSecret, pageTokens } = this.#flags;
    const named = [...(appSecret ? [appSecret] : []), ...pageTokens].map(({ name }) => name);
    return Object.fromEntries(
      Object.entries(this.#environment).filter(([name]) => !SECRET_NAMES.test(name) && !named.includes(name)),
    );
  }

  #read({ from, name }: SecretSource): string {
    if (from === "env") {
      const value = this.variable(name);
      if (value !== undefined) return value;
      throw new Trouble(
        "answer_missing",
        `The variable ${name} is not set.`,
        "Set it, without a word in the shell's history: read -rs.",
      );
    }
    const text = this.#files.get(name) ?? textOf(name, this.#folder);
    this.#files.set(name, text);
    if (text !== "") return text;
    throw new Trouble("answer_missing", `The file ${name} is empty.`, FILE_HOW);
  }
}

const FILE_HOW = "Give the path of a file that holds the secret alone.";

function textOf(name: string, folder: string): string {
  try {
    return readFileSync(name === "-" ? 0 : resolve(folder, name), "utf8").trim();
  } catch {
    throw new Trouble("answer_missing", `The file ${name} can't be read.`, FILE_HOW);
  }
}

const ONE_PAGE = /^PAGE_ACCESS_TOKEN_(\d{1,32})$/;

/** The tokens in a set of settings, by page. `PAGE_ACCESS_TOKENS` wins, as it does in the gateway. */
export function tokensIn(settings: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const [name, value = ""] of Object.entries(settings)) {
    const page = ONE_PAGE.exec(name)?.[1];
    if (page !== undefined && value.trim() !== "") tokens.set(page, value.trim());
  }
  const { PAGE_ACCESS_TOKENS: json = "" } = settings;
  for (const [page, token] of Object.entries(json === "" ? {} : (parsePageTokens(json) ?? {}))) {
    tokens.set(page, token);
  }
  return tokens;
}
