import type { Delivery } from "./position.ts";

/** A delivery's lease, as the columns that the tables event and replay have alike. */
export type LeaseRow = {
  delivery: string;
  through: number;
  attempt: number;
  leased: number;
  due: number;
  began: number;
  lost: number;
  failures: string | null;
};

export function deliveryOf(first: number, row: LeaseRow): Delivery {
  const { delivery: id, through, attempt, leased, due, began, lost, failures } = row;
  const failed = failures === null ? [] : JSON.parse(failures);
  return { id, first, through, attempt, leased: leased === 1, due, began, lost, failures: failed };
}
