/** An error as the Graph API answers it. */
export interface GraphError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: number;
  readonly error_subcode?: number;
  readonly is_transient?: boolean;
}

const oauth = (code: number, message: string, error_subcode?: number): GraphError => ({
  status: 400,
  message,
  type: "OAuthException",
  code,
  ...(error_subcode === undefined ? {} : { error_subcode }),
});

const method = (code: number, message: string, error_subcode?: number): GraphError => ({
  ...oauth(code, message, error_subcode),
  type: "GraphMethodException",
});

const READ_THE_DOCS =
  "does not exist, cannot be loaded due to missing permissions, or does not support this operation. " +
  "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api";

/**
 * Every error this Graph API gives by itself; those a test orders are in faults.ts. Codes and subcodes are Meta's,
 * sentences follow Meta's where known. All have HTTP status 400, as Meta answers them, 190 included.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */
export const graphErrors = {
  noTokenForMe: oauth(
    2500,
    "An active access token must be used to query information about the current user.",
  ),
  noToken: oauth(104, "An access token is required to request this resource."),
  badToken: oauth(190, "Invalid OAuth access token - Cannot parse access token"),
  badProof: method(100, "Invalid appsecret_proof provided in the API argument"),
  unknownPath: (path: string) => oauth(2500, `Unknown path components: /${path}`),
  noSuchObject: (verb: "get" | "post", id: string) =>
    method(100, `Unsupported ${verb} request. Object with ID '${id}' ${READ_THE_DOCS}`, 33),
  noSuchField: (field: string) => oauth(100, `(#100) Tried accessing nonexisting field (${field})`),
  badParameter: (complaint: string) => oauth(100, `(#100) ${complaint}`),
  emptyMessage: oauth(100, "(#100) Message cannot be empty, must provide valid attachment or text", 2018034),
  noMatchingUser: oauth(100, "(#100) No matching user found", 2018001),
  outsideWindow: oauth(
    10,
    "(#10) This message is sent outside of allowed window. Learn more about the new policy here: " +
      "https://developers.facebook.com/docs/messenger-platform/policy-overview",
    2018278,
  ),
} as const;
