import * as z from "zod/mini";

/**
 * What events consist of. A detail that is missing or odd is `undefined` and never costs the event its kind: whoever
 * needs exactly what Meta sent has the raw event.
 */

export const maybe = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(schema), undefined);

/** Ids are strings; old payloads have numbers. */
export const plainId = z.pipe(
  z.union([z.string().check(z.minLength(1)), z.number()]),
  z.transform((value) => String(value)),
);
export const id = maybe(plainId);
/** `null` says something where Meta names an app: there is none. */
export const idOrNone = maybe(z.nullable(plainId));

export const text = maybe(z.string());
export const flag = maybe(z.boolean());

/** Meta's reference has numbers in quotes here and there. */
export const number = maybe(
  z.pipe(
    z.pipe(
      z.union([z.number(), z.string().check(z.regex(/^-?\d+(\.\d+)?$/))]),
      z.transform((value) => Number(value)),
    ),
    z.number(),
  ),
);

/** ms; later times have no date (ECMA-262, "Time Values"). */
const LAST_DATE = 8.64e15;
/** As ms this is in 1973, as seconds in the year 5138. */
const LEAST_MS = 100_000_000_000;

/** @returns ms of a time that Meta gave in ms or in seconds, as number or text; `undefined` when it is no time. */
function milliseconds(value: unknown): number | undefined {
  const time = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(time) || time <= 0 || time > LAST_DATE) return undefined;
  return time < LEAST_MS ? time * 1000 : time;
}
export const time = maybe(z.pipe(z.unknown(), z.transform(milliseconds)));

export const fields = <S extends z.core.$ZodLooseShape>(shape: S) => maybe(z.looseObject(shape));

/** Those items that fit. */
export const list = <T extends z.ZodMiniType>(item: T) =>
  maybe(
    z.pipe(
      z.array(z.unknown()),
      z.transform((items) =>
        items.flatMap((one) => {
          const parsed = z.safeParse(item, one);
          return parsed.success ? [parsed.data] : [];
        }),
      ),
    ),
  );
