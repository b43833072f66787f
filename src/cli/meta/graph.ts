import { createHmac } from "node:crypto";
import * as z from "zod/mini";
import { Trouble } from "../terminal/trouble.ts";

/** Calls of the Graph API, as the app or with a token. */

export interface GraphFailure {
  ok: false;
  code: number;
  subcode: number | undefined;
  /** Meta's own words. */
  message: string;
}
export type GraphResult<Value> = { ok: true; value: Value } | GraphFailure;

/** In whose name a call is made. */
export interface Credentials {
  token: string;
  /** `appsecret_proof`, for which apps may be set to insist. */
  proof?: string;
}

const LIMIT_MS = 20_000;

const failureSchema = z.object({
  error: z.object({
    message: z.optional(z.string()),
    code: z.optional(z.number()),
    error_subcode: z.optional(z.number()),
    error_user_msg: z.optional(z.string()),
  }),
});

export class Graph {
  /** `https://graph.facebook.com/v25.0` */
  readonly root: string;

  constructor(url: string, version: string) {
    this.root = `${url}/${version}`;
  }

  /**
   * @param parameters in the query of GET and DELETE, else in the body
   * @throws Trouble if nobody answers, or nobody who speaks Graph
   */
  async call<Schema extends z.ZodMiniType>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    parameters: Readonly<Record<string, string>>,
    credentials: Credentials | undefined,
    schema: Schema,
  ): Promise<GraphResult<z.infer<Schema>>> {
    const { token, proof } = credentials ?? {};
    const all = new URLSearchParams({
      ...parameters,
      ...(token === undefined ? {} : { access_token: token }),
      ...(proof === undefined ? {} : { appsecret_proof: proof }),
    });
    const url = `${this.root}/${path}`;
    const answer = await this.#fetch(method === "POST" ? url : `${url}?${all}`, {
      method,
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(method === "POST" ? { body: all } : {}),
    });
    const value = schema.safeParse(answer.json);
    if (answer.status < 300 && value.success) return { ok: true, value: value.data };
    const failure = failureSchema.safeParse(answer.json).data?.error;
    if (!failure) throw this.#silent();
    const { message = "", code = 0, error_subcode, error_user_msg = "" } = failure;
    return {
      ok: false,
      code,
      subcode: error_subcode,
      message: [message, error_user_msg].filter(Boolean).join(" "),
    };
  }

  async #fetch(url: string, init: RequestInit): Promise<{ status: number; json: unknown }> {
    try {
      const response = await fetch(url, init);
      return { status: response.status, json: await response.json() };
    } catch {
      throw this.#silent();
    }
  }

  #silent(): Trouble {
    const { host } = new URL(this.root);
    const how =
      "Look whether it can be reached from here. With --local, GRAPH_URL in .dev.vars says where it is; --simulator starts the local one.";
    return new Trouble("graph_unreachable", `No Graph API answers at ${host}.`, how);
  }
}

/** @see https://developers.facebook.com/docs/graph-api/guides/secure-requests */
export function withProof(token: string, appSecret: string): Credentials {
  return { token, proof: createHmac("sha256", appSecret).update(token).digest("hex") };
}

/** What Meta said, as a trouble. */
export function refused(what: string, { code, subcode, message }: GraphFailure, how: string): Trouble {
  const number = subcode === undefined ? String(code) : `${code}/${subcode}`;
  return new Trouble("graph_refused", `${what}: Meta says “${message}” (${number}).`, how);
}
