import * as z from "zod/mini";

const milliseconds = z.int().check(z.minimum(0), z.maximum(600_000));

/** What happens to the next sends of a page. See docs/simulator.md, "Faults". */
const graphFaultSchema = z.strictObject({
  times: z._default(z.int().check(z.minimum(1)), 1),
  outcome: z._default(z.enum(["reject", "accept_then_fail", "accept", "hang"]), "reject"),
  applies_to: z._default(z.enum(["messages", "actions", "all", "calls"]), "messages"),
  user_id: z.exactOptional(z.string()),
  status: z.exactOptional(z.int().check(z.minimum(400), z.maximum(599))),
  error: z.exactOptional(
    z.strictObject({
      code: z.int(),
      error_subcode: z.exactOptional(z.int()),
      message: z.exactOptional(z.string()),
      type: z.exactOptional(z.string()),
      is_transient: z.exactOptional(z.boolean()),
      error_user_title: z.exactOptional(z.string()),
      error_user_msg: z.exactOptional(z.string()),
    }),
  ),
  delay_ms: z._default(milliseconds, 0),
  /** Seconds, sent as `Retry-After`. */
  retry_after: z.exactOptional(z.int().check(z.minimum(0))),
  /** Minutes, sent as `estimated_time_to_regain_access` in `X-Business-Use-Case-Usage`. */
  regain_access_minutes: z.exactOptional(z.int().check(z.minimum(0))),
});

/** What happens to webhook POSTs while it is set. */
const webhookFaultSchema = z.strictObject({
  duplicate: z._default(z.int().check(z.minimum(1), z.maximum(20)), 1),
  delay_ms: z._default(milliseconds, 0),
  shuffle: z._default(z.boolean(), false),
  hold: z._default(z.boolean(), false),
  batch: z._default(
    z.strictObject({
      max_events: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 1000),
      wait_ms: z._default(milliseconds, 0),
    }),
    { max_events: 1000, wait_ms: 0 },
  ),
});

/** The body of `PUT /_sim/faults`. It replaces all faults set before. */
export const faultsSchema = z.strictObject({
  graph: z._default(z.array(graphFaultSchema), []),
  webhook: z.prefault(webhookFaultSchema, {}),
});

export type Faults = z.infer<typeof faultsSchema>;
export type GraphFault = z.infer<typeof graphFaultSchema>;
export type WebhookFaults = z.infer<typeof webhookFaultSchema>;

const KEY = "faults";
const NONE: Faults = faultsSchema.parse({});

export class FaultStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** @returns The faults in force; a graph fault's `times` is what is left of it. */
  read(): Faults {
    return this.#kv.get<Faults>(KEY) ?? NONE;
  }

  replace(faults: Faults): void {
    this.#kv.put(KEY, faults);
  }

  clear(): void {
    this.#kv.delete(KEY);
  }

  /** Takes the first fault meant for this send, and counts it down. */
  takeForSend(send: { readonly userId: string; readonly kind: "messages" | "actions" }): GraphFault | null {
    return this.#take(
      ({ applies_to, user_id }) =>
        (applies_to === "all" || applies_to === send.kind) &&
        (user_id === undefined || user_id === send.userId),
    );
  }

  /** The same for any other call: uploads, profiles, personas, thread control. */
  takeForCall(): GraphFault | null {
    return this.#take(({ applies_to }) => applies_to === "calls");
  }

  #take(isMeant: (fault: GraphFault) => boolean): GraphFault | null {
    const faults = this.read();
    const index = faults.graph.findIndex(isMeant);
    const taken = faults.graph[index];
    if (!taken) return null;
    const rest = taken.times > 1 ? [{ ...taken, times: taken.times - 1 }] : [];
    this.replace({ ...faults, graph: faults.graph.toSpliced(index, 1, ...rest) });
    return taken;
  }
}
