/**
 * Reads multipart forms part by part as they arrive, so that a file is never held (RFC 7578, RFC 2046 §5.1). Clients put
 * the file first, last or in the middle: what stands before it is read at once, what follows when the file is through.
 */

/** What is wrong with a form; thrown, since it can show in the midst of a file. */
export class FormError extends Error {
  readonly code: "malformed" | "too_large";

  constructor(code: FormError["code"]) {
    super(code);
    this.code = code;
  }
}

type Fields = Record<string, string>;

export interface FormFile {
  name: string;
  filename: string;
  type: string;
  /** Its bytes, once. @throws FormError */
  content(): AsyncIterable<Uint8Array>;
  /** The fields that follow, when the bytes have been read. @throws FormError */
  rest(): Promise<Fields>;
}

/**
 * A form's fields up to its file, if it has one.
 * @param maxBytes of all fields together with their heads, those after the file included
 * @throws FormError
 */
export async function readForm(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  maxBytes: number,
): Promise<{ fields: Fields; file: FormFile | undefined }> {
  const boundary = parametersOf(contentType).get("boundary");
  if (boundary === undefined || boundary === "" || boundary.length > 200) throw new FormError("malformed");
  const parts = new Parts(body, boundary);
  const room = { left: maxBytes };
  const { fields, file } = await readFields(parts, room);
  if (!file) return { fields, file: undefined };
  const rest = async () => {
    const after = await readFields(parts, room);
    if (after.file) throw new FormError("malformed");
    return after.fields;
  };
  return { fields, file: { ...file, content: () => parts.content(), rest } };
}

interface Head {
  /** What it takes up itself, bytes: a form of nothing but heads is long, too. */
  size: number;
  name: string;
  /** Only of files. */
  filename: string | undefined;
  type: string;
}

async function readFields(parts: Parts, room: { left: number }) {
  const fields: [string, string][] = [];
  for (let head = await parts.next(); head; head = await parts.next()) {
    const { size, name, filename, type } = head;
    if (filename !== undefined) return { fields: Object.fromEntries(fields), file: { name, filename, type } };
    take(room, size);
    const chunks: Uint8Array[] = [];
    for await (const chunk of parts.content()) {
      take(room, chunk.byteLength);
      chunks.push(chunk);
    }
    fields.push([name, text.decode(joined(chunks))]);
  }
  return { fields: Object.fromEntries(fields), file: undefined };
}

function take(room: { left: number }, bytes: number): void {
  room.left -= bytes;
  if (room.left < 0) throw new FormError("too_large");
}

/** Not fatal: a file's name may be in any encoding. */
const text = new TextDecoder();
const MAX_HEAD_BYTES = 8 * 1024;
const LINE_BREAK = new Uint8Array([13, 10]);
const HEAD_END = new Uint8Array([13, 10, 13, 10]);

class Parts {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #delimiter: Uint8Array;
  /** Read and not used yet. A line break ahead of all makes the first delimiter one like the others. */
  #held: Uint8Array = LINE_BREAK;
  /** Whether what comes is a part's content; what stands before the first part is passed over like one. */
  #isInContent = true;

  constructor(body: ReadableStream<Uint8Array>, boundary: string) {
    this.#source = body.getReader();
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  }

  /** The next part, when the last one has been read. `undefined` at the form's end. */
  async next(): Promise<Head | undefined> {
    let passed = 0;
    for await (const { byteLength } of this.content()) {
      passed += byteLength;
      if (passed > MAX_HEAD_BYTES) throw new FormError("malformed");
    }
    while (this.#held.byteLength < 2) await this.#fill();
    const mark = text.decode(this.#held.subarray(0, 2));
    if (mark === "--") return undefined;
    if (mark !== "\r\n") throw new FormError("malformed");
    let end = indexOf(this.#held, HEAD_END);
    while (end < 0) {
      if (this.#held.byteLength > MAX_HEAD_BYTES) throw new FormError("malformed");
      await this.#fill();
      end = indexOf(this.#held, HEAD_END);
    }
    const lines = text.decode(this.#held.subarray(2, end)).split("\r\n");
    const size = this.#delimiter.byteLength + end + HEAD_END.byteLength;
    this.#held = this.#held.subarray(end + HEAD_END.byteLength);
    this.#isInContent = true;
    return { size, ...headOf(lines) };
  }

  /** The content of the part that {@link next} has told of. */
  async *content(): AsyncGenerator<Uint8Array> {
    while (this.#isInContent) {
      const end = indexOf(this.#held, this.#delimiter);
      // A delimiter may have begun at the end of what is there.
      const sure = end >= 0 ? end : Math.max(0, this.#held.byteLength - this.#delimiter.byteLength + 1);
      const chunk = this.#held.subarray(0, sure);
      this.#held = this.#held.subarray(end >= 0 ? end + this.#delimiter.byteLength : sure);
      this.#isInContent = end < 0;
      if (chunk.byteLength > 0) yield chunk;
      if (end < 0) await this.#fill();
    }
  }

  async #fill(): Promise<void> {
    const { done, value } = await this.#source.read();
    if (done) throw new FormError("malformed");
    this.#held = this.#held.byteLength === 0 ? value : joined([this.#held, value]);
  }
}

function headOf(lines: readonly string[]): Omit<Head, "size"> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const cut = line.indexOf(":");
    if (cut > 0) headers.set(line.slice(0, cut).trim().toLowerCase(), line.slice(cut + 1).trim());
  }
  const disposition = parametersOf(headers.get("content-disposition") ?? "");
  const name = disposition.get("name");
  if (name === undefined) throw new FormError("malformed");
  const type = headers.get("content-type") ?? "application/octet-stream";
  return { name, filename: disposition.get("filename"), type };
}

/** `form-data; name="a"; filename="b"`: what follows the first semicolon. */
function parametersOf(header: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", value = ""] of header.matchAll(/;\s*([\w*-]+)=("(?:[^"\\]|\\.)*"|[^;\s]*)/g)) {
    const isQuoted = value.startsWith('"');
    const plain = isQuoted ? value.slice(1, -1).replaceAll(/\\(["\\])/g, "$1") : value;
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), plain);
  }
  return found;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + wanted.byteLength > bytes.byteLength) return -1;
    // A file of nothing but first bytes must not cost a function call for each.
    if (bytes[at + 1] === wanted[1] && wanted.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
