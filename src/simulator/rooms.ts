import { Actions } from "./actions.ts";
import { Attachments } from "./attachments.ts";
import { Clock } from "./clock.ts";
import { Conversations } from "./conversations.ts";
import type { Environment } from "./environment.ts";
import { FaultStore } from "./faults.ts";
import { Grants } from "./grants.ts";
import type { CallRecord } from "./graph/call.ts";
import { Interruption } from "./interruption.ts";
import { Live } from "./live.ts";
import { Logins } from "./logins.ts";
import { Owners } from "./owners.ts";
import { Pages } from "./pages.ts";
import { Personas } from "./personas.ts";
import { Profiles } from "./profiles.ts";
import { Records } from "./records.ts";
import { SettingsStore } from "./settings.ts";
import { Subscriptions } from "./subscriptions.ts";
import { createTables, emptyTables } from "./tables.ts";
import { Threads } from "./threads.ts";
import { Users } from "./users.ts";
import type { Attempt } from "./webhook/attempt.ts";
import { Outbox } from "./webhook/outbox.ts";
import { WebhookSender } from "./webhook/sender.ts";

/** All parts of one simulated Messenger, wired to one object's storage. */
export interface Rooms {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly pages: Pages;
  readonly users: Users;
  readonly conversations: Conversations;
  readonly threads: Threads;
  readonly actions: Actions;
  readonly grants: Grants;
  readonly owners: Owners;
  readonly attachments: Attachments;
  readonly personas: Personas;
  readonly profiles: Profiles;
  readonly settings: SettingsStore;
  readonly subscriptions: Subscriptions;
  readonly logins: Logins;
  readonly faults: FaultStore;
  readonly calls: Records<CallRecord>;
  readonly outbox: Outbox;
  readonly attempts: Records<Attempt>;
  readonly sender: WebhookSender;
  readonly live: Live;
  readonly interruption: Interruption;
  /** Forgets everything and cuts short what is under way. */
  readonly reset: () => void;
}

export function openRooms(ctx: DurableObjectState, environment: Environment): Rooms {
  const { sql, kv } = ctx.storage;
  createTables(sql);
  const clock = new Clock(kv);
  const threads = new Threads(sql);
  const faults = new FaultStore(kv);
  const outbox = new Outbox(sql, clock);
  const attempts = new Records<Attempt>(sql, "attempts");
  const live = new Live(ctx);
  const interruption = new Interruption();
  const onAccepted = (mids: readonly string[]) => {
    threads.markDelivered(mids);
    live.statusChanged();
  };
  const subscriptions = new Subscriptions(kv);
  const webhookUrl = () => subscriptions.ofApp("page")?.callbackUrl ?? environment.webhookUrl;
  const sender = new WebhookSender({
    ctx,
    environment,
    webhookUrl,
    outbox,
    attempts,
    faults,
    interruption,
    onAccepted,
  });
  const reset = () => {
    emptyTables(sql);
    for (const [key] of kv.list()) kv.delete(key);
    interruption.interruptAll();
    sender.forget();
    live.statusChanged();
  };
  return {
    environment,
    clock,
    pages: new Pages(kv, environment),
    users: new Users(sql),
    conversations: new Conversations(sql),
    threads,
    actions: new Actions(sql),
    grants: new Grants(sql),
    owners: new Owners(sql, clock),
    attachments: new Attachments(sql),
    personas: new Personas(sql),
    profiles: new Profiles(kv, sql),
    settings: new SettingsStore(kv),
    subscriptions,
    logins: new Logins(kv),
    faults,
    calls: new Records<CallRecord>(sql, "calls"),
    outbox,
    attempts,
    sender,
    live,
    interruption,
    reset,
  };
}
