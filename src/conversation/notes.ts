import type { Effect } from "./effect.ts";

/** What has become of a message since: kept with it, as JSON text. */
export interface Notes {
  /** The reaction that stands, by who reacted. */
  reactions?: Partial<Record<"user" | "page", { reaction: string | null; emoji: string | null; at: number }>>;
  /** Later texts, oldest first. */
  edits?: { text: string; count: number; at: number }[];
  /** When it was taken back, ms. */
  unsentAt?: number;
}

/** Effects that concern a message already on record. */
export type Annotation = Extract<Effect, { kind: "reaction" | "edit" | "unsend" }>;

export const isAnnotation = (effect: Effect): effect is Annotation =>
  effect.kind === "reaction" || effect.kind === "edit" || effect.kind === "unsend";

/** Meta allows five. */
const MAX_EDITS = 10;

/** Pure; `at` is Meta's time of the event, ms. An event that comes late doesn't undo a later one. */
export function annotate(notes: Notes, annotation: Annotation, at: number): Notes {
  if (annotation.kind === "unsend") return { unsentAt: at };
  if (notes.unsentAt !== undefined) return notes;
  if (annotation.kind === "edit") {
    const { text, count } = annotation;
    const others = (notes.edits ?? []).filter((one) => one.count !== count);
    const edits = [...others, { text, count, at }].sort((a, b) => a.count - b.count).slice(-MAX_EDITS);
    return { ...notes, edits };
  }
  const { by, reaction, emoji } = annotation;
  const standing = notes.reactions?.[by];
  if (standing && standing.at > at) return notes;
  return { ...notes, reactions: { ...notes.reactions, [by]: { reaction, emoji, at } } };
}

/** What is kept of a message that was taken back: Meta's terms ask that its contents be deleted. */
export function withoutContents(raw: string): string {
  const { message, ...event }: { message?: { mid?: string } } = JSON.parse(raw);
  return JSON.stringify({ ...event, message: { mid: message?.mid, is_deleted: true } });
}
