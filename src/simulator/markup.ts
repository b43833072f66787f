/** @returns The text as it can stand in HTML and SVG, in attributes, too. */
export function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
