/** What the bot says to a user's message number `n`: one or two texts, or nothing. Each is unlike all others to that user. */
export function repliesTo(n: number): string[] {
  if (n % 7 === 6) return [];
  return n % 3 === 1 ? [`re: ${n} a`, `re: ${n} b`] : [`re: ${n}`];
}

/** The mid of a user's message number `n`, and back. */
export const midOf = (user: string, n: number): string => `m_${user}_${n}`;
export const numberOf = (mid: string): number => Number(mid.slice(mid.lastIndexOf("_") + 1));
