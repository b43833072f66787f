import { type Figure, keeps } from "./figure.ts";

const DIGITS: Record<Figure["unit"], number> = {
  "×": 2,
  KB: 1,
  ms: 1,
  events: 0,
  "/s": 0,
  MiB: 0,
  $: 2,
  commits: 2,
};

/** The figures as a Markdown table, which docs/performance.md takes over as it is. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${figure.value.toFixed(DIGITS[figure.unit])} ${figure.unit}`,
    budgetOf(figure),
    verdictOf(figure),
    behind(figure),
  ]);
  const all = [["figure", "measured", "budget", "verdict", "behind it"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function budgetOf({ budget, unit }: Figure): string {
  if (!budget) return "–";
  return "atLeast" in budget ? `≥ ${budget.atLeast} ${unit}` : `≤ ${budget.atMost} ${unit}`;
}

export function verdictOf(figure: Figure): "kept" | "MISSED" | "–" {
  const kept = keeps(figure);
  if (kept === undefined) return "–";
  return kept ? "kept" : "MISSED";
}

function behind({ detail }: Figure): string {
  const { min, max, perSecond, floorPerSecond, cpuMicros, floorCpuMicros, ...rest } = detail;
  const parts: string[] = [];
  if (min !== undefined && max !== undefined) parts.push(`${min.toFixed(2)}–${max.toFixed(2)}`);
  if (perSecond !== undefined && floorPerSecond !== undefined) {
    parts.push(`${perSecond.toFixed(0)}/s of ${floorPerSecond.toFixed(0)}/s`);
    if (cpuMicros && floorCpuMicros) {
      parts.push(`CPU ${cpuMicros.toFixed(0)} µs of ${floorCpuMicros.toFixed(0)} µs`);
    }
    return parts.join(", ");
  }
  for (const [name, value] of Object.entries(rest)) {
    parts.push(`${name} ${Number.isInteger(value) ? value : value.toFixed(2)}`);
  }
  return parts.join(", ");
}
