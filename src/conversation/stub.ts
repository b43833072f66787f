import type { ConversationId } from "../ids.ts";
import type { Conversation } from "./conversation.ts";

type Namespace = DurableObjectNamespace<Conversation>;
type Call<T> = (stub: DurableObjectStub<Conversation>) => Promise<T>;

/**
 * The way to one conversation's object, for as long as someone works for it: a stub is made once, not for every call.
 * The runtime already retries calls that never arrived; what still fails with `.retryable` gets one more try on a fresh
 * stub (a broken one stays broken). `.overloaded` is never retried. Safe for all of the object's methods: each recognises
 * what it has done already.
 */
export class ConversationLine {
  readonly id: ConversationId;
  readonly #namespace: Namespace;
  #stub: DurableObjectStub<Conversation>;

  constructor(namespace: Namespace, id: ConversationId) {
    this.id = id;
    this.#namespace = namespace;
    this.#stub = namespace.getByName(id);
  }

  async call<T>(call: Call<T>): Promise<T> {
    try {
      return await call(this.#stub);
    } catch (error) {
      // Whatever broke it, the next call begins anew.
      this.#stub = this.#namespace.getByName(this.id);
      if (!isRetryable(error)) throw error;
      return call(this.#stub);
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const flags = error as Error & { retryable?: boolean; overloaded?: boolean };
  return flags.retryable === true && flags.overloaded !== true;
}
