/**
 * Makes an element. Text only ever goes in as text: what people and pages write is never read as HTML.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} [attributes] Left out if undefined or false; `class` included.
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A line drawing of one path on a 20 × 20 grid. */
export function icon(path) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(namespace, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** The address if it is http or https, so that no link or picture can run a script. */
export function webAddress(text) {
  if (typeof text !== "string" || !URL.canParse(text, location.href)) return undefined;
  const url = new URL(text, location.href);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
}
