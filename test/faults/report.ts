import { isSound, type Outcome } from "./scenario.ts";

/** What became of a run, for people. */

const COLUMNS: readonly [title: string, of: (outcome: Outcome) => number | string][] = [
  ["scenario", ({ scenario }) => scenario],
  ["seed", ({ seed }) => seed],
  ["s", ({ seconds }) => seconds],
  ["kills", ({ kills }) => kills],
  ["deaths", ({ deaths }) => deaths],
  ["posts", ({ posts }) => posts],
  ["again", ({ redelivered }) => redelivered],
  ["copies", ({ copies }) => copies],
  ["acked", ({ acked }) => acked],
  ["to bot", ({ attempts }) => attempts],
  ["replies", ({ replies }) => replies],
  ["lost", ({ findings }) => findings.lost.length],
  ["disordered", ({ findings }) => findings.disordered.length],
  ["doubled", ({ findings }) => findings.doubled.length],
  ["excused", ({ findings }) => findings.excused.length],
  ["violations", ({ findings }) => findings.violations.length],
];

const WIDTHS = COLUMNS.map(([title], at) => (at === 0 ? 40 : Math.max(title.length, 6)));
const row = (cells: (number | string)[]): string =>
  cells
    .map((cell, at) =>
      at === 0 ? String(cell).padEnd(WIDTHS[0] ?? 0) : String(cell).padStart(WIDTHS[at] ?? 0),
    )
    .join(" ");

export const head = (): string => row(COLUMNS.map(([title]) => title));
export const line = (outcome: Outcome): string => row(COLUMNS.map(([, of]) => of(outcome)));

/** The sums of all columns that count. */
export const totals = (outcomes: readonly Outcome[]): string =>
  row(
    COLUMNS.map(([title, of]) => {
      if (title === "scenario") return `${outcomes.length} runs`;
      if (title === "seed") return "";
      return outcomes.reduce((sum, outcome) => sum + Number(of(outcome)), 0);
    }),
  );

const SHOWN = 20;

/** Each thing that is wrong, and how to see it again; an empty text when nothing is. */
export function complaint(outcome: Outcome): string {
  const { findings, scenario, seed, folder, log } = outcome;
  if (isSound(findings)) return "";
  const { lost, disordered, doubled, violations } = findings;
  const lines = Object.entries({ lost, disordered, doubled, violations }).flatMap(([kind, list]) => [
    ...list.slice(0, SHOWN).map((what) => `  ${kind}: ${what}`),
    ...(list.length > SHOWN ? [`  ${kind}: ${list.length - SHOWN} more`] : []),
  ]);
  return `"${scenario}" with FAULT_SEED=${seed} (${folder}, kept if FAULT_KEEP is set):\n${lines.join("\n")}\n  the gateway's log ends with:\n${log.slice(-4000)}`;
}

/** The doubled replies that had to be, by cause. */
export const excuses = ({ findings }: Outcome): string[] =>
  findings.excused.map((what) => `  excused: ${what}`);
