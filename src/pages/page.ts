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
import {
  countFailure,
  freshTally,
  probing,
  type Shut,
  type ShutReason,
  SIDES,
  type Side,
  type Tally,
  type Trouble,
  type Way,
} from "./gate.ts";
import { Gates } from "./gates.ts";
import { Pulse } from "./pulse.ts";
import { rulesOf, setupFrom } from "./setup.ts";

const DAY_MS = 24 * 60 * 60_000;

/** When those who were busy are asked again, ms: their runs have reported by then, or soon after. */
const BUSY_RETRY_MS = 2_000;
const SETTINGS_RETRY_MS = 60_000;
/** A probe has reported by then, or is lost, ms: as long as a lease. */
const PROBE_MS = 30_000;
/** Those who are asked for something to probe with. */
const CANDIDATES = 20;

/** What a token that is found to be good puts an end to. */
const AWAITS_TOKEN: ReadonlySet<ShutReason> = new Set(["needs_reauth", "no_token", "app_secret_mismatch"]);
/** Why the bot is told that the page must be connected anew when a send is what has shown it. */
const TOKEN_REFUSED = "token_refused";

/** Conversations woken in one go when a gate opens; the next go follows at once. */
const WAKE_AT_ONCE = 50;

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
 * What conversations of a page share: whether its bot and Graph can be reached, who waits for that, its dead letters, and
 * the files Meta keeps for it. Nothing in an ordinary exchange comes here.
 */
export class Page extends DurableObject<Cloudflare.Env> {
  readonly #gates: Gates;
  readonly #letters: DeadLetters;
  readonly #files: Files;
  readonly #channel: ChannelRow;
  readonly #comparisons: Comparisons;
  readonly #pulse: Pulse;
  readonly #erased: ErasedConversations;
  /** Lost with the object's memory, which costs at most a few more failures before the gate is shut. */
  readonly #tallies = new Map<Side, Tally>();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#gates = new Gates(ctx.storage.sql);
    this.#letters = new DeadLetters(ctx.storage.sql);
    this.#files = new Files(ctx.storage.sql);
    this.#channel = new ChannelRow(ctx.storage.sql);
    this.#comparisons = new Comparisons(ctx.storage.sql);
    this.#pulse = new Pulse(ctx.storage.sql);
    this.#erased = new ErasedConversations(ctx.storage.sql);
  }

  /**
   * A conversation couldn't get through. If the gate is shut (now), it will be woken when it opens; otherwise it goes on
   * by its own schedule, lest one whose events are at fault be tried at every turn.
   * @returns the gate, if it is shut
   */
  async trouble(side: Side, trouble: Trouble): Promise<Shut | null> {
    const now = Date.now();
    const shut = this.#gates.shut(side);
    const isShut =
      trouble.reason !== "bot_failing" || shut !== null || countFailure(this.#tally(side), trouble, now);
    if (!isShut) return null;
    this.#gates.wait(side, trouble.conversation);
    const afterMs = trouble.afterMs === undefined ? undefined : Math.min(trouble.afterMs, DAY_MS);
    if (shut && (shut.reason === trouble.reason || shut.reason === "bot_gone")) {
      // A probe's result says when to try again. From others, only a longer wait that was asked for is news.
      const until =
        trouble.isProbe && shut.reason === trouble.reason
          ? now + (afterMs ?? probing(shut.reason, shut.probes, undefined).waitMs)
          : Math.max(shut.until, now + (afterMs ?? 0));
      if (until !== shut.until) await this.#shut(side, { ...shut, until });
      return { ...shut, until };
    }
    const { waitMs } = probing(trouble.reason, 0, afterMs);
    const next = { reason: trouble.reason, until: Math.max(shut?.until ?? 0, now + waitMs), probes: 0 };
    await this.#shut(side, next);
    console.warn({ event: "gate_shut", page: this.ctx.id.name, side, reason: trouble.reason });
    if (trouble.reason === "needs_reauth") await this.#needsReauth(TOKEN_REFUSED);
    return next;
  }

  /** A conversation comes to a gate that its isolate takes for shut, and waits if it is. @returns the gate, if it is */
  async waits(side: Side, conversation: string): Promise<Shut | null> {
    const shut = this.#gates.shut(side);
    if (shut) this.#gates.wait(side, conversation);
    return shut;
  }

  /** Something got through after trouble: the gate opens, and everyone who waits is woken. */
  async free(side: Side): Promise<void> {
    this.#tallies.delete(side);
    if (side === "graph") this.#pulse.tokenWorks(TOKEN_REFUSED);
    this.#open(side);
    if (this.#gates.someWait(side)) await this.ctx.storage.setAlarm(Date.now() + 1);
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
  }

  changeChannel(origin: Origin, change: ChannelChange): StoredChannel {
    return this.#channel.change(origin, change);
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
    if (shut && AWAITS_TOKEN.has(shut.reason)) await this.#shut("graph", { ...shut, until: Date.now() });
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
    let someBusy = false;
    for (const side of SIDES) {
      const shut = this.#gates.shut(side);
      if (!shut) {
        const woken = this.#gates.takeWaiting(side, WAKE_AT_ONCE);
        someBusy = (await this.#wake(side, woken)) || someBusy;
      } else if (shut.until <= now && !this.#gates.someWait(side)) this.#open(side);
      else if (shut.until <= now) await this.#probe(side, shut, now);
    }
    await this.#eraseLeftovers(settings.config, now);
    await this.#arm(someBusy ? now + BUSY_RETRY_MS : now);
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

  /** Lets a few of those who wait try whether the gate opens: the first who have something to try it with. */
  async #probe(side: Side, shut: Shut & { probes: number }, now: number): Promise<void> {
    const probes = shut.probes + 1;
    const { count } = probing(shut.reason, probes, undefined);
    let trying = 0;
    for (const id of this.#gates.peekWaiting(side, CANDIDATES)) {
      if (trying < count && (await this.#take(side, id, "probe")) === "working") trying++;
    }
    // Their results say when it is tried again; should they get lost, or all be busy, it is tried all the same.
    if (trying > 0) this.#gates.set(side, { ...shut, probes, until: now + PROBE_MS });
    else this.#gates.set(side, { ...shut, until: now + BUSY_RETRY_MS });
  }

  /**
   * Takes what waits in these conversations past the gate.
   * @returns whether some were busy and go on waiting
   */
  async #wake(side: Side, conversations: ConversationId[]): Promise<boolean> {
    const taken = await Promise.all(conversations.map((id) => this.#take(side, id, "woken")));
    return taken.includes("busy");
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
      // Its run may be about to report that it was put off: it must not miss that the gate is open.
      if (isBusy) this.#gates.wait(side, id);
      else this.#gates.leave(side, id);
      return isBusy ? "busy" : "idle";
    } catch (error) {
      // It is still known to wait on its own account: its alarm tries again.
      console.error({ event: "not_woken", conversation: id, error: String(error) });
      return "idle";
    }
  }

  #tally(side: Side): Tally {
    const tally = this.#tallies.get(side) ?? freshTally();
    this.#tallies.set(side, tally);
    return tally;
  }

  #open(side: Side): void {
    if (this.#gates.open(side)) console.warn({ event: "gate_opened", page: this.ctx.id.name, side });
  }

  async #shut(side: Side, shut: Shut & { probes: number }): Promise<void> {
    this.#gates.set(side, shut);
    await this.#arm(Date.now());
  }

  /** @param wakeAt when those who wait at an open gate are woken, ms */
  async #arm(wakeAt: number): Promise<void> {
    const now = Date.now();
    const dues = SIDES.map((side) => {
      const shut = this.#gates.shut(side);
      if (shut) return shut.until;
      return this.#gates.someWait(side) ? wakeAt : Number.POSITIVE_INFINITY;
    });
    if (this.#letters.some()) dues.push(now + DAY_MS);
    dues.push(this.#erased.nextDue() ?? Number.POSITIVE_INFINITY);
    const due = Math.min(...dues);
    if (Number.isFinite(due)) await this.ctx.storage.setAlarm(Math.max(due, now + 1));
  }
}
