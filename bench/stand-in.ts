import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { end } from "./processes.ts";

/** A bot and a Graph API in one process of their own, so that they don't share the load generator's thread. */
export interface StandIn extends AsyncDisposable {
  botUrl: string;
  graphUrl: string;
  /** Resolves when the bot has been given this many events in all since it started, by an answer that it sent. */
  delivered(events: number): Promise<void>;
  /** Calls back for every call of the Graph API with the message's text, until {@link sent} is asked. */
  watch(onCall: (text: string) => void): void;
  /** When the Graph API was called for each of these texts ({@link ../now.ts}'s clock); resolves when it was for all. */
  sent(texts: readonly string[]): Promise<Map<string, number>>;
}

export type Ask = { kind: "delivered"; events: number } | { kind: "watch" } | { kind: "sent"; count: number };
export type Tell =
  | { kind: "listening"; botPort: number; graphPort: number }
  | { kind: "delivered"; events: number }
  | { kind: "called"; texts: string[] }
  | { kind: "sent"; calls: [text: string, at: number][] };

/** What has not happened by then never will, ms. */
const PATIENCE_MS = 60_000;

export async function startStandIn(): Promise<StandIn> {
  const child = fork(join(import.meta.dirname, "stand-in-process.ts"), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });

  const tell = async <K extends Tell["kind"]>(kind: K): Promise<Tell & { kind: K }> => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const [message] = (await once(child, "message", { signal })) as [Tell];
      if (message.kind === kind) return message as Tell & { kind: K };
    }
  };
  const ask = async <K extends Tell["kind"]>(question: Ask & { kind: K }) => {
    const answer = tell(question.kind);
    child.send(question);
    return answer;
  };

  let onCall: (text: string) => void = () => {};
  child.on("message", (message: Tell) => {
    if (message.kind !== "called") return;
    for (const text of message.texts) onCall(text);
  });

  const { botPort, graphPort } = await tell("listening");
  return {
    botUrl: `http://127.0.0.1:${botPort}/bot`,
    graphUrl: `http://127.0.0.1:${graphPort}`,
    async delivered(events) {
      await ask({ kind: "delivered", events });
    },
    watch(call) {
      onCall = call;
      child.send({ kind: "watch" } satisfies Ask);
    },
    async sent(texts) {
      const { calls } = await ask({ kind: "sent", count: texts.length });
      return new Map(calls);
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}
