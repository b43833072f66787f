import * as z from "zod/mini";
import type { Messenger } from "./messenger.ts";

/** A page the simulator plays, with the token its gateway must use. */
export interface Page {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** The simulator's bindings, checked. */
export interface Environment {
  /** Never empty; the first is the default page of every request that names none. */
  readonly pages: readonly [Page, ...Page[]];
  readonly appId: string;
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly webhookUrl: string;
}

export type EnvironmentReading =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly problems: readonly string[] };

const pageSchema = z.object({
  id: z.string().check(z.regex(/^\d{1,32}$/)),
  name: z.string().check(z.minLength(1)),
  token: z.string().check(z.minLength(1)),
});

const pagesSchema = z.pipe(
  z.pipe(z.string(), z.transform(parsedOrUndefined)),
  z.tuple([pageSchema], pageSchema),
);

const nonEmpty = z.string().check(z.minLength(1));

/** Each binding, its shape and the sentence that helps when it is wrong. Values are never repeated. */
const BINDINGS = {
  SIM_PAGES: {
    schema: pagesSchema,
    advice: 'must be JSON such as [{"id":"100200300400500","name":"Sample Page","token":"any-token"}]',
  },
  SIM_APP_ID: {
    schema: z.string().check(z.regex(/^\d{1,32}$/)),
    advice: "must be the app's id, digits only",
  },
  SIM_APP_SECRET: { schema: nonEmpty, advice: "must be the secret the gateway knows as META_APP_SECRET" },
  SIM_VERIFY_TOKEN: { schema: nonEmpty, advice: "must be the token the gateway knows as META_VERIFY_TOKEN" },
  SIM_WEBHOOK_URL: {
    schema: z.string().check(z.refine(isHttpUrl)),
    advice: "must be the gateway's webhook, such as http://127.0.0.1:8787/webhook",
  },
} as const;

const environmentSchema = z.pipe(
  z.object({
    SIM_PAGES: BINDINGS.SIM_PAGES.schema,
    SIM_APP_ID: BINDINGS.SIM_APP_ID.schema,
    SIM_APP_SECRET: BINDINGS.SIM_APP_SECRET.schema,
    SIM_VERIFY_TOKEN: BINDINGS.SIM_VERIFY_TOKEN.schema,
    SIM_WEBHOOK_URL: BINDINGS.SIM_WEBHOOK_URL.schema,
  }),
  z.transform(
    (raw): Environment => ({
      pages: raw.SIM_PAGES,
      appId: raw.SIM_APP_ID,
      appSecret: raw.SIM_APP_SECRET,
      verifyToken: raw.SIM_VERIFY_TOKEN,
      webhookUrl: raw.SIM_WEBHOOK_URL,
    }),
  ),
);

const objectSchema = z.object({
  MESSENGER: z.custom<DurableObjectNamespace<Messenger>>(
    (value) => typeof value === "object" && value !== null,
  ),
});

/**
 * Reads the simulator's bindings.
 *
 * @returns The environment, or one sentence per binding that is missing or malformed. No sentence holds a value.
 */
export function readEnvironment(env: unknown): EnvironmentReading {
  const parsed = environmentSchema.safeParse(env);
  if (parsed.success) return { ok: true, environment: parsed.data };
  const wrong = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  const problems = Object.entries(BINDINGS)
    .filter(([name]) => wrong.has(name))
    .map(([name, { advice }]) => `${name} is missing or malformed: it ${advice}.`);
  return { ok: false, problems };
}

/**
 * @returns The one object that is the simulated Messenger.
 * @throws If the Worker was started without the binding MESSENGER of its wrangler.toml.
 */
export function messengerOf(env: unknown): DurableObjectStub<Messenger> {
  return objectSchema.parse(env).MESSENGER.getByName("local");
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
