import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** docs/messenger.md names tests by file and sentence, so that a claim can be followed to its proof. */

const doc = readFileSync(join(import.meta.dirname, "../../docs/messenger.md"), "utf8");
const sourceOf = (file: string) => readFileSync(join(import.meta.dirname, `${file}.test.ts`), "utf8");

/** What stands after a file's name in the last cell of a row. */
const proofs = doc.split("\n").flatMap((line) => /\|([^|]*)\|$/.exec(line)?.[1] ?? []);
const cited = [...proofs.join("\n").matchAll(/`([a-z-]+)`: ([^`\n]+)/g)].map(
  ([, file = "", sentences = ""]) => ({
    file,
    sentences: sentences.replace(/[;. ]*$/, "").split("; "),
  }),
);

describe("docs/messenger.md", () => {
  it("names tests that exist", () => {
    const missing = cited.flatMap(({ file, sentences }) => {
      const source = sourceOf(file);
      return sentences.filter(
        (sentence) => !sentence.split("…").every((part) => source.includes(part.trim())),
      );
    });
    expect(missing).toEqual([]);
    expect(cited.length).toBeGreaterThan(100);
  });
});
