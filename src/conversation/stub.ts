import type { ConversationId } from "../ids.ts";
import type { Conversation } from "./conversation.ts";

type Namespace = DurableObjectNamespace<Conversation>;

/**
 * Calls a conversation's object. The runtime already retries calls that never arrived; what still fails with
 * `.retryable` gets one more try on a fresh stub (a broken one stays broken). `.overloaded` is never retried.
 * Safe for all of the object's methods: each recognises what it has done already.
 */
export async function callConversation<T>(
  namespace: Namespace,
  id: ConversationId,
  call: (stub: DurableObjectStub<Conversation>) => Promise<T>,
): Promise<T> {
  try {
    return await call(namespace.getByName(id));
  } catch (error) {
    if (!isRetryable(error)) throw error;
    return call(namespace.getByName(id));
  }
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const flags = error as Error & { retryable?: boolean; overloaded?: boolean };
  return flags.retryable === true && flags.overloaded !== true;
}
