/** What part of a file a request asks for (RFC 9110 §14). Pure. */

export interface Part {
  /** Bytes. */
  offset: number;
  length: number;
}

const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * Reads a `Range` header. Several ranges at once, other units and nonsense are passed over, as a server may.
 * @param size of the file, bytes
 * @returns `undefined`: the whole file; `unsatisfiable`: nothing of it is in the file
 */
export function partIn(header: string | null, size: number): Part | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = ONE_RANGE.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { offset: first, length: last - first + 1 };
}
