import * as z from "zod/mini";
import type { App } from "../env.ts";
import { pageId } from "../ids.ts";
import { idSchema, withoutSecrets } from "./answer.ts";
import { type CallFailure, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/** What the app itself may ask, by its id and secret. */

export interface GraphPlace {
  url: string;
  version: string;
}

/** An app that has an id, as it takes to ask Meta anything in its name. */
export type NamedApp = App & { id: string };

export const isNamed = (app: App): app is NamedApp => app.id !== undefined;

/** What Graph calls whoever the token is of. */
const ITSELF = pageId("me");

/** Graph for somebody who is no page of ours: a person, by their token. */
export const graphAs = (place: GraphPlace, app: App, token: string): GraphClient =>
  new GraphClient({ ...place, appSecret: app.secrets[0] }, ITSELF, token);

export interface TokenFacts {
  isValid: boolean;
  /** Meta's word for whose it is: `PAGE`, `USER`, `SYSTEM_USER`, `APP` and others. */
  type: string;
  appId: string | null;
  /** The page's, of a page's token. */
  profileId: string | null;
  /** ms; `null`: it doesn't expire. */
  expiresAt: number | null;
  /** ms; when the person behind it has to log in again; `null`: never. */
  dataAccessExpiresAt: number | null;
  /** The permissions it has. */
  scopes: readonly string[];
  /** The pages a permission is limited to, by its name; those that aren't are missing. */
  limits: ReadonlyMap<string, readonly string[]>;
  /** Meta's words on why it isn't valid. */
  complaint: string | null;
}

const seconds = z.catch(z.optional(z.number()), undefined);
const factsSchema = z.object({
  data: z.looseObject({
    is_valid: z.catch(z.boolean(), false),
    type: z.catch(z.string(), ""),
    app_id: z.catch(z.nullable(idSchema), null),
    profile_id: z.catch(z.nullable(idSchema), null),
    expires_at: seconds,
    data_access_expires_at: seconds,
    scopes: z.catch(z.array(z.string()), []),
    granular_scopes: z.catch(
      z.array(z.looseObject({ scope: z.string(), target_ids: z.optional(z.array(idSchema)) })),
      [],
    ),
    error: z.catch(z.nullable(z.looseObject({ message: z.string() })), null),
  }),
});

/** So much of a token's beginning tells it; those of a kind begin alike. */
const TELLING_CHARS = 20;

/** Meta's words without a token, also where its end is missing: they are cut when they are long. */
function struckOut(words: string, token: string): string {
  const left = withoutSecrets(words, [token]);
  const at = token.length > TELLING_CHARS ? left.indexOf(token.slice(0, TELLING_CHARS)) : -1;
  return at < 0 ? left : `${left.slice(0, at)}[token]`;
}

/**
 * Asks what a token is.
 * @see https://developers.facebook.com/docs/graph-api/reference/debug_token
 */
export async function debugToken(
  place: GraphPlace,
  app: NamedApp,
  token: string,
): Promise<{ ok: true; value: TokenFacts } | CallFailure> {
  const graph = graphAs(place, app, `${app.id}|${app.secrets[0]}`);
  const result = await graph.call("GET", "debug_token", { query: { input_token: token } });
  const answer = reading(result, factsSchema);
  if (!answer.ok) return { ...answer, reason: struckOut(answer.reason, token) };
  const { data } = answer.value;
  const complaint = data.error?.message;
  const limits = data.granular_scopes.flatMap(({ scope, target_ids: targets }) =>
    targets === undefined ? [] : [[scope, targets] as const],
  );
  return {
    ok: true,
    value: {
      isValid: data.is_valid,
      type: data.type,
      appId: data.app_id,
      profileId: data.profile_id,
      expiresAt: data.expires_at ? data.expires_at * 1000 : null,
      dataAccessExpiresAt: data.data_access_expires_at ? data.data_access_expires_at * 1000 : null,
      scopes: data.scopes,
      limits: new Map(limits),
      complaint: complaint === undefined ? null : struckOut(complaint, token),
    },
  };
}
