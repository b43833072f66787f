import { Clock } from "./clock.ts";
import { Conversations } from "./conversations.ts";
import type { Environment } from "./environment.ts";
import { FaultStore } from "./faults.ts";
import { Interruption } from "./interruption.ts";
import { Live } from "./live.ts";
import { SettingsStore } from "./settings.ts";
import { createTables, emptyTables } from "./tables.ts";
import { Threads } from "./threads.ts";
import { Users } from "./users.ts";
import { Attempts } from "./webhook/attempts.ts";
import { Outbox } from "./webhook/outbox.ts";
import { WebhookSender } from "./webhook/sender.ts";

/** All parts of one simulated Messenger, wired to one object's storage. */
export interface Rooms {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly users: Users;
  readonly conversations: Conversations;
  readonly threads: Threads;
  readonly settings: SettingsStore;
  readonly faults: FaultStore;
  readonly outbox: Outbox;
  readonly attempts: Attempts;
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
  const attempts = new Attempts(sql);
  const live = new Live(ctx);
  const interruption = new Interruption();
  const onAccepted = (mids: readonly string[]) => {
    threads.markDelivered(mids);
    live.statusChanged();
  };
  const sender = new WebhookSender({ ctx, environment, outbox, attempts, faults, interruption, onAccepted });
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
    users: new Users(sql),
    conversations: new Conversations(sql),
    threads,
    settings: new SettingsStore(kv),
    faults,
    outbox,
    attempts,
    sender,
    live,
    interruption,
    reset,
  };
}
