/** Every way a command can be stopped. Scripts branch on these; docs/setup.md says what to do about each. */
export const TROUBLES = [
  "answer_missing",
  "app_secret_wrong",
  "bot_url_unusable",
  "build_failed",
  "cancelled",
  "config_malformed",
  "deploy_failed",
  "flags_contradict",
  "gateway_not_ready",
  "gateway_refused",
  "graph_refused",
  "graph_unreachable",
  "handshake_failed",
  "login_failed",
  "no_admin_key",
  "no_such_environment",
  "not_ignored",
  "not_logged_in",
  "old_value_unknown",
  "page_not_found",
  "permissions_missing",
  "port_in_use",
  "rotation_open",
  "secret_in_flag",
  "setting_malformed",
  "test_failed",
  "token_invalid",
  "token_of_another",
  "unknown_flag",
  "vars_of_meta",
  "webhook_elsewhere",
  "wrangler_failed",
] as const;
export type TroubleCode = (typeof TROUBLES)[number];

/** What stops a command: what is wrong, and what to do next. Neither holds a secret. */
export class Trouble extends Error {
  readonly code: TroubleCode;
  readonly how: string;

  constructor(code: TroubleCode, problem: string, how: string) {
    super(problem);
    this.name = "Trouble";
    this.code = code;
    this.how = how;
  }
}
