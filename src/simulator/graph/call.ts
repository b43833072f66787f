import type { Page } from "../environment.ts";
import type { Json } from "../json.ts";
import type { Rooms } from "../rooms.ts";
import { graphAnswer, graphErrorAnswer } from "./answer.ts";
import type { GraphError } from "./errors.ts";
import { askedFields } from "./fields.ts";
import type { Input } from "./parameters.ts";

/** One call of the Graph API with a page's token. */
export interface GraphCall extends Input {
  readonly rooms: Rooms;
  /** Whose token it is. */
  readonly page: Page;
  readonly version: string;
  /** The first part of the path: `me`, or an id. */
  readonly node: string;
  /** Of the simulator, for addresses that lead back to it. */
  readonly origin: string;
}

export type Edge = (call: GraphCall) => Response | Promise<Response>;

/** A call as it went, for `GET /_sim/calls`. */
export interface CallRecord {
  /** Real milliseconds when it was answered. */
  readonly time: number;
  readonly method: string;
  /** Without the query, which may hold tokens. */
  readonly path: string;
  readonly status: number;
  /** Of the error, or null. */
  readonly code: number | null;
}

export function answer({ version }: GraphCall, body: Json): Response {
  return graphAnswer(version, body);
}

export function fail({ version }: GraphCall, error: GraphError): Response {
  return graphErrorAnswer(version, error);
}

/** @returns What `fields` asks for, in order; empty if it does not. */
export function fieldsOf({ parameters }: GraphCall): readonly string[] {
  return askedFields(parameters).map(({ name }) => name);
}

/**
 * The Instagram account or page a call is about: the node, or with `platform=instagram` the page's Instagram account.
 *
 * @returns null if the page has no Instagram account.
 */
export function accountOf({ rooms, page, node, parameters }: GraphCall): string | null {
  const wantsInstagram = parameters["platform"] === "instagram";
  if (!wantsInstagram) return node === "me" ? page.id : node;
  return rooms.pages.settings(page.id).instagram_id;
}
