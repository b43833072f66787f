/**
 * The mark a message carries in `message.metadata`, so that its echo tells which message it is. The Send API has no
 * idempotency key: the echo is the only proof that a message went out when its answer was lost. The bot's own metadata
 * is kept behind the mark.
 */
export interface Mark {
  entry: number;
  index: number;
  /** Tells this conversation's life from an earlier one of the same name. */
  nonce: string;
}

const FORM = /^mg1\.(\d{1,15})\.(\d{1,4})\.([0-9a-f]{8})(?: |$)/;
/** Meta's limit on `message.metadata`, in characters. */
const METADATA_MAX = 1000;

export function writeMark(mark: Mark, ownMetadata: unknown): string {
  const text = `mg1.${mark.entry}.${mark.index}.${mark.nonce}`;
  return typeof ownMetadata === "string" ? `${text} ${ownMetadata}`.slice(0, METADATA_MAX) : text;
}

export function readMark(metadata: string | undefined): Mark | undefined {
  const [, entry, index, nonce] = (metadata !== undefined && FORM.exec(metadata)) || [];
  if (entry === undefined || index === undefined || nonce === undefined) return undefined;
  return { entry: Number(entry), index: Number(index), nonce };
}
