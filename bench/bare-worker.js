import { DurableObject } from "cloudflare:workers";

/**
 * The floor: the least any gateway must do before it may answer 200. It checks the signature, finds each event's page
 * and user, and has their object insert one row. It does not dedupe, validate, number, lease or deliver, and it has no
 * limits: it is a yardstick, not something to run. With BOT_URL it goes on to the least an exchange takes: a call of the
 * bot, a row for its answer, a call of the Send API, a row for its result.
 */

const LANES = 32;

export class Log extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, raw TEXT NOT NULL) STRICT",
    );
  }

  insert(raw) {
    this.ctx.storage.sql.exec("INSERT INTO event (raw) VALUES (?)", raw);
  }
}

let imported;

export default {
  async fetch(request, env, ctx) {
    const body = await request.arrayBuffer();
    imported ??= crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(env.META_APP_SECRET),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const signature = Uint8Array.fromHex(request.headers.get("x-hub-signature-256").slice("sha256=".length));
    if (!(await crypto.subtle.verify("HMAC", await imported, signature, body))) {
      return new Response("", { status: 401 });
    }

    const events = JSON.parse(new TextDecoder().decode(body)).entry.flatMap(({ id, messaging }) =>
      messaging.map((item) => ({ conversation: `${id}_${item.sender.id}`, raw: JSON.stringify(item) })),
    );
    let next = 0;
    const lane = async () => {
      for (let mine = next++; mine < events.length; mine = next++) {
        const { conversation, raw } = events[mine];
        await env.LOG.getByName(conversation).insert(raw);
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, events.length) }, lane));
    if (env.BOT_URL) ctx.waitUntil(Promise.all(events.map((event) => exchange(event, env))));
    return new Response("EVENT_RECEIVED");
  },
};

async function exchange({ conversation, raw }, env) {
  const log = env.LOG.getByName(conversation);
  const answer = await post(env.BOT_URL, `{"data":{"events":[{"raw":${raw}}]}}`);
  await log.insert(answer);
  const [, user] = conversation.split("_");
  const { messages = [] } = answer === "" ? {} : JSON.parse(answer);
  for (const message of messages) {
    const body = JSON.stringify({ recipient: { id: user }, message });
    await log.insert(await post(`${env.GRAPH_URL}/v25.0/me/messages`, body));
  }
}

async function post(url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body });
  return response.text();
}
