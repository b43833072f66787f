/** What `npm run setup -- --help` prints. */
export const HELP = `npm run setup -- [flags]

Takes a page from unknown to answering. Each step looks first, so it can be run again at any time.

What to do (without one of these: set up)
  --status               how each step stands; changes nothing; exit code 0 when all is well
  --undo                 ends what was subscribed; with --delete-secrets deletes the secrets, too
  --rotate=WHAT          verify-token, signing-secret, sealing-key, api-keys, app-secret or page-token
  --rotate=WHAT --finish ends the time in which the old one is accepted, too
  --show-secrets         prints the secrets that setup made and keeps

Where
  --env NAME             production (default) or staging: a Worker at Cloudflare
  --local                the gateway on this machine, settings in .dev.vars (PORT: 8787)
  --simulator            with --local: play Meta and the bot, too (SIMULATOR_PORT: 8788, BOT_PORT: 8789)
  --check                with --local: end after the test; exit code 0 when the page answers

What it needs (asked for if it isn't given)
  --app-id ID            or META_APP_ID
  --app-secret-env NAME  or --app-secret-file PATH (-: standard input), or META_APP_SECRET
  --page-token-env NAME  or --page-token-file PATH, or PAGE_ACCESS_TOKEN; of a page or of a person; repeatable
  --oauth                log in at Facebook in the browser instead; --no-browser only prints the address
  --page-id ID           which of the pages; repeatable; "all"
  --bot-url URL          or BOT_URL
  --bot-protocol NAME    or BOT_PROTOCOL; native unless set
  --public-url URL       or PUBLIC_URL: where the world reaches the gateway, if not at workers.dev
  --graph-url URL        or GRAPH_URL: another Graph API than Meta's
  --fields a,b           the webhook fields to subscribe to
  --config PATH          messengate.config.json unless set

How
  --yes                  asks nothing and confirms everything; --non-interactive asks nothing
  --no-deploy            somebody else deploys
  --json                 one JSON document on standard output; what people read goes to standard error

Secrets are never flags. docs/setup.md has the details.`;
