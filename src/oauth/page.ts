import { Html, html } from "./html.ts";
import { digest } from "./signed.ts";
import { STYLE } from "./style.ts";

/** The pages that people see while they connect theirs: markup alone, without any script. */

interface PageInit {
  title: string;
  body: Html;
  status?: number;
  headers?: Record<string, string>;
  /** Where pictures may come from beside https: the Graph API's own address. */
  pictures?: string;
}

const styleElement = new Html(`<style>${STYLE}</style>`);

export async function page({
  title,
  body,
  status = 200,
  headers = {},
  pictures,
}: PageInit): Promise<Response> {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Messengate</title>
${styleElement}
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  return new Response(markup, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": await policy(pictures),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      ...headers,
    },
  });
}

let styleHash: Promise<string> | undefined;

async function policy(pictures: string | undefined): Promise<string> {
  styleHash ??= sha256(STYLE);
  const images = pictures === undefined || pictures.startsWith("https:") ? "https:" : `https: ${pictures}`;
  return [
    "default-src 'none'",
    `style-src '${await styleHash}'`,
    `img-src ${images}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

/** As a policy names a hash: in plain base64. */
const sha256 = async (text: string): Promise<string> =>
  `sha256-${(await digest(text)).replaceAll("-", "+").replaceAll("_", "/")}=`;

/** Why somebody can't go on, and what they can do. */
interface Failure {
  status: number;
  /** Stable; docs/channels.md lists them. */
  code: string;
  title: string;
  /** What is wrong. */
  text: string;
  /** What to do next. */
  next: string;
}

export function failurePage({ status, code, title, text, next }: Failure): Promise<Response> {
  const body = html`<div class="note alert" role="alert"><p>${text}</p><p>${next}</p></div>
<p class="code">Code: ${code}</p>`;
  return page({ title, body, status });
}
