import * as z from "zod/mini";

/**
 * The fields Send API bodies are made of. Each says in a sentence what is wrong with it, without repeating any of what
 * was written; `checkBody` puts the path before it.
 */

/** A raw zod issue as far as sentences need it. */
interface Found {
  input?: unknown;
}

const wrong = (what: string) => (issue: Found) =>
  issue.input === undefined ? `is missing; it must be ${what}` : `must be ${what}`;

const string = z.string({ error: wrong("text") });

/**
 * Code points. Meta says "characters" and not how it counts them, so what may be within a limit is left for Meta to
 * judge: UTF-16 units are never fewer.
 */
export const charactersIn = (text: string): number => [...text].length;

export function textUpTo(maximum: number, count = charactersIn) {
  return string.check(
    z.refine((text) => text.length <= maximum || count(text) <= maximum, {
      error: ({ input }) => `at most ${maximum} characters, has ${count(String(input))}`,
    }),
  );
}

const notBlank = z.refine<string>((text) => text.trim() !== "", { error: "must not be empty" });

export const someText = string.check(notBlank);
export const someTextUpTo = (maximum: number) => textUpTo(maximum).check(notBlank);

/** Text that the pattern fits, else the sentence. */
export const textLike = (pattern: RegExp, sentence: string) =>
  string.check(z.refine((text) => pattern.test(text), { error: sentence }));

/** An http or https address. Whether it can be fetched is Meta's to find out. */
export const webAddress = string.check(
  z.refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), {
    error: "must be an http or https URL",
  }),
);

/** An id of Meta's. A number is taken as long as it lost no digits on its way through JSON (17 digits are too many). */
export const id = z.unknown().check(
  z.refine((value) => (typeof value === "string" ? value.trim() !== "" : Number.isSafeInteger(value)), {
    error: wrong("an id, written as text"),
  }),
);

/** A decimal number, also as text: Meta takes both. */
export const amount = z
  .unknown()
  .check(
    z.refine(
      (value) =>
        typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value.trim())),
      { error: wrong("a number such as 4.95") },
    ),
  );

export const wholeNumber = (minimum: number, maximum: number) =>
  z.unknown().check(
    z.refine((value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum, {
      error: wrong(`a whole number from ${minimum} to ${maximum}`),
    }),
  );

export const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: wrong(`one of ${values.join(", ")}`) });

/** An object with at least these fields. Further ones pass: Meta adds new ones. */
export const object = <Fields extends z.core.$ZodShape>(fields: Fields) =>
  z.looseObject(fields, { error: wrong("an object") });

export function list<Item extends z.ZodMiniType>(item: Item, minimum: number, maximum: number) {
  const limits = minimum === maximum ? `exactly ${maximum}` : `${minimum} to ${maximum}`;
  return z.array(item, { error: wrong("a list") }).check(
    z.refine((items) => items.length >= minimum && items.length <= maximum, {
      error: ({ input }) =>
        `must have ${limits} element${maximum === 1 ? "" : "s"}, has ${Array.isArray(input) ? input.length : 0}`,
    }),
  );
}

/** Exactly one of these fields of an object is there. */
export const exactlyOneOf = (...names: string[]) =>
  z.refine<Record<string, unknown>>(
    (value) => names.filter((name) => value[name] !== undefined).length === 1,
    { error: `must have exactly one of ${names.join(", ")}` },
  );

/**
 * An object whose field `key` names the shape it must have. What is wrong is said of that shape alone, where a union
 * would only know that none fits.
 *
 * @param refuse the sentence on a name that is not among the shapes, `undefined` to let it pass
 */
export function shapeBy(
  key: string,
  shapes: Readonly<Record<string, z.ZodMiniType>>,
  refuse: (name: string) => string | undefined = () => `must be one of ${Object.keys(shapes).join(", ")}`,
) {
  return object({ [key]: string }).check((found) => {
    const name = found.value[key] ?? "";
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    const issue = shape
      ? shape.safeParse(found.value).error?.issues[0]
      : { path: [key], message: refuse(name) };
    if (issue?.message === undefined) return;
    found.issues.push({ code: "custom", input: found.value, path: issue.path, message: issue.message });
  });
}
