/**
 * Asks again and again, for what others take their time for.
 * @param ask `undefined`: not yet
 * @returns its first answer; `undefined` if there is none within the limit
 */
export async function until<Answer>(
  ask: () => Promise<Answer | undefined>,
  limitMs: number,
  everyMs = 100,
): Promise<Answer | undefined> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() + everyMs >= end) return undefined;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
