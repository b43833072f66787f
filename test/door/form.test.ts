import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormError, readForm } from "../../src/door/form.ts";

const BOUNDARY = "----boundary-of-tests";
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const bytesOf = (text: string) => new TextEncoder().encode(text);

function streamOf(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  const chunks = places.slice(1).map((end, at) => bytes.slice(places[at], end));
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function read(bytes: Uint8Array, cuts: readonly number[] = [], maxBytes = 1000) {
  const { fields, file } = await readForm(streamOf(bytes, cuts), TYPE, maxBytes);
  if (!file) return { fields };
  const content: number[] = [];
  for await (const chunk of file.content()) content.push(...chunk);
  const { name, filename, type } = file;
  return { fields, file: { name, filename, type, content }, rest: await file.rest() };
}

const encoded = async (form: FormData): Promise<Uint8Array> => {
  const response = new Response(form);
  const boundary = /boundary="?([^";]+)/.exec(response.headers.get("content-type") ?? "")?.[1] ?? "";
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = [...bytes].map((byte) => String.fromCharCode(byte)).join("");
  return Uint8Array.from(text.replaceAll(boundary, BOUNDARY), (char) => char.charCodeAt(0));
};

describe("a form", () => {
  it("is the same however it is cut into pieces, and whatever is in its file", async () => {
    const tricky = fc.constantFrom(
      "\r\n",
      "--",
      `\r\n--${BOUNDARY.slice(0, -1)}`,
      "\r",
      "\n",
      "-",
      "\r\n\r\n",
      "a",
    );
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tricky, { maxLength: 30 }).map((parts) => bytesOf(parts.join(""))),
    );
    const field = fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !/[\r\n]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        content,
        field,
        field,
        fc.array(fc.nat(2000), { maxLength: 40 }),
        async (bytes, a, b, cuts) => {
          const form = new FormData();
          form.set("message", a);
          form.set(
            "filedata",
            new File([bytes as Uint8Array<ArrayBuffer>], "a b.png", { type: "image/png" }),
          );
          form.set("recipient", b);
          expect(await read(await encoded(form), cuts)).toEqual({
            fields: { message: a },
            file: { name: "filedata", filename: "a b.png", type: "image/png", content: [...bytes] },
            rest: { recipient: b },
          });
        },
      ),
    );
  });

  it("without a file is its fields", async () => {
    const form = new FormData();
    form.set("a", "1");
    form.set("b", "");
    expect(await read(await encoded(form))).toEqual({ fields: { a: "1", b: "" } });
  });

  it("may begin with words for nobody, and end with some", async () => {
    const text = `To whom it may concern\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--${BOUNDARY}--\r\nthe end`;
    expect(await read(bytesOf(text))).toEqual({ fields: { a: "1" } });
  });

  it.each([
    ["that ends early", `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1`],
    ["with a part without a name", `--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\n1\r\n--${BOUNDARY}--`],
    ["with a head without end", `--${BOUNDARY}\r\n${"x".repeat(10_000)}`],
    ["of another boundary", "--other\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--other--"],
    ["that is empty", ""],
  ])("%s is malformed", async (_, text) => {
    await expect(read(bytesOf(text))).rejects.toEqual(new FormError("malformed"));
  });

  it("with two files is malformed", async () => {
    const form = new FormData();
    form.set("a", new File(["1"], "a"));
    form.set("b", new File(["2"], "b"));
    await expect(read(await encoded(form))).rejects.toEqual(new FormError("malformed"));
  });

  it("with too much in its fields is too large, also after the file", async () => {
    const form = new FormData();
    form.set("a", "x".repeat(400));
    form.set("filedata", new File(["x".repeat(5000)], "a"));
    form.set("b", "x".repeat(300));
    expect(await read(await encoded(form))).toMatchObject({ file: { filename: "a" } });
    form.set("b", "x".repeat(600));
    await expect(read(await encoded(form))).rejects.toEqual(new FormError("too_large"));
  });

  it("with too many fields is too large, though there is nothing in them", async () => {
    const part = `--${BOUNDARY}\r\ncontent-disposition: form-data; name=""\r\n\r\n\r\n`;
    const end = `--${BOUNDARY}--\r\n`;
    expect(await read(bytesOf(part.repeat(5) + end))).toEqual({ fields: { "": "" } });
    const many = bytesOf(part.repeat(50) + end);
    await expect(read(many)).rejects.toEqual(new FormError("too_large"));
  });
});
