import * as z from "zod/mini";
import { idSchema } from "./answer.ts";
import type { CallFailure, GraphClient } from "./client.ts";
import { reading } from "./reading.ts";

/**
 * The pages a person looks after, asked with that person's token, and what pages are called.
 * @see https://developers.facebook.com/docs/graph-api/reference/user/accounts
 */

export interface Named {
  id: string;
  name: string | null;
  imageUrl: string | null;
}

export interface Account extends Named {
  /** The page's token, if the person's role gives one. */
  token: string | null;
  /** What the person may do there, in Meta's words; `null`: Meta doesn't say. */
  tasks: readonly string[] | null;
  /** The page's Instagram account, if it was asked for and there is one. */
  instagram: Named | null;
}

/** Answers of 100 each; nobody looks after more pages than this by hand. */
const PAGE_SIZE = "100";
const MAX_ANSWERS = 20;

const text = z.catch(z.nullable(z.string()), null);
const pictureSchema = z.catch(
  z.nullable(z.looseObject({ data: z.looseObject({ url: z.nullable(z.string()) }) })),
  null,
);
const instagramSchema = z.looseObject({
  id: idSchema,
  name: text,
  username: text,
  profile_picture_url: text,
});
const accountSchema = z.looseObject({
  id: idSchema,
  name: text,
  access_token: text,
  picture: pictureSchema,
  tasks: z.catch(z.nullable(z.array(z.string())), null),
  instagram_business_account: z.catch(z.nullable(instagramSchema), null),
});
const listSchema = z.object({
  data: z.array(accountSchema),
  paging: z.optional(
    z.looseObject({
      cursors: z.optional(z.looseObject({ after: z.optional(z.string()) })),
      // Its URL carries the token: only that it is there matters.
      next: z.optional(z.string()),
    }),
  ),
});

const FIELDS_OF_ONE = "id,name,access_token,picture{url}";
const FIELDS = `${FIELDS_OF_ONE},tasks`;
const INSTAGRAM_FIELDS = "instagram_business_account{id,name,username,profile_picture_url}";

/** @param withInstagram whether the person allowed to read it: Meta may refuse the whole call otherwise */
export async function listAccounts(
  person: GraphClient,
  withInstagram: boolean,
): Promise<{ ok: true; value: Account[] } | CallFailure> {
  const accounts: Account[] = [];
  const fields = withInstagram ? `${FIELDS},${INSTAGRAM_FIELDS}` : FIELDS;
  let after: string | undefined;
  for (let answers = 0; answers < MAX_ANSWERS; answers++) {
    const query = { fields, limit: PAGE_SIZE, ...(after === undefined ? {} : { after }) };
    const list = reading(await person.call("GET", "me/accounts", { query }), listSchema);
    if (!list.ok) return list;
    accounts.push(...list.value.data.map(accountIn));
    after = list.value.paging?.cursors?.after;
    if (list.value.paging?.next === undefined || after === undefined) break;
  }
  return { ok: true, value: accounts };
}

/** One page, with its token if it is the person's to have who asks. */
export async function readAccount(
  person: GraphClient,
  page: string,
): Promise<{ ok: true; value: Account } | CallFailure> {
  return readPage(person, page, FIELDS_OF_ONE);
}

/** What a page is called; asked with its own token. */
export function readName(
  graph: GraphClient,
  page: string,
): Promise<{ ok: true; value: Named } | CallFailure> {
  return readPage(graph, page, "id,name,picture{url}");
}

async function readPage(
  graph: GraphClient,
  page: string,
  fields: string,
): Promise<{ ok: true; value: Account } | CallFailure> {
  const query = { fields };
  const answer = reading(await graph.call("GET", encodeURIComponent(page), { query }), accountSchema);
  return answer.ok ? { ok: true, value: accountIn(answer.value) } : answer;
}

const backedSchema = z.looseObject({ instagram_business_account: z.optional(instagramSchema) });

/** The Instagram account of a page; `null` if it has none. Asked with the page's token. */
export async function readInstagramAccount(
  page: GraphClient,
  id: string,
): Promise<{ ok: true; value: Named | null } | CallFailure> {
  const result = await page.call("GET", encodeURIComponent(id), { query: { fields: INSTAGRAM_FIELDS } });
  const answer = reading(result, backedSchema);
  if (!answer.ok) return answer;
  const { instagram_business_account: account } = answer.value;
  return { ok: true, value: account ? instagramIn(account) : null };
}

const permissionsSchema = z.object({
  data: z.array(z.looseObject({ permission: z.string(), status: z.string() })),
});

/**
 * What a person has granted the app.
 * @returns the names granted; those declined, taken back or expired aren't among them
 * @see https://developers.facebook.com/docs/graph-api/reference/user/permissions
 */
export async function grantedPermissions(
  person: GraphClient,
): Promise<{ ok: true; value: string[] } | CallFailure> {
  const answer = reading(await person.call("GET", "me/permissions"), permissionsSchema);
  if (!answer.ok) return answer;
  const granted = answer.value.data.filter(({ status }) => status === "granted");
  return { ok: true, value: granted.map(({ permission }) => permission) };
}

const accountIn = (one: z.infer<typeof accountSchema>): Account => ({
  id: one.id,
  name: one.name,
  imageUrl: one.picture?.data.url ?? null,
  token: one.access_token,
  tasks: one.tasks,
  instagram: one.instagram_business_account ? instagramIn(one.instagram_business_account) : null,
});

const instagramIn = (one: z.infer<typeof instagramSchema>): Named => ({
  id: one.id,
  name: one.username ?? one.name,
  imageUrl: one.profile_picture_url,
});
