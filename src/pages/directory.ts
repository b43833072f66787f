import { DurableObject } from "cloudflare:workers";
import { configOf } from "../env.ts";
import { erasePerson } from "../privacy/person.ts";
import { Channels, type ListedChannel } from "./directory/channels.ts";
import type { CheckDue, CheckNote, CheckPage } from "./directory/check.ts";
import { Checks } from "./directory/checks.ts";
import { type Deletion, type DeletionRequest, Deletions } from "./directory/deletions.ts";
import { Logins } from "./directory/logins.ts";

/**
 * What concerns the gateway as a whole: which pages it has, and who is just connecting some. One object, which no message
 * ever comes to; whether and how a page is served, its own object knows.
 */
export class Directory extends DurableObject<Cloudflare.Env> {
  readonly #channels: Channels;
  readonly #checks: Checks;
  readonly #deletions: Deletions;
  readonly #logins: Logins;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#channels = new Channels(ctx.storage.sql);
    this.#checks = new Checks(ctx.storage.sql);
    this.#deletions = new Deletions(ctx.storage);
    this.#logins = new Logins(ctx.storage.sql);
  }

  /** Every page that was connected or named at run time; those from the secrets alone may be missing. */
  list(): ListedChannel[] {
    return this.#channels.all();
  }

  find(channel: string): ListedChannel | null {
    return this.#channels.find(channel);
  }

  /** Lists a page as it is now. */
  put(channel: ListedChannel): void {
    this.#channels.put(channel);
  }

  /** Lists pages whose names have been learnt, unless they are listed by now. */
  introduce(channels: ListedChannel[]): void {
    for (const channel of channels) this.#channels.introduce(channel);
  }

  /** Lists a page under another name and picture. */
  rename(channel: ListedChannel): void {
    this.#channels.introduce(channel);
    this.#channels.rename(channel.id, channel);
  }

  /** The pages whose turn it is to be checked. @param secrets the pages in the deployment's secrets */
  dueChecks(secrets: string[], atMost: number): CheckDue {
    return this.#checks.due(this.#channels.all(), secrets, atMost);
  }

  checkOf(page: string, secrets: string[]): CheckDue {
    return this.#checks.one(this.#channels.all(), secrets, page);
  }

  listChecks(secrets: string[], only: string[] | null, after: string | null, limit: number): CheckPage {
    return this.#checks.list(this.#channels.all(), secrets, only, after, limit);
  }

  /** @returns the subjects that have other problems now */
  noteChecks(notes: CheckNote[]): string[] {
    return this.#checks.note(notes);
  }

  /**
   * A login comes back from Meta.
   * @param expiresAt ms; when it couldn't any more
   * @returns whether it is the first time: a second time, somebody replays it
   */
  async spendLogin(login: string, expiresAt: number): Promise<boolean> {
    const isFirst = this.#logins.spend(login, expiresAt);
    await this.#arm();
    return isFirst;
  }

  /** @param token the person's, sealed @param expiresAt ms */
  async keepLogin(login: string, token: string, expiresAt: number): Promise<void> {
    this.#logins.keep(login, token, expiresAt);
    await this.#arm();
  }

  /** The token of a login that has come back, sealed; `null` if there is none (any more). */
  loginToken(login: string): string | null {
    return this.#logins.token(login, Date.now());
  }

  /**
   * A person wants their data deleted. It is done as soon as this is written down, and tried until it is done.
   * @returns the code under which they can see how far it is
   */
  async receiveDeletion(request: DeletionRequest): Promise<string> {
    const code = this.#deletions.receive(request, Date.now());
    await this.#arm();
    return code;
  }

  deletion(code: string): Deletion | null {
    return this.#deletions.find(code);
  }

  /**
   * A person has removed an app. Whose logins are under way isn't known: all begin anew.
   * @param expiresAt when Meta's word of it is too old to be repeated, ms
   * @returns whether this is the first word of it
   */
  deauthorized(mark: string, expiresAt: number): boolean {
    const isFirst = this.#deletions.deauthorized(mark, expiresAt, Date.now());
    if (isFirst) this.#logins.forgetTokens();
    return isFirst;
  }

  /** Forgets logins that are over, and deletes the data of those who want it. */
  override async alarm(): Promise<void> {
    this.#logins.forget(Date.now());
    await this.#erasePeople();
    await this.#arm();
  }

  async #erasePeople(): Promise<void> {
    const settings = configOf(this.env);
    for (const one of this.#deletions.due(Date.now())) {
      const tried = settings.ok
        ? await erasePerson(one, settings.config, this.env)
        : { state: "received" as const, conversations: 0 };
      const state = this.#deletions.tried(one.code, tried, Date.now());
      console.log({ event: "data_deletion", app: one.app, state });
    }
  }

  async #arm(): Promise<void> {
    const dues = [this.#logins.nextExpiry(), this.#deletions.nextDue()].filter((due) => due !== null);
    if (dues.length > 0) await this.ctx.storage.setAlarm(Math.max(Math.min(...dues), Date.now() + 1));
  }
}
