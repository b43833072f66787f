import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainParagraphs } from "../../src/bots/markdown.ts";

const plain = (markdown: string) => plainParagraphs(markdown).join("\n\n");

describe("markup that Messenger doesn't show", () => {
  it("is taken from what was emphasised, also in one another", () => {
    expect(plain("**bold** *it* __bold__ _it_ ***both*** ~~gone~~")).toBe("bold it bold it both gone");
    expect(plain("**bold *and it* too**, *it **and bold** too*")).toBe("bold and it too, it and bold too");
    expect(plain("这是**重要**的")).toBe("这是重要的");
    expect(plain("**Price:** 5 €")).toBe("Price: 5 €");
  });

  it("stays where it is no markup", () => {
    for (const text of [
      "2 * 3 * 4",
      "5*3 and 6*2",
      "snake_case_name",
      "*see below",
      "a ** b",
      "~ 5",
      "[1] (x)",
      "C# #1",
    ]) {
      expect(plain(text)).toBe(text);
    }
    expect(plain("\\*literal\\* 1\\. \\_x\\_")).toBe("*literal* 1. _x_");
  });

  it("is taken from headings, which stay with what follows them", () => {
    expect(plainParagraphs("# **Title** ##\n\nText\n\n## Next\nMore")).toEqual(["Title\nText", "Next\nMore"]);
  });

  it("becomes a name and an address where it is a link", () => {
    expect(plain('[our shop](https://shop.example/a_b_c "Shop")')).toBe(
      "our shop (https://shop.example/a_b_c)",
    );
    expect(plain("[**x**](https://x.example/y_(z))")).toBe("x (https://x.example/y_(z))");
    expect(plain("![a cat](https://x.example/cat.png)")).toBe("a cat (https://x.example/cat.png)");
    expect(
      plain("[x.example](https://x.example/) <https://y.example> [a@b.example](mailto:a@b.example)"),
    ).toBe("https://x.example/ https://y.example a@b.example");
    expect(plain("[up](#top)")).toBe("up");
    expect(plain("**https://x.example/_a_/b**")).toBe("https://x.example/_a_/b");
  });

  it("is kept as text where it makes lists, quotes and rows", () => {
    expect(plain("* a\n+ **b**\n  - c\n1. d\n2) e")).toBe("- a\n- b\n  - c\n1. d\n2) e");
    expect(plain("> quoted")).toBe("> quoted");
    expect(plain("| A | B |\n|---|:-:|\n| 1 | **2** |")).toBe("A | B\n1 | 2");
  });

  it("isn't looked for in code", () => {
    expect(plain("run `npm **i** _x_` and ``a ` b``")).toBe("run npm **i** _x_ and a ` b");
    expect(plain("```js\nconst a = '**b**';\n\n# no heading\n```\nafter")).toBe(
      "const a = '**b**';\n\n# no heading\nafter",
    );
    expect(plain("````\n```\n````")).toBe("```");
    expect(plain("```\nnever closed")).toBe("never closed");
  });
});

describe("paragraphs", () => {
  it("are what blank lines and rules across the page keep apart", () => {
    expect(plainParagraphs("a\nb\n\n\nc\r\n\r\nd\n---\ne\n* * *\nf")).toEqual(["a\nb", "c", "d", "e", "f"]);
    expect(plainParagraphs(" \n\n")).toEqual([]);
  });

  it("hold a list in one piece, with the line that announces it", () => {
    expect(plainParagraphs("We have:\n\n1. a\n\n   more of a\n\n2. b\n\nAnything else?")).toEqual([
      "We have:\n1. a\n   more of a\n2. b",
      "Anything else?",
    ]);
  });
});

const word = fc.string({ unit: fc.constantFrom(..."abcäöü重要🚀19"), minLength: 1, maxLength: 8 });
const words = fc.array(word, { minLength: 1, maxLength: 6 }).map((list) => list.join(" "));

it("leaves text without markup as it is", () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1 }), (paragraphs) => {
      expect(plainParagraphs(paragraphs.join("\n\n"))).toEqual(paragraphs);
    }),
  );
});

it("says every word of what is marked up, in whatever ways", () => {
  const marked = fc
    .tuple(words, fc.constantFrom("**", "*", "__", "_", "~~", "***", "`", ""))
    .map(([text, mark]) => ({
      text,
      markdown: mark + text + mark,
    }));
  fc.assert(
    fc.property(
      fc.array(marked, { minLength: 1 }),
      fc.constantFrom("", "# ", "- ", "3. "),
      (parts, before) => {
        const markdown = before + parts.map((part) => part.markdown).join(" ");
        const text = parts.map((part) => part.text).join(" ");
        expect(plain(markdown)).toBe(before === "# " ? text : before + text);
      },
    ),
  );
});

it("keeps code to the letter", () => {
  const code = fc
    .array(
      fc.string({ maxLength: 20 }).filter((line) => !/[\r\n]/.test(line) && !/^\s*```/.test(line)),
      { minLength: 1 },
    )
    .map((lines) => ["x", ...lines, "y"].join("\n"));
  fc.assert(
    fc.property(code, (text) => {
      expect(plainParagraphs(`\`\`\`\n${text}\n\`\`\``)).toEqual([text]);
    }),
  );
});

it("takes any text, however odd, in time linear in it", () => {
  const odd = fc.string({ unit: fc.constantFrom(..."*_`~[]()<>\\#-|:!\n \uFDD0\uFDD10a"), maxLength: 300 });
  fc.assert(fc.property(odd, (text) => plainParagraphs(text).every((paragraph) => paragraph.trim() !== "")));
  // What takes longer by its square doesn't end before the test has to.
  for (const unit of [
    "**a ",
    "_a_b",
    "[a](",
    "`",
    "``a`",
    "~~a",
    " _a",
    "\\",
    "| ",
    "|",
    "<https://",
    "x ",
    "# ",
    "***a*b",
  ]) {
    plainParagraphs(`${unit.repeat(50_000)}x`);
  }
});
