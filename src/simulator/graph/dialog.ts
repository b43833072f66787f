import * as z from "zod/mini";
import { USUAL_SCOPES } from "../logins.ts";
import { escaped } from "../markup.ts";
import type { Rooms } from "../rooms.ts";
import { graphErrorAnswer } from "./answer.ts";
import { graphErrors } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import { shapeError, webAddress } from "./shape-checks.ts";

const dialogSchema = z.object({
  client_id: z.pipe(z.union([z.string(), z.int()]), z.transform(String)),
  redirect_uri: webAddress,
  state: z.exactOptional(z.string()),
  scope: z.exactOptional(z.string()),
  code_challenge: z.exactOptional(z.string()),
  code_challenge_method: z.exactOptional(z.literal("S256")),
  /** The form's own: which button was pressed. */
  answer: z.exactOptional(z.enum(["agree", "cancel"])),
});
type Asked = z.infer<typeof dialogSchema>;

/**
 * `GET /dialog/oauth`: asks the person who manages the pages, or answers for them as the settings of logins say, and sends
 * them back.
 *
 * @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
 */
export function loginDialog(rooms: Rooms, version: string, parameters: Parameters): Response {
  const parsed = dialogSchema.safeParse(parameters);
  if (!parsed.success) return graphErrorAnswer(version, shapeError(parsed.error));
  const asked = parsed.data;
  if (asked.client_id !== rooms.environment.appId) return graphErrorAnswer(version, graphErrors.badApp);
  const manner = rooms.logins.manner();
  const scopes = asked.scope?.split(",").filter((scope) => scope !== "") ?? USUAL_SCOPES;
  if (manner.answer === "ask" && asked.answer === undefined) return form(asked, scopes);

  const back = new URL(asked.redirect_uri);
  if (asked.state !== undefined) back.searchParams.set("state", asked.state);
  if ((asked.answer ?? manner.answer) === "cancel") {
    back.searchParams.set("error", "access_denied");
    back.searchParams.set("error_code", "200");
    back.searchParams.set("error_description", "Permissions error");
    back.searchParams.set("error_reason", "user_denied");
  } else {
    const isGranted = (scope: string) =>
      asked.answer === undefined ? !manner.declined.includes(scope) : parameters[`grant_${scope}`] === "on";
    const code = rooms.logins.newCode({
      redirectUri: asked.redirect_uri,
      challenge: asked.code_challenge ?? null,
      scopes: scopes.filter(isGranted),
    });
    back.searchParams.set("code", code);
  }
  return new Response(null, { status: 302, headers: { Location: back.href } });
}

function form({ answer: _, ...asked }: Asked, scopes: readonly string[]): Response {
  const hidden = Object.entries(asked).map(([name, value]) => {
    return `<input type="hidden" name="${name}" value="${escaped(value ?? "")}">`;
  });
  const boxes = scopes.map((scope) => {
    const name = escaped(scope);
    return `<p><label><input type="checkbox" name="grant_${name}" checked> ${name}</label></p>`;
  });
  const markup = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in (simulated)</title>
<h1>Simulated app asks for your pages</h1>
<form>${hidden.join("")}
<fieldset><legend>It may</legend>${boxes.join("")}</fieldset>
<p><button name="answer" value="agree">Continue</button> <button name="answer" value="cancel">Cancel</button></p>
</form></html>`;
  return new Response(markup, {
    headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" },
  });
}
