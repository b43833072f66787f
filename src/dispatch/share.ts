/**
 * Whether a user is in a share of all: the same users always, and more when the share grows. Pure.
 * @param name tells one share from another, so that they aren't of the same users
 * @param percent 0 to 100
 */
export function isInShare(name: string, conversation: string, percent: number): boolean {
  return hashOf(`${name} ${conversation}`) / 2 ** 32 < percent / 100;
}

/** FNV-1a, 32 bits, with the last step of MurmurHash3: ids that differ in their last digit alone must scatter. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
