/** A time as the API shows it; nothing for none. @param at ms; 0 counts as never */
export const isoTime = (at: number | null): string | null =>
  at === null || at === 0 ? null : new Date(at).toISOString();
