import type { User } from "../users.ts";

/** A user's picture: their initials on a colour of their own. */
export function picture(user: User): Response {
  const hue = (Number(user.id.slice(-6)) * 47) % 360;
  const initials = escaped(`${[...user.first_name][0] ?? ""}${[...user.last_name][0] ?? ""}`);
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

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
