/**
 * Reads a request body of at most `limit` bytes as it streams in: a larger one is refused when the limit is passed, not
 * after it was buffered.
 * @returns the bytes, or `undefined` when there are too many.
 */
export async function readLimited(
  request: Request,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) return undefined;
  // The runtime cuts the body at the announced length, so this can't exceed it.
  if (announced >= 0) return new Uint8Array(await request.arrayBuffer());
  if (!request.body) return new Uint8Array();

  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
