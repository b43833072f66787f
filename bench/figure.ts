/** One line of the report. */
export interface Figure {
  id: string;
  /** What is measured, as a short sentence. */
  what: string;
  value: number;
  unit: "×" | "KB" | "ms" | "events" | "/s" | "MiB" | "$" | "commits";
  budget: Budget | undefined;
  /** What lies behind the value; not judged. */
  detail: Record<string, number>;
}

type Budget = { atLeast: number } | { atMost: number };

/** Whether the value keeps its budget; `undefined` when there is none. */
export function keeps({ value, budget }: Figure): boolean | undefined {
  if (!budget) return undefined;
  return "atLeast" in budget ? value >= budget.atLeast : value <= budget.atMost;
}
