import { encode } from "../utf8.ts";
import type { Source } from "./channel.ts";

/** Ours alone, made at random once: ids would change with it. */
const NAMESPACE = Uint8Array.fromHex("6f1d2c4e8a374b6e9d053c1e7a94b2f8");

/**
 * A channel's id: a UUID of version 5 (RFC 9562 §5.5) of its source and its id there, so that it is the same whenever and
 * wherever the page is connected.
 */
export async function channelId(source: Source, sourceChannelId: string): Promise<string> {
  const name = encode(`${source}:${sourceChannelId}`);
  const content = new Uint8Array(NAMESPACE.length + name.length);
  content.set(NAMESPACE);
  content.set(name, NAMESPACE.length);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", content)).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
