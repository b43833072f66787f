/** Anything JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** A JSON object whose fields are not known beforehand. */
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Lays `over` on `base`: objects merge field by field, everything else is replaced.
 *
 * @returns A new value; neither argument is changed.
 */
export function merge(base: JsonObject, over: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isJsonObject(before) && isJsonObject(value) ? merge(before, value) : value;
  }
  return merged;
}

/** @returns The string at this path of fields, or null if there is none. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | null {
  let inner = value;
  for (const field of path) inner = isJsonObject(inner) ? inner[field] : undefined;
  return typeof inner === "string" ? inner : null;
}

/** @returns The value as plain JSON: what JSON cannot say is dropped. For values that came from JSON. */
export function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
