import * as z from "zod/mini";

/** How lists are asked for part by part, as Airy has it: `cursor` of the answer before, `page_size`. */

/** Entries in an answer, unless the call says otherwise. */
export const PAGE_SIZE = 20;

/** The number of a row: nobody need know. */
export const cursorSchema = z.nullish(
  z.string().check(z.regex(/^\d{1,15}$/, "a cursor of an earlier answer")),
);

export const pageSizeSchema = z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(100)));
