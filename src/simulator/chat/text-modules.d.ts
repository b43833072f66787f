/** The chat page's files are bundled as text; see the rules in wrangler.toml. */
declare module "*/chat.html" {
  const text: string;
  export default text;
}
declare module "*/frame.css" {
  const text: string;
  export default text;
}
declare module "*/bubbles.css" {
  const text: string;
  export default text;
}
declare module "*/chat.client.js" {
  const text: string;
  export default text;
}
declare module "*/bubbles.client.js" {
  const text: string;
  export default text;
}
declare module "*/thread.client.js" {
  const text: string;
  export default text;
}
declare module "*/people.client.js" {
  const text: string;
  export default text;
}
declare module "*/live.client.js" {
  const text: string;
  export default text;
}
declare module "*/elements.client.js" {
  const text: string;
  export default text;
}
declare module "*/people.css" {
  const text: string;
  export default text;
}
declare module "*/talk.css" {
  const text: string;
  export default text;
}
declare module "*/cards.css" {
  const text: string;
  export default text;
}
