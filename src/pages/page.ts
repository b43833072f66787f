import { DurableObject } from "cloudflare:workers";
import { needsReauth } from "../conversation/callbacks.ts";
import type { Letter } from "../conversation/work.ts";
import { type Config, configOf } from "../env.ts";
import { type ConversationId, conversationId, PAGE_ITSELF, pageId } from "../ids.ts";
import { ErasedConversations } from "../privacy/erased.ts";
import { eraseLeftovers } from "../privacy/erasing.ts";
import { wipe } from "../privacy/wiping.ts";
import {
  type ChannelChange,
  ChannelRow,
  type Connection,
  type Origin,
  type StoredChannel,
} from "./channel.ts";
import { type Comparison, type ComparisonPage, Comparisons } from "./comparisons.ts";
import { type DeadLetter, DeadLetters, type LetterPage } from "./dead-letters.ts";
import { Files } from "./files.ts";
import { type Shut, type ShutReason, SIDES, type Side, type Trouble, type Way } from "./gate.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { Pulse } from "./pulse.ts";
import { rulesOf, setupFrom } from "./setup.ts";

const DAY_MS = 24 * 60 * 60_000;

const SETTINGS_RETRY_MS = 60_000;
/** What a token that is found to be good puts an end to. */
const AWAITS_TOKEN: ReadonlySet<ShutReason> = new Set(["needs_reauth", "no_token", "app_secret_mismatch"]);
/** Why the bot is told that the page must be connected anew when a send is what has shown it. */
const TOKEN_REFUSED = "token_refused";
/** Settings that say which bot is asked, or whether. */
const ABOUT_BOTS: ReadonlySet<string> = new Set(["is_on", "bot", "canary"]);

/** The tables that name conversations. */
const NAMING = ["dead_letter", "waiting", "comparison", "erased"];

/** What the page knows of one conversation. */
export interface Trace {
  deadLetters: DeadLetter[];
  comparisons: Comparison[];
}

/** How a page fares, as its object knows. */
export interface Vitals {
  /** ms, give or take some minutes; `null`: never. */
  lastWebhookAt: number | null;
  gates: (Shut & { side: Side })[];
}

/**
 * What conversations of a page share: how it is served, whether its bots and Graph can be reached and who waits for that,
 * its dead letters, and the files Meta keeps for it. It is asked once in a while; no message comes here.
 */
export class Page extends DurableObject<Cloudflare.Env> {
  readonly #gates: Gatekeeper;
  readonly #letters: DeadLetters;
  readonly #files: Files;
  readonly #channel: ChannelRow;
  readonly #comparisons: Comparisons;
  readonly #pulse: Pulse;
  readonly #erased: ErasedConversations;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#gates = new Gatekeeper(ctx.storage.sql, ctx.id.name, (side, id, way) => this.#take(side, id, way));
    this.#letters = new DeadLetters(ctx.storage.sql);
    this.#files = new Files(ctx.storage.sql);
    this.#channel = new ChannelRow(ctx.storage.sql);
    this.#comparisons = new Comparisons(ctx.storage.sql);
    this.#pulse = new Pulse(ctx.storage.sql);
    this.#erased = new ErasedConversations(ctx.storage.sql);
  }

  /** A conversation couldn't get through. @returns the gate, if it is shut: then it will be woken when that opens */
  async trouble(side: Side, trouble: Trouble): Promise<Shut | null> {
    // An isolate may not have heard yet that it was switched on again.
    if (trouble.reason === "bot_off" && this.#isOn()) return null;
    const now = Date.now();
    const { shut, isNews } = this.#gates.trouble(side, trouble, now);
    if (shut) await this.#arm(now);
    if (isNews && trouble.reason === "needs_reauth") await this.#needsReauth(TOKEN_REFUSED);
    return shut;
  }

  /** A conversation comes to a gate that its isolate takes for shut, and waits if it is. @returns the gate, if it is */
  async waits(side: Side, conversation: string): Promise<Shut | null> {
    // Switched on by another deployment, nobody has said so.
    if (this.#gates.shut(side)?.reason === "bot_off" && this.#isOn()) await this.free(side);
    return this.#gates.waits(side, conversation);
  }

  /** Something got through after trouble: the gate opens, and everyone who waits is woken. */
  async free(side: Side): Promise<void> {
    if (side === "graph") this.#pulse.tokenWorks(TOKEN_REFUSED);
    this.#gates.free(side);
    await this.#arm(Date.now());
  }

  /** Takes note of dead letters, and of those that were brought back. */
  async note(conversation: ConversationId, letters: Letter[]): Promise<void> {
    for (const letter of letters) {
      if (letter.outcome === "dead") this.#letters.add(conversation, letter);
      else this.#letters.remove(letter.delivery);
    }
    if ((await this.ctx.storage.getAlarm()) === null) await this.#arm(Date.now());
  }

  deadLetters(before: number | null, limit: number): LetterPage {
    return this.#letters.list(before, limit);
  }

  deadLetter(delivery: string): { conversation: string } | null {
    return this.#letters.find(delivery);
  }

  deadLettersSince(
    at: number,
    after: number,
    limit: number,
  ): { seq: number; conversation: string; delivery: string }[] {
    return this.#letters.since(at, after, limit);
  }

  /** Meta's id of a file it keeps for the page, by type and address; `null` if it has none. */
  file(name: string): string | null {
    return this.#files.find(name);
  }

  keepFile(name: string, attachment: string): void {
    this.#files.keep(name, attachment, Date.now());
  }

  forgetFile(name: string): void {
    this.#files.forget(name);
  }

  /** Takes note of what a bot on trial said. */
  noteComparison(comparison: Comparison): void {
    this.#comparisons.add(comparison);
  }

  comparisons(before: number | null, limit: number): ComparisonPage {
    return this.#comparisons.list(before, limit);
  }

  forgetComparisons(): void {
    this.#comparisons.clear();
  }

  /** What the page knows of a conversation, for who wants to see all that is stored of them. */
  traceOf(conversation: string): Trace {
    return { deadLetters: this.#letters.of(conversation), comparisons: this.#comparisons.of(conversation) };
  }

  /** Forgets a conversation that was deleted, and looks for what was left of it when all its runs are over. */
  async forgetConversation(conversation: ConversationId): Promise<void> {
    const now = Date.now();
    this.#forget(conversation, now);
    this.#erased.add(conversation, now);
    await this.#arm(now);
  }

  /** What was set at run time; `null`: nothing ever was. */
  channel(): StoredChannel | null {
    return this.#channel.read();
  }

  /** Connects the page, or gives it a new token, with which what was held for want of one goes out. */
  async connectChannel(connection: Connection): Promise<void> {
    this.#channel.connect(connection, Date.now());
    this.#pulse.tokenWorks();
    const reason = this.#gates.shut("graph")?.reason;
    if (reason === "needs_reauth" || reason === "no_token") await this.free("graph");
    if (this.#gates.shut("bot")?.reason === "bot_off" && this.#isOn()) await this.free("bot");
  }

  /** Changes what was set at run time. Who waits for a bot tries the one that the page has now. */
  async changeChannel(origin: Origin, change: ChannelChange): Promise<StoredChannel> {
    const changed = this.#channel.change(origin, change);
    if (Object.keys(change.settings ?? {}).some((name) => ABOUT_BOTS.has(name))) {
      await this.free("bot");
      await this.free("canary");
    }
    return changed;
  }

  disconnectChannel(origin: Origin): void {
    this.#channel.disconnect(origin);
  }

  /** Puts a token sealed anew in the old one's place, if that is still there. @returns whether it was */
  reseal(sealed: string, anew: string): boolean {
    return this.#channel.reseal(sealed, anew);
  }

  /** A webhook of the page's has come. @param at ms */
  noteWebhook(at: number): void {
    this.#pulse.webhook(at);
  }

  /** How the page fares: when Meta was heard of it last (ms), and which of its gates are shut. */
  vitals(): Vitals {
    const gates = SIDES.flatMap((side) => {
      const shut = this.#gates.shut(side);
      return shut ? [{ side, reason: shut.reason, until: shut.until }] : [];
    });
    return { lastWebhookAt: this.#pulse.lastWebhook(), gates };
  }

  /** A check has come to this. @param reason why someone must connect the page anew; `null`: its token is good */
  async tokenChecked(reason: string | null): Promise<void> {
    if (reason !== null) {
      await this.#needsReauth(reason);
      return;
    }
    this.#pulse.tokenWorks();
    const shut = this.#gates.shut("graph");
    // One of those who wait tries at once whether that is true of messages, too.
    if (!shut || !AWAITS_TOKEN.has(shut.reason)) return;
    const now = Date.now();
    this.#gates.tryNow("graph", now);
    await this.#arm(now);
  }

  /** Tries the gates that are due, wakes those who wait at open ones, and forgets what is old or was deleted. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    const settings = configOf(this.env);
    if (!settings.ok) {
      // Work taken now would only be lost.
      await this.ctx.storage.setAlarm(now + SETTINGS_RETRY_MS);
      return;
    }
    this.#letters.forget(now - settings.config.retentionDays * DAY_MS);
    const wakeAt = await this.#gates.tend(now);
    await this.#eraseLeftovers(settings.config, now);
    await this.#arm(wakeAt);
  }

  /** Has the bot hear that someone must connect the page anew, if it wants to: once, until the token is good again. */
  async #needsReauth(reason: string): Promise<void> {
    if (!this.#pulse.needsReauth(reason)) return;
    if (!(await this.#tellBot(reason))) this.#pulse.tokenWorks(reason);
  }

  /** @returns whether it has heard, or doesn't want to */
  async #tellBot(reason: string): Promise<boolean> {
    const settings = configOf(this.env);
    if (!settings.ok) return false;
    const page = pageId(this.ctx.id.name ?? "");
    const rules = rulesOf(setupFrom(settings.config, page, this.#channel.read(), undefined));
    if (!rules.callbacks.includes("page.needs_reauth")) return true;
    const conversation = conversationId(page, PAGE_ITSELF);
    try {
      const event = needsReauth(page, reason, Date.now());
      await this.env.CONVERSATION.getByName(conversation).ingest([event], false, rules);
      return true;
    } catch (error) {
      console.error({ event: "ingest_failed", conversation, error: String(error) });
      return false;
    }
  }

  #isOn(): boolean {
    const settings = configOf(this.env);
    if (!settings.ok) return false;
    const page = pageId(this.ctx.id.name ?? "");
    return setupFrom(settings.config, page, this.#channel.read(), undefined).settings.isOn;
  }

  async #eraseLeftovers(config: Config, now: number): Promise<void> {
    const due = this.#erased.due(now);
    if (due.length === 0) return;
    for (const one of due) {
      try {
        await eraseLeftovers(one.conversation, one.at, config, this.env);
        this.#forget(one.conversation, one.at);
        this.#erased.over(one);
      } catch (error) {
        console.error({ event: "leftovers_not_erased", page: this.ctx.id.name, error: String(error) });
        this.#erased.again(one, now);
      }
    }
    wipe(this.ctx.storage, NAMING);
  }

  /** @param at what is newer belongs to a conversation that has begun anew, ms */
  #forget(conversation: ConversationId, at: number): void {
    this.#letters.forgetConversation(conversation, at);
    this.#gates.forgetConversation(conversation);
    this.#comparisons.forgetConversation(conversation);
  }

  /** Takes what waits in a conversation to a Dispatcher. */
  async #take(side: Side, id: ConversationId, way: Way): Promise<"working" | "busy" | "idle"> {
    try {
      const { work, isBusy } = await this.env.CONVERSATION.getByName(id).take(
        side === "graph" ? "send" : "deliver",
      );
      if (work.length > 0) {
        await this.ctx.exports.Dispatcher.run(id, work, way);
        return "working";
      }
      return isBusy ? "busy" : "idle";
    } catch (error) {
      // It is still known to wait on its own account: its alarm tries again.
      console.error({ event: "not_woken", conversation: id, error: String(error) });
      return "idle";
    }
  }

  /** @param wakeAt when those who wait at an open gate are woken, ms */
  async #arm(wakeAt: number): Promise<void> {
    const now = Date.now();
    const dues = [this.#gates.nextDue(wakeAt), this.#erased.nextDue() ?? Number.POSITIVE_INFINITY];
    if (this.#letters.some()) dues.push(now + DAY_MS);
    const due = Math.min(...dues);
    if (Number.isFinite(due)) await this.ctx.storage.setAlarm(Math.max(due, now + 1));
  }
}
