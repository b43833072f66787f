import type { MetaAnswer, SendOutcome } from "../conversation/work.ts";
import type { PageId } from "../ids.ts";
import { type Answer, afterMs, neverLeft, readAnswer, sentIds, withoutSecrets } from "./answer.ts";
import { type GraphError, judge } from "./errors.ts";
import { proofOf } from "./proof.ts";
import type { Recipient } from "./recipient.ts";

export interface GraphSettings {
  url: string;
  version: string;
  /** Signs `appsecret_proof`, which apps can require and all accept. */
  appSecret: string;
}

type ThreadCall =
  | "pass_thread_control"
  | "take_thread_control"
  | "request_thread_control"
  | "release_thread_control";

type Method = "GET" | "POST" | "DELETE";

type Init = RequestInit & { headers?: Record<string, string> };

interface CallInit {
  query?: Record<string, string>;
  /** Goes as JSON. */
  body?: Record<string, unknown>;
  timeoutMs?: number;
}

export interface CallFailure {
  ok: false;
  /** HTTP status of Meta's answer; `null` when none came. */
  status: number | null;
  /** As of a message that failed (errors.ts), or `no_answer`: it may have been done. */
  code: string;
  /** Meta's own words, without the token. */
  reason: string;
  /** The same call would fail again. */
  isFinal: boolean;
  /** How long Meta asks to wait, ms. */
  afterMs?: number;
  error?: GraphError;
}

export type CallResult = { ok: true; value: object } | CallFailure;

/** Meta's answer as it came, but for the token; or none, and whether Meta may have heard the call. */
export type Relayed =
  | { ok: true; status: number; headers: Headers; body: string }
  | { ok: false; maybeHeard: boolean };

interface RelayInit extends CallInit {
  /** Goes as it comes, in the body's place. */
  form?: { stream: ReadableStream<Uint8Array>; contentType: string };
}

/** A send that takes longer has no known outcome. With three actions before it, it stays within a lease. */
const SEND_TIMEOUT_MS = 10_000;
const ACT_TIMEOUT_MS = 1_500;
const CALL_TIMEOUT_MS = 10_000;
/** Meta's answers to a send are far shorter. */
const HEARD_CHARS = 16_384;

/**
 * Calls of Meta's Graph API for one page. The token travels in a header, never in a URL.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export class GraphClient {
  readonly page: PageId;
  readonly #settings: GraphSettings;
  readonly #token: string;

  constructor(settings: GraphSettings, page: PageId, token: string) {
    this.#settings = settings;
    this.page = page;
    this.#token = token;
  }

  /**
   * Sends a message. Never throws: every way it can end is an outcome.
   * @param body a Send API body without recipient, as JSON text
   * @param hear gets Meta's own answer, if one came
   */
  send(recipient: Recipient, body: string, hear?: (answer: MetaAnswer) => void): Promise<SendOutcome> {
    return this.#outcomeOf(`${this.page}/messages`, { recipient }, body, hear);
  }

  /** Shows a sender action, such as typing dots. Best effort: a lost one is not worth a retry. */
  async act(recipient: Recipient, action: string): Promise<void> {
    try {
      const body = JSON.stringify({ sender_action: action });
      const response = await this.#post(`${this.page}/messages`, { recipient }, body, ACT_TIMEOUT_MS);
      await response.body?.cancel();
    } catch {
      // The message that follows will tell whether Meta is reachable.
    }
  }

  /**
   * Moves the thread between apps. Never throws; done is `sent` with the mid `null`, and it is harmless to repeat.
   * @param fields `target_app_id` of a pass, `metadata` for whoever gets the thread
   * @param hear gets Meta's own answer, if one came
   * @see https://developers.facebook.com/docs/messenger-platform/handover-protocol
   */
  control(
    call: ThreadCall,
    recipient: Recipient,
    fields: Record<string, string>,
    hear?: (answer: MetaAnswer) => void,
  ): Promise<SendOutcome> {
    return this.#outcomeOf(`${this.page}/${call}`, { recipient }, JSON.stringify(fields), hear);
  }

  /**
   * Any other call. Never throws.
   * @param path below the version, such as `me/personas`; ids in it are the caller's to encode
   */
  async call(method: Method, path: string, init: CallInit = {}): Promise<CallResult> {
    const { query = {}, body, timeoutMs = CALL_TIMEOUT_MS } = init;
    const proof = { appsecret_proof: await proofOf(this.#settings.appSecret, this.#token) };
    const request = body
      ? { body: JSON.stringify({ ...body, ...proof }), headers: { "content-type": "application/json" } }
      : {};
    return this.#resultOf(path, body ? query : { ...query, ...proof }, { method, ...request }, timeoutMs);
  }

  /** Posts a body as it comes, without holding it; Meta gets its length if the runtime knows it. Never throws. */
  async pass(
    path: string,
    body: ReadableStream<Uint8Array>,
    contentType: string,
    timeoutMs: number,
  ): Promise<CallResult> {
    const query = { appsecret_proof: await proofOf(this.#settings.appSecret, this.#token) };
    const headers = { "content-type": contentType };
    return this.#resultOf(path, query, { method: "POST", body, headers }, timeoutMs);
  }

  /**
   * Any call, for somebody who reads Meta's answer themselves. Never throws.
   * @param path below the version, with the ids of this page's things alone: it is the caller who sees to that
   */
  async relay(method: Method, path: string, init: RelayInit = {}): Promise<Relayed> {
    const { query = {}, body, form, timeoutMs = CALL_TIMEOUT_MS } = init;
    const proof = await proofOf(this.#settings.appSecret, this.#token);
    const parameters = new URLSearchParams({ ...query, appsecret_proof: proof });
    const content = form
      ? { body: form.stream, headers: { "content-type": form.contentType } }
      : body
        ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
        : {};
    try {
      const response = await this.#fetch(`${path}?${parameters}`, { method, ...content }, timeoutMs);
      const { status, headers } = response;
      return { ok: true, status, headers, body: withoutSecrets(await response.text(), [this.#token, proof]) };
    } catch (error) {
      return { ok: false, maybeHeard: !neverLeft(error) };
    }
  }

  async #outcomeOf(
    path: string,
    ours: { recipient: Recipient },
    body: string,
    hear?: (answer: MetaAnswer) => void,
  ): Promise<SendOutcome> {
    let response: Response;
    try {
      response = await this.#post(path, ours, body, SEND_TIMEOUT_MS);
    } catch (error) {
      return neverLeft(error) ? unreachable : { kind: "unknown", reason: "no answer from Graph" };
    }
    const text = await response.text().catch(() => undefined);
    // It was cut while answering: what it would have said is unknown.
    if (text === undefined) return { kind: "unknown", reason: "the answer was cut off" };
    const answer = readAnswer(text, this.#token);
    hear?.({ status: response.status, body: withoutSecrets(text, [this.#token]).slice(0, HEARD_CHARS) });
    if (response.ok && answer.ok) return { kind: "sent", ...sentIds(answer.value) };
    const error = answer.ok ? undefined : answer.error;
    if (response.ok && !error) return { kind: "unknown", reason: "the answer was not Graph's" };
    return judge(response.status, error, afterMs(response.headers));
  }

  async #resultOf(
    path: string,
    query: Record<string, string>,
    init: Init,
    timeoutMs: number,
  ): Promise<CallResult> {
    const parameters = new URLSearchParams(query).toString();
    let response: Response;
    try {
      response = await this.#fetch(parameters === "" ? path : `${path}?${parameters}`, init, timeoutMs);
    } catch (error) {
      const { code, reason } = neverLeft(error) ? unreachable : noAnswer;
      return { ok: false, status: null, code, reason, isFinal: false };
    }
    const { status, headers } = response;
    const answer = await this.#read(response);
    if (!answer) return { ok: false, status, ...noAnswer };
    if (response.ok && answer.ok) return answer;
    const error = answer.ok ? undefined : answer.error;
    if (response.ok && !error)
      return { ok: false, status, ...noAnswer, reason: "the answer was not Graph's" };
    const outcome = judge(status, error, afterMs(headers));
    return {
      ok: false,
      status,
      code: "code" in outcome ? outcome.code : noAnswer.code,
      reason: "reason" in outcome ? outcome.reason : "",
      isFinal: outcome.kind === "failed",
      ...("afterMs" in outcome ? { afterMs: outcome.afterMs } : {}),
      ...(error ? { error } : {}),
    };
  }

  async #read(response: Response): Promise<Answer | undefined> {
    const text = await response.text().catch(() => undefined);
    return text === undefined ? undefined : readAnswer(text, this.#token);
  }

  async #post(
    path: string,
    ours: { recipient: Recipient },
    body: string,
    timeoutMs: number,
  ): Promise<Response> {
    const proof = await proofOf(this.#settings.appSecret, this.#token);
    // Ours come last: should the body have a member of the same name, ours is the one that counts.
    const last = JSON.stringify({ ...ours, appsecret_proof: proof });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body === "{}" ? last : `${body.slice(0, -1)},${last.slice(1)}`,
    };
    return this.#fetch(path, init, timeoutMs);
  }

  #fetch(path: string, init: Init, timeoutMs: number): Promise<Response> {
    const { url, version } = this.#settings;
    return fetch(`${url}/${version}/${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${this.#token}` },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
  }
}

const unreachable = { kind: "retry", code: "temporary", reason: "Graph could not be reached" } as const;
const noAnswer = { code: "no_answer", reason: "no answer from Graph", isFinal: false } as const;
