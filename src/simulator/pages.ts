import * as z from "zod/mini";
import type { Environment, Page } from "./environment.ts";
import { USUAL_SCOPES } from "./logins.ts";

/** Meta's own inbox, which is an app like others when it comes to threads. */
export const PAGE_INBOX = "263902037430900";

const digits = z.string().check(z.regex(/^\d{1,32}$/));

/** The body of `PUT /_sim/pages/{page_id}`; what it leaves out stays as it is. See docs/simulator.md, "Pages". */
export const pageChangeSchema = z.strictObject({
  instagram_id: z.exactOptional(z.nullable(digits)),
  human_agent: z.exactOptional(z.boolean()),
  user_fields: z.exactOptional(z.array(z.enum(["locale", "timezone", "gender"]))),
  appsecret_proof_required: z.exactOptional(z.boolean()),
  apps: z.exactOptional(z.array(z.strictObject({ id: digits, name: z.string() }))),
  conversation_routing: z.exactOptional(z.boolean()),
  default_app_id: z.exactOptional(z.nullable(digits)),
  handover_apis: z.exactOptional(z.enum(["all", "pass_and_release", "none"])),
  ownership_hours: z.exactOptional(z.number().check(z.gt(0))),
  scopes: z.exactOptional(z.array(z.string())),
  tasks: z.exactOptional(z.array(z.string())),
});

type PageChange = z.infer<typeof pageChangeSchema>;

/** What a page may do, and which apps are on it. */
export type PageSettings = Readonly<Required<PageChange>>;

const DEFAULTS: PageSettings = {
  instagram_id: null,
  human_agent: true,
  user_fields: [],
  appsecret_proof_required: false,
  apps: [{ id: PAGE_INBOX, name: "Page Inbox" }],
  conversation_routing: false,
  default_app_id: null,
  handover_apis: "all",
  ownership_hours: 24,
  scopes: [...USUAL_SCOPES],
  tasks: ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
};

type Platform = "messenger" | "instagram";

/** What people write to: a page, or its Instagram account. Conversations and webhooks go by `id`. */
export interface Account {
  readonly id: string;
  readonly platform: Platform;
  readonly page: Page;
}

const keyOf = (pageId: string) => `page:${pageId}`;

const tokenKeyOf = (pageId: string) => `page-token:${pageId}`;

/** The pages, each with its token, its settings and the accounts it has. */
export class Pages {
  readonly #kv: SyncKvStorage;
  readonly #environment: Environment;

  constructor(kv: SyncKvStorage, environment: Environment) {
    this.#kv = kv;
    this.#environment = environment;
  }

  settings(pageId: string): PageSettings {
    return { ...DEFAULTS, ...this.#kv.get<PageChange>(keyOf(pageId)) };
  }

  /** @returns The settings in force from now on. */
  change(pageId: string, change: PageChange): PageSettings {
    const settings = { ...this.settings(pageId), ...change };
    this.#kv.put(keyOf(pageId), settings);
    return settings;
  }

  /** @returns The token that is good for the page now. */
  tokenOf({ id, token }: Page): string {
    return this.#kv.get<string>(tokenKeyOf(id)) ?? token;
  }

  /** Gives the page another token, or with null that of `SIM_PAGES`; the one it had is good no more. */
  setToken({ id }: Page, token: string | null): void {
    if (token === null) this.#kv.delete(tokenKeyOf(id));
    else this.#kv.put(tokenKeyOf(id), token);
  }

  /** @returns The page for which this token is good, or null if there is none. */
  ofToken(token: unknown): Page | null {
    return this.#environment.pages.find((page) => this.tokenOf(page) === token) ?? null;
  }

  /** @returns The page or Instagram account with this id, or null if there is none. */
  accountOf(id: string): Account | null {
    for (const page of this.#environment.pages) {
      if (page.id === id) return { id, platform: "messenger", page };
      if (this.settings(page.id).instagram_id === id) return { id, platform: "instagram", page };
    }
    return null;
  }

  /** @returns The accounts a page's token speaks for, the page first. */
  accountsOf(page: Page): readonly Account[] {
    const { instagram_id } = this.settings(page.id);
    const itself: Account = { id: page.id, platform: "messenger", page };
    return instagram_id === null ? [itself] : [itself, { id: instagram_id, platform: "instagram", page }];
  }

  /** @returns The settings that hold for an account; an unknown one has the defaults. */
  settingsOfAccount(accountId: string): PageSettings {
    return this.settings(this.accountOf(accountId)?.page.id ?? accountId);
  }
}
