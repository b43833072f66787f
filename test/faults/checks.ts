import type { BotLine, GraphLine } from "./journal.ts";
import { repliesTo } from "./replies.ts";

/** What was seen of a run from outside the gateway. */
export interface Evidence {
  /** User → numbers of the events that the gateway acknowledged, in the order they were posted. */
  acked: ReadonlyMap<string, readonly number[]>;
  bot: readonly BotLine[];
  graph: readonly GraphLine[];
  /** When the gateway was killed, ms. */
  kills: readonly number[];
  /** Whether Meta echoed what it accepted. */
  echoes: boolean;
}

/** What is wrong, in words; all lists are empty when nothing is. */
export interface Findings {
  /** Acknowledged events the bot never got, and replies the user never got. */
  lost: string[];
  disordered: string[];
  /** Replies seen more than once although an echo told, or the answer had arrived. */
  doubled: string[];
  /** Replies seen more than once since nothing could tell that they had arrived. */
  excused: string[];
  /** Whatever else must not happen. */
  violations: string[];
}

export function check(evidence: Evidence): Findings {
  const findings: Findings = { lost: [], disordered: [], doubled: [], excused: [], violations: [] };
  for (const line of [...evidence.bot, ...evidence.graph]) {
    if (line.kind === "violation") findings.violations.push(line.what);
  }
  for (const [user, numbers] of evidence.acked) {
    checkEvents(user, numbers, evidence.bot, findings);
    checkReplies(user, numbers, evidence, findings);
  }
  return findings;
}

/** Whether everything acknowledged is answered: the bot may still be asked again, replies may still be doubled. */
export function isAnswered({ acked, graph }: Evidence): boolean {
  const seen = new Set(
    graph.flatMap((line) => (line.kind === "accepted" ? [`${line.user} ${line.text}`] : [])),
  );
  return [...acked].every(([user, numbers]) =>
    numbers.flatMap(repliesTo).every((text) => seen.has(`${user} ${text}`)),
  );
}

function checkEvents(
  user: string,
  acked: readonly number[],
  lines: readonly BotLine[],
  { lost, disordered, violations }: Findings,
): void {
  const deliveries = new Map<string, { numbers: readonly number[]; state: number | null }>();
  const first: number[] = [];
  let answered: number | null = null;
  for (const line of lines) {
    if (line.kind !== "delivery" || line.user !== user) continue;
    const { id, numbers, state } = line;
    const known = deliveries.get(id);
    if (known) {
      if (String(known.numbers) !== String(numbers))
        violations.push(`delivery ${id} changed from ${known.numbers} to ${numbers}`);
      if (known.state !== state) violations.push(`delivery ${id} came with another state`);
      continue;
    }
    deliveries.set(id, { numbers, state });
    if (state !== answered) violations.push(`${user} ${numbers}: state ${state}, the bot left ${answered}`);
    answered = numbers.at(-1) ?? null;
    first.push(...numbers);
  }
  for (const n of acked) if (!first.includes(n)) lost.push(`event ${user} ${n}`);
  for (const [at, n] of first.entries()) {
    if (first.indexOf(n) !== at) violations.push(`event ${user} ${n} came in two deliveries`);
    else if (at > 0 && n < Math.max(...first.slice(0, at))) disordered.push(`event ${user} ${n}`);
  }
}

type Accepted = GraphLine & { kind: "accepted" };

function checkReplies(user: string, acked: readonly number[], evidence: Evidence, findings: Findings): void {
  const seen = evidence.graph.filter((line) => line.kind === "accepted").filter((line) => line.user === user);
  const expected = acked.flatMap(repliesTo);
  const texts = seen.map(({ text }) => text);
  const lost = expected.filter((text) => !texts.includes(text));
  findings.lost.push(...lost.map((text) => `reply ${user} "${text}"`));

  let last = -1;
  for (const [at, message] of seen.entries()) {
    const place = expected.indexOf(message.text);
    if (place === -1) findings.violations.push(`reply ${user} "${message.text}" was never given`);
    // A doubled message must at least come before the next.
    else if (place < last) findings.disordered.push(`reply ${user} "${message.text}"`);
    last = Math.max(last, place);

    const before = seen.slice(0, at).findLast(({ text }) => text === message.text);
    if (!before) continue;
    const excuse = excuseFor(before, evidence);
    const what = `reply ${user} "${message.text}" after ${message.at - before.at} ms, first ${before.trouble ?? "well"}`;
    if (excuse === undefined) findings.doubled.push(what);
    else findings.excused.push(`${what}: ${excuse}`);
  }
}

/** How long a message, or the answer to it, may lie between two processes on a busy machine, ms. */
const UNDERWAY_MS = 1000;

/** Why nothing could tell the gateway that this message had arrived; `undefined` if something could. */
function excuseFor(accepted: Accepted, { echoes, graph, kills }: Evidence): string | undefined {
  if (echoes) return undefined;
  const answer = graph.find((line) => line.kind === "answered" && line.mid === accepted.mid);
  if (answer?.kind !== "answered") return "no echo, and no answer";
  const killed = kills.some((at) => at >= accepted.at - UNDERWAY_MS && at <= answer.at + UNDERWAY_MS);
  return killed ? "no echo, and the gateway was killed before it could write down the answer" : undefined;
}
