import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { conversationId, PAGE_ITSELF, pageId } from "../../src/ids.ts";
import type { ShutReason } from "../../src/pages/gate.ts";
import { seal } from "../../src/pages/sealing.ts";
import { forgetSetup } from "../../src/pages/setup.ts";
import {
  answerOf,
  deliverWork,
  freshConversation,
  ingest,
  reportAnswer,
  reportSend,
  says,
  sendWork,
} from "../support/conversation.ts";
import { checkOne, emptyDirectory, gatewayWith, Meta } from "./meta.ts";

beforeEach(emptyDirectory);
afterEach(() => vi.restoreAllMocks());

const facebook = (id: string) => ({ source: "facebook" as const, facebookPage: id });

describe("a bot that wants to hear that its page must be connected anew", () => {
  async function ofBot(meta: Meta) {
    const page = meta.page();
    await env.PAGE.getByName(page.id).changeChannel(facebook(page.id), {
      settings: { callbacks: ["page.needs_reauth"] },
    });
    const config = gatewayWith([page]);
    const told = () =>
      runInDurableObject(
        env.CONVERSATION.getByName(conversationId(pageId(page.id), PAGE_ITSELF)),
        (_, { storage }) =>
          storage.sql
            .exec<{ type: string; raw: string }>("SELECT type, raw FROM event ORDER BY seq")
            .toArray()
            .map(({ type, raw }) => `${type} ${JSON.parse(raw).reason}`),
      );
    const good = page.facts;
    return {
      page,
      config,
      told,
      object: env.PAGE.getByName(page.id),
      revoke: () => {
        page.facts = { ...good, is_valid: false };
      },
      renew: () => {
        page.facts = good;
      },
    };
  }
  const refused = (conversation: string, reason: ShutReason = "needs_reauth") => ({
    conversation,
    reason,
    afterMs: undefined,
    isProbe: false,
    successes: 0,
  });

  it("hears it once, however often that is found", async () => {
    const { config, told, revoke } = await ofBot(new Meta());
    expect(await checkOne(config)).toEqual(["ok"]);
    revoke();
    for (let at = 0; at < 3; at++) await checkOne(config);
    expect(await told()).toEqual(["page.needs_reauth token_refused"]);
  });

  it("hears it once, whether a send or a check finds it first", async () => {
    const { config, told, revoke, object } = await ofBot(new Meta());
    revoke();
    await checkOne(config);
    await object.trouble("graph", refused("1_2"));
    await checkOne(config);
    expect(await told()).toEqual(["page.needs_reauth token_refused"]);
  });

  it("hears it again when the next token goes bad", async () => {
    const { config, told, revoke, renew } = await ofBot(new Meta());
    for (const change of [revoke, renew, revoke]) {
      change();
      await checkOne(config);
    }
    expect(await told()).toHaveLength(2);
  });

  it("hears it again after a new connection, and after messages went through", async () => {
    const { page, config, told, revoke, object } = await ofBot(new Meta());
    revoke();
    await checkOne(config);
    const token = await seal(config.sealingKeys, page.token, { page: page.id, purpose: "page_token" });
    await object.connectChannel({ ...facebook(page.id), appId: null, name: null, imageUrl: null, token });
    await checkOne(config);
    expect(await told()).toHaveLength(2);
    await object.free("graph");
    await checkOne(config);
    expect(await told()).toHaveLength(3);
  });

  it("hears nothing while Meta can't be reached, nor of the app's own trouble", async () => {
    const meta = new Meta();
    const { config, told } = await ofBot(meta);
    meta.isUp = false;
    await checkOne(config);
    meta.isUp = true;
    meta.secrets.set("900100200300", "another-secret");
    await checkOne(config);
    expect(await told()).toEqual([]);
  });

  it("hears of what is missing by the permission's absence, too", async () => {
    const meta = new Meta();
    const { page, config, told } = await ofBot(meta);
    page.facts = { ...page.facts, scopes: ["pages_manage_metadata"] };
    await checkOne(config);
    expect(await told()).toEqual(["page.needs_reauth permission_missing"]);
  });

  it("isn't needed for held messages: with a good token one is tried at once", async () => {
    const { config, object } = await ofBot(new Meta());
    const stub = freshConversation();
    const work = await reportAnswer(stub, deliverWork(await ingest(stub, [says("hi")])), answerOf("hello"));
    const hold = { kind: "hold" as const, code: "needs_reauth" as const, reason: "(#190)" };
    await reportSend(stub, sendWork(work), hold);
    await object.trouble("graph", refused(String(stub.name)));
    expect((await object.vitals()).gates).toMatchObject([{ side: "graph", reason: "needs_reauth" }]);

    const run = vi.spyOn(Dispatcher.prototype, "run").mockImplementation(() => {});
    forgetSetup(pageId(String(object.name)));
    await checkOne(config);
    await runDurableObjectAlarm(object);
    expect(run.mock.calls.map(([conversation, , way]) => [conversation, way])).toEqual([
      [stub.name, "probe"],
    ]);
  });

  it("has a gate opened that nobody waits at", async () => {
    const { config, object } = await ofBot(new Meta());
    await object.trouble("graph", refused("1_2"));
    await runInDurableObject(object, (_, { storage }) => {
      storage.sql.exec("DELETE FROM waiting");
    });
    await checkOne(config);
    await runDurableObjectAlarm(object);
    expect((await object.vitals()).gates).toEqual([]);
  });

  it("keeps a gate shut that has another reason", async () => {
    const { config, object } = await ofBot(new Meta());
    await object.trouble("graph", { ...refused("1_2", "rate_limited"), afterMs: 90_000 });
    const { gates } = await object.vitals();
    await checkOne(config);
    expect((await object.vitals()).gates).toEqual(gates);
  });
});
