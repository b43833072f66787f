/** What is stored of a person, as it is shown to them: everything but what would let its reader act in their name. */

const MASK = "[masked]";

/** What lets whoever has it write to the user, or into the user's account elsewhere. */
const SECRET = /(^|_)(token|authorization_code|secret|password)$/;
/** The same in the start of a JSON text, which may be quoted itself. */
const SECRET_IN_TEXT = /(\\*"\w*(?:token|authorization_code|secret|password)\\*"\s*:\s*\\*")[^"\\]*/g;

/** JSON as it is, but for the values of secrets. */
export function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET.test(key) && typeof inner === "string" ? MASK : masked(inner),
    ]),
  );
}

/** The start of a text that is JSON as a rule. */
export const maskedText = (text: string): string => text.replaceAll(SECRET_IN_TEXT, `$1${MASK}`);

/** What the gateway noted itself, in the API's names and times, without secrets. */
export const asShown = (noted: unknown): unknown => masked(renamed(noted));

/** What of it are times, ms. */
const TIMES: ReadonlySet<string> = new Set(["at", "expiresAt", "unsentAt"]);
/** Keys below these are others' words, not ours. */
const OTHERS: ReadonlySet<string> = new Set(["contact", "roles"]);

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inOurWords(key, inner),
    ]),
  );
}

function inOurWords(key: string, value: unknown): unknown {
  if (OTHERS.has(key)) return value;
  return TIMES.has(key) && typeof value === "number" ? new Date(value).toISOString() : renamed(value);
}
