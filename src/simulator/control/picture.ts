import { escaped } from "../markup.ts";

/** The picture of a user or a page: initials on a colour of their own. */
export function picture(id: string, ...names: readonly string[]): Response {
  const hue = (Number(id.slice(-6)) * 47) % 360;
  const initials = escaped(names.map((name) => [...name][0] ?? "").join(""));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80" role="img">
  <rect width="80" height="80" fill="hsl(${hue} 46% 44%)"/>
  <text x="40" y="41" fill="#fff" font-family="system-ui, sans-serif" font-size="30" font-weight="600"
    text-anchor="middle" dominant-baseline="central">${initials}</text>
</svg>`;
  return new Response(svg, {
    headers: {
      "Content-Type": "image/svg+xml",
      "Content-Security-Policy": "default-src 'none'",
      "Cache-Control": "no-cache",
    },
  });
}
