import type { Config } from "../env.ts";
import type { Choice } from "./choices.ts";
import { type Html, html } from "./html.ts";
import { page } from "./page.ts";
import type { Session } from "./session.ts";

/** What somebody sees who chooses pages, and what has become of them. */

interface Picker {
  choices: readonly Choice[];
  /** Goes along with the form. */
  form: string;
  session: Session;
  complaint: string | undefined;
  config: Config;
}

const PLACES = { facebook: "Facebook page", instagram: "Instagram account" } as const;

export function pickerPage({ choices, form, session, complaint, config }: Picker): Promise<Response> {
  const pictures = new URL(config.graph.url).origin;
  if (choices.length === 0) {
    const body = html`<div class="note"><p>Facebook lists no page for you: you look after none, or left all of them out when
Facebook asked which ones this app may use.</p></div>
<p>Log in again with a new link, choose “Edit access” there, and tick the pages.</p>
<p class="code">Code: no_pages</p>`;
    return page({ title: "No page to connect", body, pictures });
  }
  const only = choices.filter(({ wish }) => !("obstacle" in wish)).length === 1;
  const body = html`<p class="soft">Messages to the pages you choose will be received and answered through this gateway.</p>
${session.instagram === "declined" && html`<p class="note">Instagram accounts aren’t listed: you didn’t allow reading them and their messages.</p>`}
<form method="post" action="/oauth/pages">
<input type="hidden" name="form" value="${form}">
<fieldset${complaint === undefined ? "" : html` aria-describedby="complaint"`}>
<legend>Pages you look after</legend>
${complaint !== undefined && html`<p class="bad" id="complaint" role="alert">${complaint}</p>`}
<ul>
${choices.map((choice) => row(choice, only))}
</ul>
</fieldset>
<button type="submit">Connect</button>
</form>
<p class="soft">You have ten minutes to choose. Nothing is connected before you press the button.</p>`;
  return page({
    title: "Choose what to connect",
    body,
    pictures,
    status: complaint === undefined ? 200 : 400,
  });
}

function row(choice: Choice, isOnly: boolean): Html {
  const { value, wish, isConnected, source, id } = choice;
  const obstacle = "obstacle" in wish ? wish.obstacle : null;
  const isTicked = isOnly && obstacle === null;
  return html`<li><label class="${obstacle === null ? "row" : "row off"}">
<input type="checkbox" name="channel" value="${value}"${isTicked && html` checked`}${obstacle !== null && html` disabled`}>
${picture(choice)}
<span><span class="name">${choice.name}</span>
<span class="more">${PLACES[source]} ${id}${isConnected && html` · <span class="good">connected</span>`}${obstacle !== null && html`<br>${obstacle}`}</span></span>
</label></li>
`;
}

/** For looking at only: the name stands beside it. */
const picture = ({ imageUrl, name }: Choice): Html =>
  imageUrl === null
    ? html`<span class="picture" aria-hidden="true">${[...name][0]}</span>`
    : html`<img class="picture" src="${imageUrl}" alt="" width="40" height="40">`;

export interface Result {
  choice: Choice;
  warnings: readonly string[];
  /** `null`: it is connected. */
  refused: { code: string; detail: string } | null;
}

export function resultPage(
  results: readonly Result[],
  back: string | null,
  config: Config,
): Promise<Response> {
  const failed = results.filter(({ refused }) => refused !== null).length;
  const title =
    failed === 0 ? "Connected" : failed === results.length ? "Nothing was connected" : "Partly connected";
  const body = html`<div class="card"><ul>
${results.map(outcome)}
</ul></div>
${failed > 0 && html`<p>What failed can be tried again; what is connected stays so.</p>`}
<p class="actions">${back !== null && html`<a class="button" href="${back}">Continue</a>`}
<a class="button quiet" href="/oauth/pages">${failed > 0 ? "Try again" : "Choose more"}</a></p>
${back === null && failed === 0 && html`<p class="soft">You can close this window.</p>`}`;
  return page({ title, body, pictures: new URL(config.graph.url).origin });
}

const outcome = ({ choice, warnings, refused }: Result): Html => html`<li class="result">
<span class="name">${choice.name}</span>
<span class="more">${PLACES[choice.source]} ${choice.id}</span>
${
  refused === null
    ? html`<span class="good">✓ Connected</span>`
    : html`<span class="bad">✗ Not connected</span><br>${refused.detail} <span class="code">Code: ${refused.code}</span>`
}
${warnings.map((one) => html`<p class="more">${one}</p>`)}
</li>
`;
