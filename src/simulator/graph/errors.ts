/** An error as the Graph API answers it. */
export interface GraphError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: number;
  readonly error_subcode?: number;
  readonly is_transient?: boolean;
  readonly error_user_title?: string;
  readonly error_user_msg?: string;
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

const OUTSIDE_WINDOW =
  "(#10) This message is sent outside of allowed window. Learn more about the new policy here: " +
  "https://developers.facebook.com/docs/messenger-platform/policy-overview";

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
  revokedToken: oauth(
    190,
    "Error validating access token: The session has been invalidated because the user changed their password " +
      "or Facebook has changed the session for security reasons.",
    460,
  ),
  badProof: method(100, "Invalid appsecret_proof provided in the API argument"),
  noProof: method(100, "API calls from the server require an appsecret_proof argument"),
  unknownPath: (path: string) => oauth(2500, `Unknown path components: /${path}`),
  noSuchObject: (verb: "get" | "post" | "delete", id: string) =>
    method(100, `Unsupported ${verb} request. Object with ID '${id}' ${READ_THE_DOCS}`, 33),
  noSuchField: (field: string) => oauth(100, `(#100) Tried accessing nonexisting field (${field})`),
  fieldNeedsPermission: (field: string) =>
    oauth(10, `(#10) This endpoint requires the 'pages_user_${field}' permission or feature`),
  fieldsNeedPermission: (fields: readonly string[]) =>
    oauth(
      200,
      `(#200) ${fields.map((field) => `To subscribe to the ${field} field, one of these permissions is needed: pages_manage_metadata.`).join(" ")}`,
    ),
  noConsent: method(
    100,
    "(#100) No profile available for this user: consent is needed before it can be read",
    2018218,
  ),

  badParameter: (complaint: string) => oauth(100, `(#100) ${complaint}`),
  tooMany: (parameter: string) => oauth(105, `(#105) param ${parameter} has too many elements.`),
  tooFew: (parameter: string) => oauth(194, `(#194) param ${parameter} has too few elements.`),
  emptyMessage: oauth(100, "(#100) Message cannot be empty, must provide valid attachment or text", 2018034),
  incompleteElement: oauth(
    100,
    "(#100) Incomplete element data: title and at least one other field (image url, subtitle or buttons) " +
      "is required with non-empty values",
    2018032,
  ),

  noMatchingUser: oauth(100, "(#100) No matching user found", 2018001),
  unavailable: oauth(551, "(#551) This person isn't available right now.", 1545041),
  badReplyTarget: (parameter: string) => oauth(100, `(#100) Invalid ${parameter} parameter`, 2018292),
  alreadyReplied: oauth(10900, "(#10900) Activity already replied to"),
  spentToken: (parameter: string) =>
    oauth(100, `(#100) Param recipient[${parameter}] has expired, was used already, or is not of this page`),
  stoppedToken: oauth(
    100,
    "(#100) Param recipient[notification_messages_token]: the person has stopped notifications",
  ),
  tooFrequent: oauth(
    4,
    "(#4) Marketing Messages - There has to be a minimum delay between 2 notifications for the given " +
      "notification messages token",
    2018354,
  ),
  outsideWindow: oauth(10, OUTSIDE_WINDOW, 2018278),
  noHumanAgent: oauth(200, "(#200) The tag HUMAN_AGENT needs the Human Agent permission"),

  /** Code 10 as met in the field; Meta's list of codes has no entry for it. */
  notThreadOwner: oauth(
    10,
    "(#10) Message failed to send because another app is controlling this thread now.",
    2018300,
  ),
  handoverDisabled: oauth(100, "(#100) Handover Protocol APIs disabled for this page."),
  notPrimary: oauth(200, "(#200) Only the default app can take a thread that another app owns."),

  wrongType: oauth(100, "(#100) Upload attachment failure: the type does not match the attachment", 2018047),
  tooLarge: oauth(100, "(#100) Attachment size exceeds allowable limit", 2018109),
  noSuchAttachment: (id: string) => oauth(100, `(#100) The attachment_id ${id} does not exist`),

  menuNeedsGetStarted: oauth(
    100,
    "(#100) You must set a Get Started button if you also wish to use persistent menu.",
    2018145,
  ),
  getStartedNeeded: oauth(
    100,
    "(#100) You cannot delete the Get Started button while a persistent menu is set.",
    2018145,
  ),
  callbackFailed: (why: string) =>
    oauth(2200, `(#2200) Callback verification failed with the following errors: ${why}`),
  badApp: oauth(101, "Error validating application. Cannot get application info due to a system error."),
  badCode: oauth(
    100,
    "This authorization code has been used, has expired, or is for another redirect_uri.",
    36009,
  ),
  tooManyCalls: method(100, "Too many requests in batch message. Maximum batch size is 50"),
} as const;
