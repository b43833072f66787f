/** Reading a body that was checked before and is typed as any JSON object since. */

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object under `key`; an empty one if there is none. */
export function objectIn(value: Record<string, unknown>, key: string): Record<string, unknown> {
  const found = value[key];
  return isObject(found) ? found : {};
}

/** The objects in the list under `key`. */
export function objectsIn(value: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const found = value[key];
  return Array.isArray(found) ? found.filter(isObject) : [];
}
