/** Errors in Meta's own shape, so that whatever a client does about Meta's it does about ours. */

export interface MetaError {
  /** HTTP status; Meta answers nearly every error with 400. */
  status: number;
  message: string;
  type: "OAuthException" | "GraphMethodException";
  code: number;
  error_subcode?: number;
  is_transient?: boolean;
  /** Ours, stable: it tells that Meta wasn't asked, or said nothing. Meta's own errors never have it. */
  messengate_code: string;
}

type More = Partial<Pick<MetaError, "status" | "error_subcode" | "is_transient">>;

export const oauthError = (code: number, ours: string, message: string, more: More = {}): MetaError => ({
  status: 400,
  message,
  type: "OAuthException",
  code,
  messengate_code: ours,
  ...more,
});

const methodError = (code: number, ours: string, message: string, more: More = {}): MetaError => ({
  ...oauthError(code, ours, message, more),
  type: "GraphMethodException",
});

/** Code 100, which clients take for "never again": the call itself is wrong. */
export const invalid = (complaint: string, ours = "invalid"): MetaError =>
  oauthError(100, ours, `(#100) ${complaint}`);

const ME_NEEDS_A_TOKEN = "An active access token must be used to query information about the current user.";

export const metaErrors = {
  noTokenForMe: oauthError(2500, "key_required", ME_NEEDS_A_TOKEN),
  noToken: oauthError(104, "key_required", "An access token is required to request this resource."),
  badToken: oauthError(190, "key_required", "Invalid OAuth access token - Cannot parse access token"),
  badProof: methodError(100, "bad_proof", "Invalid appsecret_proof provided in the API argument"),
  whichPage: invalid(
    "me: this access token is good for several pages; name one of them, or use a key of one page",
    "page_required",
  ),
  otherPage: oauthError(200, "page_not_allowed", "(#200) This access token is good for other pages"),
  notHere: oauthError(3, "not_available", "(#3) This call is not available at this gateway"),
  unsupported: (method: string): MetaError =>
    methodError(100, "not_available", `Unsupported ${method.toLowerCase()} request`, { error_subcode: 33 }),
  noSuchPersona: methodError(100, "no_such_persona", "Unsupported delete request. This is no persona", {
    error_subcode: 33,
  }),
  bodyTooLarge: { ...invalid("The request body is too large", "body_too_large"), status: 413 },
  fileTooLarge: oauthError(100, "body_too_large", "(#100) Attachment size exceeds allowable limit", {
    error_subcode: 2018109,
  }),
  pageHasNoToken: oauthError(2, "no_token", "The gateway has no access token of this page", {
    status: 500,
    is_transient: true,
  }),
  unreachable: oauthError(2, "temporary", "Service temporarily unavailable: Meta could not be reached", {
    status: 500,
    is_transient: true,
  }),
  /** Not transient: a second call could do it twice. */
  noAnswer: oauthError(
    1,
    "no_answer",
    "An unknown error occurred: Meta gave no answer; it may have been done",
    {
      status: 500,
      is_transient: false,
    },
  ),
} as const;

/** Token errors also name themselves in a header, as Meta's do. */
const TOKEN_CODES: ReadonlySet<number> = new Set([104, 190, 2500]);

export const JSON_HEADERS = {
  "content-type": "application/json; charset=UTF-8",
  "cache-control": "private, no-cache, no-store, must-revalidate",
} as const;

export function errorAnswer({ status, ...error }: MetaError): Response {
  // Meta's words can have what no header takes.
  const said = error.message.replaceAll(/[^\x20-\x7e]/g, " ").replaceAll('"', "'");
  const challenge = `OAuth "Facebook Platform" "invalid_token" "${said}"`;
  const headers = TOKEN_CODES.has(error.code) ? { "www-authenticate": challenge } : {};
  return new Response(JSON.stringify({ error: { ...error, fbtrace_id: traceId() } }), {
    status,
    headers: { ...JSON_HEADERS, ...headers },
  });
}

/** As long as Meta's, for logs of clients. */
const traceId = (): string =>
  crypto.getRandomValues(new Uint8Array(8)).toBase64({ alphabet: "base64url", omitPadding: true });
