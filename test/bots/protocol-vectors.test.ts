import * as fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import answerSchemaFile from "../../docs/bot-protocol/answer.schema.json";
import requestSchemaFile from "../../docs/bot-protocol/request.schema.json";
import answersFile from "../../docs/bot-protocol/vectors/answers.json";
import requestsFile from "../../docs/bot-protocol/vectors/requests.json";
import signaturesFile from "../../docs/bot-protocol/vectors/signatures.json";
import { nativeBot } from "../../src/bots/native.ts";
import { answerSchema } from "../../src/bots/native-answer.ts";
import { signedHeaders } from "../../src/bots/standard-webhooks.ts";
import type { DeliverWork } from "../../src/conversation/work.ts";
import { decodeSigningSecret } from "../../src/env-formats.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";
import { CALLBACKS } from "../../src/pages/settings.ts";
import { classify, classifyChange, EVENT_TYPES } from "../../src/webhook/events.ts";
import { event, noTalk, settings, workOf, written } from "./deliveries.ts";

/** What docs/bot-protocol tells bots of any language is what the gateway does. */

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const signatureCases = z
  .array(
    z.strictObject({
      name: z.string(),
      signed_with: z.optional(z.array(z.string())),
      secret: z.string(),
      now: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      accepted: z.boolean(),
    }),
  )
  .parse(signaturesFile.cases);

const oneEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  timestamp: z.int(),
  raw: z.unknown(),
  standby: z.optional(z.literal(true)),
  media: z.optional(z.array(z.strictObject({ index: z.int(), type: z.string(), url: z.string() }))),
});
const requestCases = z
  .array(
    z.strictObject({
      name: z.string(),
      body: z.strictObject({
        type: z.string(),
        timestamp: z.string(),
        data: z.strictObject({
          conversation: z.strictObject({
            id: z.string(),
            page_id: z.string(),
            user_id: z.string(),
            platform: z.enum(["messenger", "instagram"]),
            window: z.strictObject({ closes_at: z.nullable(z.string()) }),
            owner: z.string(),
            state_version: z.int(),
            state_refused: z.optional(z.enum(["stale_version", "too_large"])),
            profile: z.unknown(),
            state: z.unknown(),
          }),
          events: z.array(oneEvent),
        }),
      }),
    }),
  )
  .parse(requestsFile.cases);
type RequestBody = (typeof requestCases)[number]["body"];

const answerCases = z
  .array(
    z.strictObject({
      name: z.string(),
      status: z.int().default(200),
      split_text: z.boolean().default(true),
      body: z.string(),
      accepted: z.boolean(),
      sends: z.optional(z.array(z.unknown())),
      actions: z.array(z.string()).default([]),
      state: z.optional(
        z.strictObject({ value: z.unknown(), version: z.optional(z.int()), ttl_ms: z.optional(z.int()) }),
      ),
      handover: z.optional(z.string()),
      code: z.optional(z.string()),
      at: z.optional(z.string()),
    }),
  )
  .parse(answersFile.cases);

const anySchema = z.custom<Parameters<typeof z.fromJSONSchema>[0]>();
const requestSchema = z.fromJSONSchema(anySchema.parse(requestSchemaFile));
const answerBodySchema = z.fromJSONSchema(anySchema.parse(answerSchemaFile));

const keysOf = (secrets: readonly string[]) => secrets.flatMap((secret) => decodeSigningSecret(secret) ?? []);

describe("a signature", () => {
  it.each(signatureCases.filter((one) => one.signed_with))(
    "is made as the vector says: $name",
    async (one) => {
      const { signed_with: secrets = [], headers, body } = one;
      const time = Number(headers["webhook-timestamp"]);
      const made = await signedHeaders(headers["webhook-id"] ?? "", time, body, keysOf(secrets));
      expect(made).toEqual(headers);
    },
  );

  it.each(signatureCases)(
    "is judged as the vector says: $name",
    ({ secret, now, headers, body, accepted }) => {
      vi.useFakeTimers({ now: now * 1000, toFake: ["Date"] });
      const verify = () => new Webhook(secret).verify(body, headers);
      if (accepted) expect(verify).not.toThrow();
      else expect(verify).toThrow();
    },
  );
});

/** The delivery that is asked about with this body. */
function workFrom({ data: { conversation, events } }: RequestBody): DeliverWork {
  const { page_id, user_id, platform, window, owner, state, state_version, state_refused, profile } =
    conversation;
  const [page, user] = [pageId(page_id), userId(user_id)];
  return {
    ...workOf(),
    conversation: {
      id: conversationId(page, user),
      page,
      user,
      platform,
      windowClosesAt: window.closes_at === null ? null : Date.parse(window.closes_at),
      owner,
      state: state === null ? null : JSON.stringify(state),
      stateVersion: state_version,
      stateRefused: state_refused ?? null,
      profile: profile === null ? null : JSON.stringify(profile),
      isProfileDue: false,
    },
    events: events.map(({ id, type, timestamp, raw, standby, media }) => ({
      id,
      type,
      at: timestamp,
      raw: JSON.stringify(raw),
      isStandby: standby ?? false,
      ...(media ? { media } : {}),
    })),
  };
}

async function requestFor(work: DeliverWork) {
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
  await nativeBot(settings).deliver(work, noTalk);
  const init = fetched.mock.lastCall?.[1];
  return { body: JSON.parse(String(init?.body)), headers: new Headers(init?.headers) };
}

describe("a request", () => {
  it.each(requestCases)("is made as the vector says: $name", async ({ body }) => {
    vi.useFakeTimers({ now: Date.parse(body.timestamp), toFake: ["Date"] });
    const made = await requestFor(workFrom(body));
    expect(made.body).toEqual(body);
    for (const [name, value] of Object.entries(requestsFile.headers))
      expect(made.headers.get(name)).toBe(value);
  });

  it.each(requestCases)("fits the schema: $name", ({ body }) => {
    expect(requestSchema.safeParse(body).error).toBeUndefined();
  });

  it("of every kind of event has a vector, of the type that such an event gets", () => {
    const events = requestCases.flatMap(({ body }) => body.data.events);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set([...EVENT_TYPES, ...CALLBACKS]));
    const record = z.record(z.string(), z.unknown());
    for (const { type, raw } of events) {
      const item = record.safeParse(raw).data;
      if (!item || type.includes(".")) continue;
      const event = type === "feed" || type === "change" ? classifyChange(item) : classify(item);
      expect(event.type).toBe(type);
    }
  });

  it("with an event of the gateway's own has the form that the schema gives for it", () => {
    const { $defs } = requestSchemaFile;
    const events = requestCases.flatMap(({ body }) => body.data.events);
    for (const type of CALLBACKS) {
      const schema = z.fromJSONSchema(anySchema.parse({ $defs, $ref: `#/$defs/${type}` }));
      const raws = events.filter((one) => one.type === type).map(({ raw }) => raw);
      expect(raws.length).toBeGreaterThan(0);
      for (const raw of raws) expect(schema.safeParse(raw).error).toBeUndefined();
      expect(schema.safeParse({}).success).toBe(false);
    }
  });

  it("fits the schema whatever it holds", async () => {
    const facts = fc.record({
      windowClosesAt: fc.option(fc.integer({ min: 0, max: 4e12 })),
      owner: fc.constantFrom("bot", "human", "elsewhere", "900"),
      state: fc.option(fc.json()),
      stateVersion: fc.nat(),
      stateRefused: fc.constantFrom(null, "stale_version" as const, "too_large" as const),
      profile: fc.constantFrom(null, "{}", '{"first_name":"Zoë"}'),
      platform: fc.constantFrom("messenger" as const, "instagram" as const),
    });
    const events = fc.array(
      fc.record({ id: fc.string({ minLength: 1 }), raw: fc.json(), isStandby: fc.boolean() }),
      { minLength: 1, maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(facts, events, async (about, some) => {
        const work = workOf(...some.map((one) => ({ ...written("a"), ...one })));
        const { body } = await requestFor({ ...work, conversation: { ...work.conversation, ...about } });
        expect(requestSchema.safeParse(body).error).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it("that isn't one doesn't fit the schema", async () => {
    const { body } = await requestFor(workOf(event("read", {})));
    expect(requestSchema.safeParse(body).success).toBe(true);
    const { conversation } = body.data;
    for (const other of [
      { ...body, type: "other" },
      { ...body, timestamp: "now" },
      { ...body, data: { ...body.data, events: [] } },
      { ...body, data: { ...body.data, conversation: { ...conversation, owner: "" } } },
      { ...body, data: { ...body.data, conversation: { ...conversation, state_version: -1 } } },
    ]) {
      expect(requestSchema.safeParse(other).success).toBe(false);
    }
  });
});

describe("an answer", () => {
  const outcomeOf = async ({ body, status, split_text: splitText }: (typeof answerCases)[number]) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(body, { status }));
    return (await nativeBot({ ...settings, splitText }).deliver(workOf(written("a")), noTalk)).outcome;
  };

  it.each(answerCases.filter(({ accepted }) => accepted))(
    "is taken as the vector says: $name",
    async (one) => {
      const { status, sends = [], actions, state, handover } = one;
      const kept = state && {
        state: JSON.stringify(state.value),
        ...(state.version === undefined ? {} : { stateVersion: state.version }),
        ...(state.ttl_ms === undefined ? {} : { stateTtlMs: state.ttl_ms }),
      };
      expect(await outcomeOf(one)).toEqual({
        kind: "answered",
        status,
        answer: { messages: sends, actions, ...kept, ...(handover === undefined ? {} : { handover }) },
      });
    },
  );

  it.each(answerCases.filter(({ accepted }) => !accepted))(
    "is refused as the vector says: $name",
    async (one) => {
      const outcome = await outcomeOf(one);
      const begins = one.at === undefined ? `${one.code}` : `${one.code}: ${one.at}: `;
      expect(outcome).toMatchObject({ kind: "retry", reason: expect.stringContaining(begins) });
      if (one.at === undefined) expect(outcome).toMatchObject({ reason: begins });
    },
  );

  it.each(answerCases)(
    "that is JSON fits the schema if it isn't malformed: $name",
    ({ body, status, code }) => {
      const json = jsonIn(body);
      if (typeof json === "string" || json === undefined || status !== 200) return;
      const fits = answerBodySchema.safeParse(json).success;
      if (code === undefined) expect(fits).toBe(true);
      if (code === "answer_malformed") expect(fits).toBe(false);
    },
  );

  it("has a schema that says what the gateway goes by", () => {
    const meant = z.toJSONSchema(z.nullable(answerSchema), { io: "input" });
    expect(ruled(answerSchemaFile)).toEqual(ruled(meant));
  });
});

const ANNOTATIONS: ReadonlySet<string> = new Set(["title", "description", "additionalProperties"]);

/** What of a schema rules something out. */
const ruled = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema), (key, value) => {
    if (ANNOTATIONS.has(key)) return undefined;
    // That a message is an object the gateway finds when it looks at it, and then says `answer_invalid`.
    return key === "items" && Object.keys(value).length === 0 ? { type: "object" } : value;
  });

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
