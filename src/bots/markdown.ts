/**
 * Markdown, as language models write it, to the plain text that Messenger shows. What has no meaning without its markup
 * keeps it: bullets, numbers, quotes. Pure; what isn't Markdown stays as it is. In time linear in the text, whatever it
 * is.
 * @see https://spec.commonmark.org/
 */

interface Paragraph {
  lines: string[];
  startsWithItem: boolean;
  /** Its last line is an item of a list, or belongs to one. */
  endsInList: boolean;
  isHeading: boolean;
}

/**
 * @returns the text's paragraphs, each to be read by itself: a heading is with what follows it, a list with the line
 * that announces it and in one piece, and code isn't cut at its blank lines
 */
export function plainParagraphs(markdown: string): string[] {
  const paragraphs = paragraphsIn(markdown);
  const texts: string[] = [];
  for (const [index, paragraph] of paragraphs.entries()) {
    const text = paragraph.lines.join("\n");
    const before = paragraphs[index - 1];
    if (before && belongsTo(before, paragraph)) {
      texts.push(`${texts.pop() ?? ""}\n${text}`);
      paragraph.endsInList ||= before.endsInList;
    } else texts.push(text);
  }
  return texts.filter((text) => text.trim() !== "");
}

function belongsTo(before: Paragraph, paragraph: Paragraph): boolean {
  if (before.isHeading || /[:：]$/.test(before.lines.at(-1) ?? "")) return true;
  return before.endsInList && (paragraph.startsWithItem || /^\s/.test(paragraph.lines[0] ?? ""));
}

const FENCE = /^\s*(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(.*)$/;
const BULLET = /^(\s*)[*+-][ \t]+(.*)$/;
const NUMBER = /^\s*\d{1,9}[.)][ \t]/;
const ROW = /^\s*\|(.+)\|\s*$/;

const EMPTY = { startsWithItem: false, endsInList: false, isHeading: false };

function paragraphsIn(markdown: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let current: Paragraph | undefined;
  let fence: string | undefined;
  const add = (line: string, isItem = false) => {
    if (!current) {
      current = { ...EMPTY, lines: [], startsWithItem: isItem };
      paragraphs.push(current);
    }
    current.lines.push(line);
    current.endsInList ||= isItem;
  };
  for (const line of markdown.split(/\r\n|\r|\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      const isEnd = mark?.startsWith(fence) && line.trim() === mark;
      if (isEnd) fence = undefined;
      else add(line);
    } else if (mark !== undefined) fence = mark;
    else if (line.trim() === "" || isRule(line)) current = undefined;
    else if (HEADING.test(line)) {
      paragraphs.push({ ...EMPTY, lines: [heading(line)], isHeading: true });
      current = undefined;
    } else if (!isUnderline(line)) add(plainLine(line), BULLET.test(line) || NUMBER.test(line));
  }
  return paragraphs;
}

const heading = (line: string): string =>
  inline((HEADING.exec(line)?.[1] ?? "").replace(/\s#+\s*$/, "").trim());

/** A line across the page. */
function isRule(line: string): boolean {
  const bare = line.replaceAll(/\s/g, "");
  return bare.length >= 3 && /^(-+|\*+|_+)$/.test(bare);
}

/** Of a table's head, or of a heading without `#`. */
const isUnderline = (line: string): boolean =>
  (line.includes("|") && /^[\s|:-]+$/.test(line)) || /^ {0,3}=+\s*$/.test(line);

function plainLine(line: string): string {
  const row = ROW.exec(line)?.[1];
  if (row !== undefined)
    return inline(
      row
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
        .join(" | "),
    );
  const [, indent = "", item] = BULLET.exec(line) ?? [];
  // Two spaces or a backslash at the end only keep the line apart from the next.
  return inline(item === undefined ? line : `${indent}- ${item}`)
    .trimEnd()
    .replace(/\\$/, "");
}

/** Code, and characters that stand for themselves. */
const LITERAL = /(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)|\\([!-/:-@[-`{-~])/g;
const LINK =
  /!?\[([^[\]]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/g;
const ADDRESS = /<((?:https?:\/\/|mailto:)[^\s<>]+)>|https?:\/\/[^\s<>*~]*[^\s<>*~_]/g;

/** Those within others are found in a later round. */
const EMPHASIS = [
  /(?<!\*)(\*{2,3})(?=[^\s*])([^*]*[^\s*])\1(?!\*)/g,
  /(?<![\w*])(\*)(?=[^\s*])([^*]*[^\s*])\*(?![\w*])/g,
  /(?<![\p{L}\p{N}_])(_{1,3})(?=[^\s_])((?:[^_]|(?<=\w)_(?=\w))*[^\s_])\1(?![\p{L}\p{N}_])/gu,
  /(?<!~)(~~)(?=[^\s~])([^~]*[^\s~])~~(?!~)/g,
];
const ROUNDS = 3;

/** These two no text may hold: what is put aside meanwhile stands between them. (Unicode, "Noncharacters".) */
const [OPEN, CLOSE] = ["\uFDD0", "\uFDD1"];
const ASIDE = /\uFDD0(\d+)\uFDD1/g;

/** One line. */
function inline(line: string): string {
  const aside: string[] = [];
  const put = (text: string) => `${OPEN}${aside.push(text) - 1}${CLOSE}`;
  const back = (text: string): string =>
    text.replace(ASIDE, (_, index: string) => back(aside[Number(index)] ?? ""));

  let text = line
    .replaceAll(/[\uFDD0\uFDD1]/g, "")
    .replace(LITERAL, (_, _ticks, code: string | undefined, sign: string | undefined) =>
      put(sign ?? unpadded(code ?? "")),
    )
    .replace(LINK, (_, name: string, url: string) => named(name.trim(), url, put))
    .replace(ADDRESS, (all: string, inside: string | undefined) => put(inside ?? all));
  for (let round = 0; round < ROUNDS; round++) {
    for (const pattern of EMPHASIS) text = text.replace(pattern, "$2");
  }
  return back(text);
}

const unpadded = (code: string): string =>
  code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "" ? code.slice(1, -1) : code;

/** A link's name, then where it leads, unless that is the same. */
function named(name: string, url: string, put: (text: string) => string): string {
  const address = url.replace(/^(mailto|tel):/i, "");
  // A place in a page that Messenger doesn't show.
  if (address === "" || address.startsWith("#")) return name;
  const bare = (text: string) => text.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  if (name === "" || bare(name) === bare(address)) return put(address);
  return `${name}${put(` (${address})`)}`;
}
