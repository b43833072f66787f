import type { Config } from "../env.ts";
import { type Html, html } from "../oauth/html.ts";
import { page } from "../oauth/page.ts";
import type { Deletion } from "../pages/directory/deletions.ts";
import { directoryOf } from "../pages/served.ts";
import { problem } from "../problem.ts";

/**
 * `GET /data-deletion/{code}`: how far a person's request is, in words for them; as JSON for who prefers it. Whoever has the
 * code may see it: there is nothing about the person.
 */
export async function deletionStatus(
  request: Request,
  _: Config,
  env: Pick<Cloudflare.Env, "DIRECTORY">,
): Promise<Response> {
  const [, code = ""] = PATH.exec(new URL(request.url).pathname) ?? [];
  const deletion = code === "" ? null : await directoryOf(env).deletion(code);
  const isForProgram = prefersJson(request.headers.get("accept") ?? "");
  if (!deletion) {
    return isForProgram ? problem({ status: 404, code: "no_such_deletion", detail: UNKNOWN }) : unknownPage();
  }
  return isForProgram ? asJson(code, deletion) : statusPage(code, deletion);
}

const PATH = /\/data-deletion\/([0-9a-f]{32})\/?$/;

const prefersJson = (accept: string): boolean =>
  accept.includes("application/json") && !accept.includes("text/html");

const asJson = (code: string, { state, conversations, receivedAt, endedAt }: Deletion): Response =>
  Response.json(
    {
      confirmation_code: code,
      state,
      conversations_deleted: conversations,
      received_at: new Date(receivedAt).toISOString(),
      ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
    },
    { headers: { "cache-control": "no-store", "x-robots-tag": "noindex" } },
  );

const UNKNOWN = "There is no request of this code. Requests are on record for a year after they have ended.";

const unknownPage = (): Promise<Response> =>
  page({ title: "No such request", body: html`<p>${UNKNOWN}</p>`, status: 404 });

function statusPage(code: string, deletion: Deletion): Promise<Response> {
  const { title, body } = WORDS[deletion.state](deletion);
  const { receivedAt, endedAt } = deletion;
  return page({
    title,
    body: html`${body}
<p class="soft">Asked for on ${day(receivedAt)}${endedAt !== null && html`, ended on ${day(endedAt)}`}.</p>
<p class="code">Confirmation code: ${code}</p>`,
  });
}

/** In a form that every machine and nearly everyone reads. */
function day(at: number): Html {
  const [date = ""] = new Date(at).toISOString().split("T");
  return html`<time datetime="${date}">${date}</time>`;
}

type Words = { title: string; body: Html };

const ASK = html`<p>To have your conversation deleted, write to the business you were talking to, on the same page, or by any
other way it names. Say that you want the conversation deleted, and give this page’s address. It can find the conversation
and delete it.</p>`;

const WORDS: Record<Deletion["state"], (deletion: Deletion) => Words> = {
  received: ({ conversations }) => ({
    title: "Your data is being deleted",
    body: html`<div class="note" role="status"><p>Your request has been received. It is done as soon as Facebook has said which
conversations are yours, as a rule within minutes, and tried for two weeks.</p></div>
${conversations > 0 && html`<p>Deleted so far: ${counted(conversations)}.</p>`}`,
  }),
  done: ({ conversations }) => ({
    title: "Your data has been deleted",
    body:
      conversations === 0
        ? html`<div class="note" role="status"><p>Nothing of you was stored on the pages where Facebook knows you.</p></div>`
        : html`<div class="note" role="status"><p>Deleted: ${counted(conversations)}, with everything in them: messages,
pictures and other files, your name, and what was noted about you.</p></div>
<p>What you and the page wrote is still in your own Messenger; you can delete it there. If you write to the page again, that is
a new conversation. Conversations on Instagram can’t be found this way: to have them deleted, write to the business.</p>`,
  }),
  not_matched: () => ({
    title: "We can’t tell which conversations are yours",
    body: html`<div class="note alert" role="status"><p>Facebook knows you by another name for every page, and didn’t tell which
is yours here. So nothing has been deleted.</p></div>
${ASK}`,
  }),
  failed: ({ conversations }) => ({
    title: "Your data could not be deleted",
    body: html`<div class="note alert" role="status"><p>For two weeks Facebook could not be asked which conversations are yours,
or they could not be reached. ${conversations === 0 ? "Nothing has been deleted." : `Deleted: ${counted(conversations)}.`}</p></div>
${ASK}`,
  }),
};

const counted = (conversations: number): string =>
  conversations === 1 ? "one conversation" : `${conversations} conversations`;
