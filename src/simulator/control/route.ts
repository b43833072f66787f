import type { Rooms } from "../rooms.ts";
import { Refusal } from "./answers.ts";

/** One control call: the rooms it works on, its request and URL, and the ids its path holds ("" if none). */
export interface Call {
  readonly rooms: Rooms;
  readonly request: Request;
  readonly url: URL;
  readonly userId: string;
  readonly pageId: string;
}

export interface Route {
  readonly path: URLPattern;
  readonly methods: Readonly<Record<string, (call: Call) => Response | Promise<Response>>>;
}

export const at = (pathname: string) => new URLPattern({ pathname });

/** @returns The page or Instagram account the query names, or the first page. */
export function accountIdOf({ rooms, url }: Call): string {
  return knownAccount(rooms, url.searchParams.get("page_id") ?? undefined);
}

/** @throws Refusal if the simulator plays no page or Instagram account of this id. */
export function knownAccount({ environment, pages }: Rooms, id: string | undefined): string {
  if (id === undefined) return environment.pages[0].id;
  if (pages.accountOf(id)) return id;
  throw new Refusal(404, "no_such_page", `There is no page ${id}; SIM_PAGES lists the pages.`);
}

/** @throws Refusal if `limit` is given and is no whole number above 0. */
export function limitOf({ url }: Call, usual: number, most: number): number {
  const text = url.searchParams.get("limit");
  if (text === null) return usual;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, most);
  throw new Refusal(400, "invalid_limit", "limit must be a whole number above 0.");
}
