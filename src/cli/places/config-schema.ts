import * as z from "zod/mini";

/**
 * The JSON Schema of `messengate.config.json`, for editors: made from the schema by which the gateway reads settings, and
 * what each of them is for. src/cli/write-config-schema.ts writes it, a test compares.
 */

type JsonSchema = Record<string, unknown>;

const SETTINGS: Record<string, string> = {
  is_on: "The bot gets the page's events. Off, they are only recorded, and people may answer. Default: true",
  app_id: "Whose app the page is, where the gateway serves several (META_APPS). Default: the first's",
  bot: "The page's own bot. Default: the deployment's (BOT_URL)",
  canary: "A bot that gets a stable share of the users instead",
  shadow: "A bot that gets what the bot of a share of the users gets; its answers are compared, never sent",
  gather_ms: "How long to wait for more before what a user writes goes to the bot, ms. Default: 0",
  state_ttl_minutes:
    "How long the bot's state is kept after it was written last. Default: as long as the conversation",
  callbacks: "What the bot hears of its messages and its page, beside what Meta tells. Default: nothing",
  human_agent: "Meta has granted the app Human Agent: people may write for seven days. Default: false",
  forward_standby: "What others are answering goes to the bot, too. Default: false",
  pause_on_inbox_reply: "A person who writes in Meta's inbox takes the conversation over. Default: true",
  hand_back_minutes:
    "The bot has the conversation back when no person has written for so long; null: only by call. Default: 720",
  split_text: "A text longer than Meta takes goes out as several messages. Default: true",
  mark_seen: "The user sees that their message was seen. Default: true",
  typing: "The user sees typing dots while the bot thinks. Default: true",
  pause: "Time between the messages of one answer, as if a person typed them. Default: none",
  persona_id: "Who the bot's messages are from, if they name no persona. Default: the page",
  user_fields: "What is asked of Meta about a user. Default: first_name, last_name, profile_pic",
  profile:
    "The page's Messenger profile as it should be; `npm run profile -- apply` makes it so. What isn't named is left as it is, null deletes",
};

const BOT: Record<string, string> = {
  url: "An https URL; plain http for this machine only",
  protocol: "What it speaks (docs/bots.md). Default: native",
  token: "The name of its token: NAME for the secret BOT_TOKEN_NAME",
  signing_secret:
    "The name of what its requests are signed under: NAME for the secret BOT_SIGNING_SECRET_NAME. Default: BOT_SIGNING_SECRET, as for all",
  timeout_ms: "For all requests of a delivery together, at most the deployment's BOT_TIMEOUT_MS",
  model: "Of a language model: which one",
  prompt: "Of a language model: what it is told first",
  turns: "Of a language model: how many turns it is reminded of",
};

/** Their shapes and limits are docs/api.md's, “Messenger profile”; older forms are taken, too. */
const PROFILE: Record<string, string> = {
  get_started: 'The button that a conversation begins with: {"payload"}',
  greeting: 'What is shown before anyone has written: [{"locale":"default","text"}]',
  persistent_menu: 'The menu: [{"locale":"default","call_to_actions":[…]}]',
  ice_breakers: 'Questions to tap: [{"locale":"default","call_to_actions":[{"question","payload"}]}]',
  whitelisted_domains: "Where web views and plugins may be",
  account_linking_url: "Where users link an account",
  commands: 'What may be typed with a slash: [{"locale":"default","commands":[{"name","description"}]}]',
};

export async function configSchema(): Promise<JsonSchema> {
  // Its types lead into the Worker's, which this side doesn't have.
  const gateway: { writtenSettings: z.ZodMiniType } = await import(
    new URL("../../pages/settings.ts", import.meta.url).href
  );
  const { $schema, ...settings } = z.toJSONSchema(gateway.writtenSettings, { io: "input" });
  const properties = described(propertiesOf(settings), SETTINGS);
  for (const name of ["bot", "canary", "shadow"]) properties[name] = withBot(properties[name] ?? {});
  properties["profile"] = withProfile(properties["profile"] ?? {});
  return {
    $schema,
    title: "How a Messengate gateway serves its pages",
    type: "object",
    properties: {
      $schema: { type: "string" },
      default: { description: "Holds for every page, unless it says otherwise", $ref: "#/$defs/settings" },
      pages: {
        description: "By the page's id; on Instagram, the account's",
        type: "object",
        propertyNames: { pattern: "^\\d{1,32}$" },
        additionalProperties: { $ref: "#/$defs/settings" },
      },
    },
    additionalProperties: false,
    $defs: { settings: { ...settings, properties } },
  };
}

const objectSchema = z.record(z.string(), z.unknown());
const objectsSchema = z.record(z.string(), objectSchema);

const propertiesOf = (schema: unknown): Record<string, JsonSchema> =>
  objectsSchema.safeParse(objectSchema.safeParse(schema).data?.["properties"]).data ?? {};

/** @throws if one has no description, or one is described that isn't there: the file would mislead */
function described(
  properties: Record<string, JsonSchema>,
  texts: Record<string, string>,
): Record<string, JsonSchema> {
  const strange = Object.keys(texts).find((name) => !(name in properties));
  if (strange !== undefined) throw new Error(`${strange} is described, and isn't there`);
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const description = texts[name];
      if (description === undefined) throw new Error(`${name} has no description`);
      return [name, { description, ...property }];
    }),
  );
}

/** Describes a bot, wherever it stands within. */
function withBot(schema: JsonSchema): JsonSchema {
  const { anyOf, properties } = schema;
  if (Array.isArray(anyOf)) return { ...schema, anyOf: anyOf.map((one: JsonSchema) => withBot(one)) };
  const inner = propertiesOf(schema);
  if (properties === undefined) return schema;
  if ("bot" in inner) return { ...schema, properties: { ...inner, bot: withBot(inner["bot"] ?? {}) } };
  return { ...schema, properties: described(inner, BOT) };
}

function withProfile(schema: JsonSchema): JsonSchema {
  const names = Object.fromEntries(Object.keys(PROFILE).map((name) => [name, {}]));
  const { anyOf } = schema;
  const branches = Array.isArray(anyOf) ? anyOf : [];
  return {
    ...schema,
    anyOf: branches.map((one: JsonSchema) =>
      one["type"] === "object" ? { ...one, properties: described(names, PROFILE) } : one,
    ),
  };
}
