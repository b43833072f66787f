import { DurableObject } from "cloudflare:workers";
import { Channels, type ListedChannel } from "./directory/channels.ts";
import { type CheckDue, type CheckNote, type CheckPage, Checks } from "./directory/checks.ts";
import { Logins } from "./directory/logins.ts";

/**
 * What concerns the gateway as a whole: which pages it has, and who is just connecting some. One object, which no message
 * ever comes to; whether and how a page is served, its own object knows.
 */
export class Directory extends DurableObject<Cloudflare.Env> {
  readonly #channels: Channels;
  readonly #checks: Checks;
  readonly #logins: Logins;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#channels = new Channels(ctx.storage.sql);
    this.#checks = new Checks(ctx.storage.sql);
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

  /** @returns the subjects that are in another state now, or have other problems */
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

  /** Forgets logins that are over. */
  override async alarm(): Promise<void> {
    this.#logins.forget(Date.now());
    await this.#arm();
  }

  async #arm(): Promise<void> {
    const due = this.#logins.nextExpiry();
    if (due !== null) await this.ctx.storage.setAlarm(Math.max(due, Date.now() + 1));
  }
}
