/**
 * Cuts a text to what a title, subtitle or the like may have; an ellipsis shows that it was cut. Between graphemes, and
 * by UTF-16 units: it is within the limit whichever way Meta counts.
 */
export function cut(text: string, maximum: number): string {
  const trimmed = text.trim();
  if (trimmed.length <= maximum) return trimmed;
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter("und").segment(trimmed)) {
    if (index + segment.length > maximum - 1) break;
    end = index + segment.length;
  }
  return `${trimmed.slice(0, end).trimEnd()}…`;
}

export const isBlank = (text: string | null | undefined): boolean => text == null || text.trim() === "";

/** Lists of at most `size` items each. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

export const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
